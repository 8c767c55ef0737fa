import { setTimeout as delay } from 'node:timers/promises';

import { httpGet } from './http-get.ts';
import { PlaygroundError } from './playground-error.ts';

/** What is waited for, how long, and what may end the waiting. */
interface ReadyOptions {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called every five seconds while nothing is ready. */
  readonly onStillWaiting: (lastAnswer: string) => void;
}

const POLL_MS = 100;
const ATTEMPT_TIMEOUT_MS = 2_000;
const REMINDER_MS = 5_000;

/** Asks a readiness URL until it answers 200; throws `not_ready` when the time is over and the signal's reason when it ends. */
export async function waitUntilReady(options: ReadyOptions): Promise<void> {
  const startedMs = performance.now();
  let remindedMs = startedMs;
  for (;;) {
    options.signal.throwIfAborted();
    const answer = await askOnce(options.url);
    if (answer === 'ready') return;
    const nowMs = performance.now();
    if (nowMs - startedMs > options.timeoutMs) {
      throw new PlaygroundError('not_ready', `${options.name} was not ready after ${Math.round(options.timeoutMs / 1000)} s; ${answer}.`);
    }
    if (nowMs - remindedMs > REMINDER_MS) {
      remindedMs = nowMs;
      options.onStillWaiting(answer);
    }
    await delay(POLL_MS, undefined, { signal: options.signal });
  }
}

async function askOnce(url: string): Promise<string> {
  try {
    const { status, body } = await httpGet(url, ATTEMPT_TIMEOUT_MS);
    return status === 200 ? 'ready' : `its last answer was ${status} ${body.slice(0, 200)}`.trimEnd();
  } catch {
    return 'it does not answer yet';
  }
}
