import type { Benchmark } from '../benchmark.ts';
import { runMeasuredFlow } from './measured-flow.ts';

/** Measures the same between two people alone. */
export const pair: Benchmark = {
  name: 'pair',
  summary: 'one sender to one receiver on another domain, 20 000 messages of 1 KiB',
  run: (context) => runMeasuredFlow(context, { pairs: 1, count: 20_000 }),
};
