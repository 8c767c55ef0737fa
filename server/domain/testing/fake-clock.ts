import type { Clock } from '../ports.ts';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  advance(ms: number): void;
}

/** Creates a clock that shows `start`. */
export function createFakeClock(start = new Date('2026-03-01T10:00:00.000Z')): FakeClock {
  let now = start.getTime();
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms;
    },
  };
}
