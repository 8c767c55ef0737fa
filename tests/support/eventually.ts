import { vi } from 'vitest';

const INTERVAL_MS = 50;
const TIMEOUT_MS = 20_000;

/** Asks again and again until `check` no longer throws, and gives what it gave; after `timeoutMs` its last error is thrown. */
export function eventually<Result>(check: () => Result | Promise<Result>, timeoutMs = TIMEOUT_MS): Promise<Result> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: INTERVAL_MS });
}
