import type { WireEvent } from '../domain/wire-event.ts';

const MAX_EVENTS = 500;
const MAX_AGE_MS = 60_000;

/** An event with its number in a ring. */
interface NumberedEvent {
  readonly number: number;
  readonly event: WireEvent;
}

/** The latest events of one user, so that a stream may go on where another ended. */
export interface EventRing {
  push(event: WireEvent): void;
  /** What came after an event, null where some of that is gone. */
  after(number: number): readonly NumberedEvent[] | null;
  /** The number of the latest event, 0 before the first. */
  last(): number;
  /** Names an event for whoever may come back for what follows it; opaque to them. */
  cursorOf(number: number): string;
  /** The number that a cursor names, null where everything after it cannot be told any more. */
  resume(cursor: string): number | null;
}

/** Creates an empty ring of at most 500 events of the last 60 s; `id` must be of this ring alone, `now` in milliseconds. */
export function createEventRing(id: string, now: () => number): EventRing {
  const kept: (NumberedEvent & { readonly at: number })[] = [];
  let last = 0;

  function prune(): void {
    const oldest = now() - MAX_AGE_MS;
    let gone = Math.max(0, kept.length - MAX_EVENTS);
    while ((kept[gone]?.at ?? Infinity) < oldest) gone += 1;
    kept.splice(0, gone);
  }

  function after(number: number): readonly NumberedEvent[] | null {
    prune();
    const first = kept[0]?.number ?? last + 1;
    return number + 1 < first ? null : kept.slice(number + 1 - first);
  }

  const cursorOf = (number: number): string => `${id}.${number}`;

  return {
    push(event) {
      last += 1;
      kept.push({ number: last, event, at: now() });
      prune();
    },
    after,
    last: () => last,
    cursorOf,
    resume(cursor) {
      const number = Number(cursor.slice(cursor.lastIndexOf('.') + 1));
      const isOfThisRing = cursor === cursorOf(number) && Number.isInteger(number) && number >= 0 && number <= last;
      return isOfThisRing && after(number) !== null ? number : null;
    },
  };
}
