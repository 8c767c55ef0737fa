import type { Cancellable } from './virtual-time.ts';

interface QueuedEvent {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** What is to happen, the earliest first; of one instant what was added first. */
export interface EventQueue {
  add(atMs: number, run: () => void): Cancellable;
  nextAtMs(): number | null;
  take(): { readonly atMs: number; readonly run: () => void } | null;
}

/** Creates an empty queue: a binary heap, as thousands of retries wait in it at once. */
export function createEventQueue(): EventQueue {
  const heap: QueuedEvent[] = [];
  let added = 0;
  const peek = (): QueuedEvent | null => {
    for (let first = heap[0]; first !== undefined; first = heap[0]) {
      if (!first.cancelled) return first;
      removeFirst(heap);
    }
    return null;
  };
  return {
    add(atMs, run) {
      const event: QueuedEvent = { atMs, order: added++, run, cancelled: false };
      heap.push(event);
      rise(heap, heap.length - 1);
      return { cancel: () => void (event.cancelled = true) };
    },
    nextAtMs: () => peek()?.atMs ?? null,
    take() {
      const first = peek();
      if (first !== null) removeFirst(heap);
      return first;
    },
  };
}

function isBefore(a: QueuedEvent | undefined, b: QueuedEvent | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swap(heap: QueuedEvent[], a: number, b: number): void {
  const [left, right] = [heap[a], heap[b]];
  if (left === undefined || right === undefined) return;
  heap[a] = right;
  heap[b] = left;
}

function rise(heap: QueuedEvent[], from: number): void {
  for (let at = from; at > 0; ) {
    const parent = (at - 1) >> 1;
    if (!isBefore(heap[at], heap[parent])) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function removeFirst(heap: QueuedEvent[]): void {
  swap(heap, 0, heap.length - 1);
  heap.pop();
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    const child = isBefore(heap[right], heap[left]) ? right : left;
    if (!isBefore(heap[child], heap[at])) return;
    swap(heap, at, child);
    at = child;
  }
}
