import type { UserId } from '../protocol/ids.ts';

/** Where a device's message stands among all it sent to one conversation; `seq` counts from 1. @see docs/protocol.md [E2E-7] */
interface SequencePosition {
  readonly senderId: UserId;
  readonly device: string;
  readonly seq: number;
}

/** A run of sequence numbers, both ends included. */
type SequenceRange = readonly [from: number, to: number];

/** What has been seen of each device, by `<senderId> <device>`: plain JSON, to be kept with the conversation. */
export type SequenceState = {
  readonly [source: string]: { readonly first: number; readonly seen: readonly SequenceRange[] };
};

/** What a new position says: `replay` is dropped, `gap` is accepted like `accept` and shown, as `missing` have not come. */
type SequenceVerdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'replay' }
  | { readonly kind: 'gap'; readonly missing: readonly SequenceRange[] };

/** Follows the sequence numbers of one conversation. */
interface SequenceTracker {
  /** Records the position of a message that decrypted and whose message id is new to this client. */
  observe(position: SequencePosition): SequenceVerdict;
  /** Gives the runs of one device still missing after the first number seen. */
  missing(source: Pick<SequencePosition, 'senderId' | 'device'>): readonly SequenceRange[];
  /** Gives what to keep, and to create the next tracker with. */
  state(): SequenceState;
}

/**
 * Creates a tracker for one conversation, empty or from a kept state. Numbers below the first one seen are neither gap
 * nor replay: they come when the reader scrolls back.
 * @see docs/protocol.md [E2E-8]
 */
export function createSequenceTracker(kept: SequenceState = {}): SequenceTracker {
  const sources = new Map(Object.entries(kept));

  function missing({ senderId, device }: Pick<SequencePosition, 'senderId' | 'device'>): readonly SequenceRange[] {
    const source = sources.get(keyOf(senderId, device));
    return source === undefined ? [] : holesAfter(source.first, source.seen);
  }

  return {
    observe(position) {
      const { senderId, device, seq } = position;
      const key = keyOf(senderId, device);
      const { first, seen } = sources.get(key) ?? { first: seq, seen: [] };
      if (seen.some(([from, to]) => from <= seq && seq <= to)) return { kind: 'replay' };
      sources.set(key, { first, seen: withNumber(seen, seq) });
      const holes = missing(position);
      return holes.length === 0 ? { kind: 'accept' } : { kind: 'gap', missing: holes };
    },
    missing,
    state: () => Object.fromEntries(sources),
  };
}

function keyOf(senderId: UserId, device: string): string {
  return `${senderId} ${device}`;
}

/** Adds a number that is in no run, joining the runs it touches; runs stay sorted and apart. */
function withNumber(seen: readonly SequenceRange[], seq: number): readonly SequenceRange[] {
  const below = seen.filter(([, to]) => to < seq - 1);
  const above = seen.filter(([from]) => from > seq + 1);
  const touching = seen.slice(below.length, seen.length - above.length);
  const from = Math.min(seq, ...touching.map((range) => range[0]));
  const to = Math.max(seq, ...touching.map((range) => range[1]));
  return [...below, [from, to], ...above];
}

function holesAfter(first: number, seen: readonly SequenceRange[]): readonly SequenceRange[] {
  return seen
    .slice(1)
    .map(([from], index): SequenceRange => [(seen[index]?.[1] ?? 0) + 1, from - 1])
    .filter(([, to]) => to > first);
}
