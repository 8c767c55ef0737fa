/** Draws numbers that a seed determines. */
export interface Random {
  /** Gives an integer from 0 to `limit` − 1. */
  below(limit: number): number;
  /** Says yes once in so many times. */
  once(inTimes: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** Creates a generator (mulberry32) from a seed of 32 bits; the name lets several draw apart under one seed. */
export function createRandom(seed: number, name = ''): Random {
  let state = [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193), seed | 0);

  function next(): number {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const below = (limit: number): number => next() % limit;
  return {
    below,
    once: (inTimes) => below(inTimes) === 0,
    pick(items) {
      const at = below(items.length);
      for (const item of items.slice(at, at + 1)) return item;
      throw new RangeError('There is nothing to pick from.');
    },
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 1) bytes[at] = next();
      return bytes;
    },
  };
}
