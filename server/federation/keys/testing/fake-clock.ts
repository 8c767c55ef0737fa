/** When a fake clock starts. */
export const START = new Date('2030-01-02T03:04:05.600Z');

/** A clock that stands still until it is told otherwise. */
export function createFakeClock(): { now(): Date; advance(seconds: number): void } {
  let nowMs = START.getTime();
  return {
    now: () => new Date(nowMs),
    advance: (seconds) => {
      nowMs += seconds * 1_000;
    },
  };
}
