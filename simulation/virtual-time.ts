import { setImmediate as nextTurn, setTimeout as realDelay } from 'node:timers/promises';
import { createEventQueue } from './event-queue.ts';

/** Something that can be taken back. */
export interface Cancellable {
  cancel(): void;
}

/** Time that passes as fast as the work allows. */
export interface VirtualTime {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Runs something once after `delayMs` of virtual time. */
  after(delayMs: number, run: () => void): Cancellable;
  /** Waits for virtual time. */
  sleep(delayMs: number): Promise<void>;
  /** Says that real work begins, which the time waits for; what is given ends it, once. */
  begin(): () => void;
  /** Lets the time pass until `isOver`, checked at every instant; false where `limitMs` of virtual time were not enough. */
  runUntil(isOver: () => boolean, limitMs: number): Promise<boolean>;
}

/** How much faster than real time virtual time may pass while work is under way. */
const SPEED_UNDER_WORK = 10;
/** By how much it may run ahead of that, so that work of neighbouring instants overlaps. */
const SLACK_MS = 100;
const MOST_REAL_WAIT_MS = 50;

/** Creates a time that stands at `startMs` until it is run. */
export function createVirtualTime(startMs: number): VirtualTime {
  const queue = createEventQueue();
  let nowMs = startMs;
  let underWay = 0;
  let anchor = { virtualMs: startMs, realMs: performance.now() };
  let idle = Promise.withResolvers<void>();

  const after: VirtualTime['after'] = (delayMs, run) => queue.add(nowMs + Math.max(0, Math.ceil(delayMs)), run);
  const begin: VirtualTime['begin'] = () => {
    let ended = false;
    underWay += 1;
    return () => {
      if (ended) return;
      ended = true;
      underWay -= 1;
      if (underWay > 0) return;
      idle.resolve();
      idle = Promise.withResolvers();
    };
  };
  /** Waits until nothing is under way, or until the work has had its share of real time. */
  const settle = async (nextMs: number): Promise<void> => {
    await nextTurn();
    for (;;) {
      if (underWay === 0) break;
      const allowedMs = anchor.virtualMs + (performance.now() - anchor.realMs) * SPEED_UNDER_WORK + SLACK_MS;
      if (nextMs <= allowedMs) return;
      await Promise.race([idle.promise, realDelay(Math.min(MOST_REAL_WAIT_MS, (nextMs - allowedMs) / SPEED_UNDER_WORK))]);
      // What goes on after the work begins its next step in this turn.
      await nextTurn();
    }
    anchor = { virtualMs: nextMs, realMs: performance.now() };
  };

  return {
    nowMs: () => nowMs,
    after,
    sleep: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)),
    begin,
    async runUntil(isOver, limitMs) {
      const endMs = nowMs + limitMs;
      // Something always comes, so that the limit is reached.
      const limit = queue.add(endMs, () => {});
      while (!isOver() && nowMs < endMs) {
        await settle(queue.nextAtMs() ?? endMs);
        if (isOver()) break;
        const next = queue.take();
        if (next === null) break;
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      limit.cancel();
      return isOver();
    },
  };
}
