import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BenchmarkContext, BenchmarkOutcome } from '../benchmark.ts';
import type { RunPlace } from './machine.ts';

const RESULTS = resolve(import.meta.dirname, '../results');

/** Everything that is kept of a run. */
interface KeptResult {
  readonly name: string;
  readonly startedAt: Date;
  readonly place: RunPlace;
  readonly context: BenchmarkContext;
  readonly outcome: BenchmarkOutcome;
}

/** Writes `bench/results/<name>.json` and gives its path; a failed run is kept too, with its faults. */
export async function writeResult({ name, startedAt, place, context, outcome }: KeptResult): Promise<string> {
  const { quick, profile, settings, workload } = context;
  const { figures, faults } = outcome;
  const file = join(RESULTS, `${name}.json`);
  const kept = { name, startedAt: startedAt.toISOString(), ...place, quick, profile, settings, workload, faults, figures };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(file, `${JSON.stringify(kept, null, 2)}\n`);
  return file;
}
