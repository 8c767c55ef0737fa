import type { Clock } from '../../../domain/ports.ts';
import type { Timers } from '../timers.ts';

/** A clock and timers that move only when told to. */
interface FakeTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Moves on, running what falls due in order and letting what it set off finish. */
  advance(ms: number): Promise<void>;
  /** Puts the clock ahead, or back where negative; timers know nothing of it. */
  setClock(byMs: number): void;
  /** Lets everything under way finish that waits for no time. */
  settle(): Promise<void>;
}

interface Pending {
  readonly atMs: number;
  readonly run: () => void;
}

const TURNS = 20;

/** Creates a time that stands at `startMs`. */
export function createFakeTime(startMs = Date.UTC(2026, 4, 1)): FakeTime {
  let nowMs = startMs;
  let offMs = 0;
  const pending = new Set<Pending>();
  async function settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    clock: { now: () => new Date(nowMs + offMs) },
    timers: {
      after(delayMs, run) {
        const entry = { atMs: nowMs + delayMs, run };
        pending.add(entry);
        return { cancel: () => void pending.delete(entry) };
      },
    },
    setClock: (byMs) => void (offMs += byMs),
    settle,
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const [next] = [...pending].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        pending.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
        await settle();
      }
      nowMs = endMs;
    },
  };
}
