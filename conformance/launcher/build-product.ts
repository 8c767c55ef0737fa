import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { inheritedEnvironment } from './instance-environment.ts';
import { startProcess } from './managed-process.ts';
import type { Command } from './managed-process.ts';
import { PlaygroundError } from './playground-error.ts';

/** Where the build runs, what interrupts it and where it is announced. */
interface BuildOptions {
  readonly workingDirectory: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

const BUILD_SCRIPT = 'scripts/build.ts';
const STOP_TIMEOUT_MS = 5_000;

/**
 * Runs the project's build, which does nothing where its result is up to date; its output is shown as it comes.
 * `undefined` runs the script of the project if there is one, `null` nothing. Throws `build_failed`.
 */
export async function buildProduct(command: Command | null | undefined, options: BuildOptions): Promise<void> {
  const script: Command | null = existsSync(join(options.workingDirectory, BUILD_SCRIPT)) ? [process.execPath, BUILD_SCRIPT] : null;
  const chosen = command === undefined ? script : command;
  if (chosen === null) return;
  options.signal.throwIfAborted();
  options.log('building what is not up to date (the first time this takes a minute or two) …');
  const build = await startProcess({
    command: chosen,
    directory: options.workingDirectory,
    environment: inheritedEnvironment(process.env),
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  const interrupt = (): void => void build.end();
  options.signal.addEventListener('abort', interrupt, { once: true });
  const exit = await build.exited;
  options.signal.removeEventListener('abort', interrupt);
  options.signal.throwIfAborted();
  if (exit.code !== 0) throw new PlaygroundError('build_failed', `the build failed (${exit.signal ?? `exit code ${exit.code}`})`);
}
