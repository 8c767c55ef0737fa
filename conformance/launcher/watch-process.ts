import { readFile } from 'node:fs/promises';

import { followSignal } from './follow-signal.ts';
import type { ProcessExit } from './managed-process.ts';
import { PlaygroundError } from './playground-error.ts';

/** A process that is starting, its log, and what interrupts the start. */
interface Watch {
  readonly name: string;
  readonly logFile: string;
  readonly exited: Promise<ProcessExit>;
  readonly signal: AbortSignal;
}

const LOG_TAIL_LINES = 30;

/** Waits for a step of a process; its end is the end of the waiting: `exited`, with the last lines of its log. */
export async function whileRunning<T>(watch: Watch, step: (aborted: AbortSignal) => Promise<T>): Promise<T> {
  const waiting = followSignal(watch.signal);
  const died = watch.exited.then(async (exit) => {
    throw new PlaygroundError('exited', `${watch.name} ended while it was starting (${describeExit(exit)}).\n${await readTail(watch.logFile)}`);
  });
  try {
    return await Promise.race([step(waiting.signal), died]);
  } finally {
    waiting.unfollow();
    waiting.abort(new PlaygroundError('interrupted', 'nobody waits any more'));
  }
}

/** Waits for an address that a process gives, not for ever: `not_ready`. */
export async function withTimeout<T>(wanted: Promise<T>, limits: { name: string; timeoutMs: number; aborted: AbortSignal }): Promise<T> {
  limits.aborted.throwIfAborted();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new PlaygroundError('not_ready', `${limits.name} gave no address within ${Math.round(limits.timeoutMs / 1000)} s.`));
  }, limits.timeoutMs);
  limits.aborted.addEventListener('abort', () => late.reject(limits.aborted.reason), { once: true });
  try {
    return await Promise.race([wanted, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function readTail(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n');
  return [`The last lines of ${logFile}:`, ...lines.slice(-LOG_TAIL_LINES)].join('\n');
}

/** Says how a process ended. */
export function describeExit(exit: ProcessExit): string {
  return exit.signal === null ? `exit code ${exit.code}` : exit.signal;
}
