import type { Workload } from './load/workload.ts';

/** How a run is wanted, and where its progress is told. */
export interface BenchmarkContext {
  /** A tenth of the counts. */
  readonly quick: boolean;
  /** Takes CPU profiles of the servers beside the figures; slows what is measured a little. */
  readonly profile: boolean;
  /** Settings of every server that differ from how the product ships. */
  readonly settings: Readonly<Record<string, string>>;
  readonly workload: Workload;
  readonly log: (line: string) => void;
  /** Interrupts the run. */
  readonly signal: AbortSignal;
}

/** A value of a result: plain data, so that it can be written as JSON. */
export type Figure = number | string | boolean | null | readonly Figure[] | { readonly [name: string]: Figure };

/** What a run found. */
export interface BenchmarkOutcome {
  readonly figures: Readonly<Record<string, Figure>>;
  /** What was lost, doubled or put out of order, in words; a run with any has failed. */
  readonly faults: readonly string[];
  /** The `version()` of the PostgreSQL that it ran on. */
  readonly postgres: string;
}

/** One benchmark by the name that the command line knows. */
export interface Benchmark {
  readonly name: string;
  readonly summary: string;
  run(context: BenchmarkContext): Promise<BenchmarkOutcome>;
}

/** Gives the count of a run: all of them, or a tenth where it shall be quick. */
export function scaled(count: number, { quick }: Pick<BenchmarkContext, 'quick'>): number {
  return quick ? Math.ceil(count / 10) : count;
}
