import type { Clock } from './ports.ts';

export interface RateLimit {
  /** Takes one token of `key`; null when there was one, else the seconds until there is (at least 1). */
  take(key: string): number | null;
  /** Puts one token of `key` back. */
  giveBack(key: string): void;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Creates token buckets of `burst` tokens, refilled at `perSecond`, one for each key. Memory is bounded: beyond
 * `maxKeys` the buckets that have been idle longest are forgotten.
 * @see docs/protocol.md [API-10]
 */
export function createRateLimit(options: { perSecond: number; burst: number; clock: Clock; maxKeys?: number }): RateLimit {
  const { perSecond, burst, clock, maxKeys = 50_000 } = options;
  const buckets = new Map<string, Bucket>();
  return {
    take(key) {
      const now = clock.now().getTime();
      const bucket = buckets.get(key) ?? { tokens: burst, at: now };
      const elapsedSeconds = Math.max(0, now - bucket.at) / 1000;
      bucket.tokens = Math.min(burst, bucket.tokens + elapsedSeconds * perSecond);
      bucket.at = now;
      // Re-inserting keeps the map in order of last use.
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > maxKeys) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
      bucket.tokens -= 1;
      return null;
    },
    giveBack(key) {
      const bucket = buckets.get(key);
      if (bucket !== undefined) bucket.tokens = Math.min(burst, bucket.tokens + 1);
    },
  };
}
