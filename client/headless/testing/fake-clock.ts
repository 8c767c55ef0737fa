import type { ClientClock } from '../clock.ts';

/** A clock that stands still until it is told. */
export interface FakeClock extends ClientClock {
  /** Moves the time on and runs what became due, in order. */
  advance(ms: number): void;
  /** How many things wait to be run. */
  scheduled(): number;
}

/** Creates a clock that shows `start`. */
export function createFakeClock(start: Date): FakeClock {
  let nowMs = start.getTime();
  const entries = new Set<{ readonly dueMs: number; readonly run: () => void }>();
  return {
    now: () => new Date(nowMs),
    schedule(run, delayMs) {
      const entry = { dueMs: nowMs + delayMs, run };
      entries.add(entry);
      return () => entries.delete(entry);
    },
    advance(ms) {
      nowMs += ms;
      const due = [...entries].filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
      for (const entry of due) {
        entries.delete(entry);
        entry.run();
      }
    },
    scheduled: () => entries.size,
  };
}
