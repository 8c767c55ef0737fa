import { createHash } from 'node:crypto';

/** Draws that follow from a seed alone. */
export interface SeededRandom {
  /** Gives a number from 0 up to 1. */
  fraction(): number;
  /** Gives a whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** Tells true with this probability. */
  chance(probability: number): boolean;
  /** Gives one of these; throws where there is none. */
  pick<Item>(items: readonly Item[]): Item;
  /** Gives the draws of a name: they are the same however much was drawn elsewhere. */
  fork(name: string): SeededRandom;
}

const STEPS = 2 ** 32;

/** Creates the draws of a seed; each name below it has draws of its own, so that what is drawn here moves nothing there. */
export function createSeededRandom(seed: string): SeededRandom {
  let state = createHash('sha256').update(seed).digest().readUInt32BE(0);
  /** mulberry32: small, quick and even enough to choose faults by. */
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / STEPS;
  };
  const between = (low: number, high: number): number => low + Math.floor(fraction() * (high - low + 1));
  return {
    fraction,
    between,
    chance: (probability) => fraction() < probability,
    pick(items) {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new RangeError('there is nothing to pick from');
      return item;
    },
    fork: (name) => createSeededRandom(`${seed}/${name}`),
  };
}
