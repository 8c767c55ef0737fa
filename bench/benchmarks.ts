import type { Benchmark } from './benchmark.ts';
import { drain } from './cases/drain.ts';
import { inbound } from './cases/inbound.ts';
import { latency } from './cases/latency.ts';
import { memory } from './cases/memory.ts';
import { pair } from './cases/pair.ts';
import { scale } from './cases/scale.ts';
import { throughput } from './cases/throughput.ts';

/** Every benchmark, in the order in which all are run. */
export const BENCHMARKS: readonly Benchmark[] = [latency, throughput, pair, drain, inbound, scale, memory];
