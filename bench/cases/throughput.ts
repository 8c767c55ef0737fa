import type { Benchmark } from '../benchmark.ts';
import { runMeasuredFlow } from './measured-flow.ts';

/** Measures sustained throughput between two domains: 10 senders, 10 receivers, 20 000 messages. */
export const throughput: Benchmark = {
  name: 'throughput',
  summary: '10 senders to 10 receivers on another domain, 20 000 messages of 1 KiB',
  run: (context) => runMeasuredFlow(context, { pairs: 10, count: 20_000 }),
};
