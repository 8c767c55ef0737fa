import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { resolve } from 'node:path';
import { round } from '../statistics.ts';

/** Where and on what code a run was made. */
export interface RunPlace {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly os: string;
    readonly node: string;
    readonly postgres: string;
    /** Of the minute before the run: other work on the machine shows here. */
    readonly loadBefore: number;
  };
  /** The commit, with `+changes` where the working tree differed from it; null outside a repository. */
  readonly commit: string | null;
}

const PROJECT_ROOT = resolve(import.meta.dirname, '../..');

/** Describes the machine before a run; `describe` adds the database that was used. */
export function lookAtMachine(): { describe(postgres: string): RunPlace } {
  const loadBefore = round(loadavg()[0] ?? 0, 2);
  const commit = readCommit();
  return {
    describe: (postgres) => ({
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        memoryGiB: round(totalmem() / 2 ** 30, 1),
        os: `${type()} ${release()}`,
        node: process.version,
        postgres,
        loadBefore,
      },
      commit,
    }),
  };
}

function readCommit(): string | null {
  try {
    const git = (...words: string[]): string => execFileSync('git', words, { cwd: PROJECT_ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+changes'}`;
  } catch {
    return null;
  }
}
