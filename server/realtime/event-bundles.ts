import type { WireEvent } from '../domain/wire-event.ts';

/** Collects events by who gets them. */
interface EventBundles {
  /** Adds one for these rooms; it leaves before the process waits for anything again. */
  add(rooms: readonly string[], event: WireEvent): void;
}

interface Bundle {
  readonly rooms: readonly string[];
  readonly events: WireEvent[];
}

/** A frame stays of a size that a browser takes in one go. */
const MAX_EVENTS = 100;

/**
 * Creates the collection: what comes in one turn of the event loop for the same rooms is sent as one frame, in order. A
 * batch of a hundred messages is stored by one commit, and would otherwise be a hundred frames, each a call of the system.
 */
export function createBundles(send: (rooms: readonly string[], events: readonly WireEvent[]) => void): EventBundles {
  let bundles = new Map<string, Bundle>();
  function flush(): void {
    const ready = bundles;
    bundles = new Map();
    for (const { rooms, events } of ready.values()) {
      for (let at = 0; at < events.length; at += MAX_EVENTS) send(rooms, events.slice(at, at + MAX_EVENTS));
    }
  }
  return {
    add(rooms, event) {
      const key = rooms.join(' ');
      const bundle = bundles.get(key);
      if (bundle !== undefined) return void bundle.events.push(event);
      if (bundles.size === 0) setImmediate(flush);
      bundles.set(key, { rooms, events: [event] });
    },
  };
}
