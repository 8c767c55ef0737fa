import type { Clock } from '../../domain/ports.ts';

/** Remembers values for a time each; the oldest written goes when it is full. */
interface ExpiringCache<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value, ttlMs: number): void;
  delete(key: Key): void;
}

/**
 * Creates an empty cache of at most `maxEntries`; a value is gone at the very instant at which its time is over, and when
 * the clock is set back behind the instant at which it was written.
 */
export function createExpiringCache<Key, Value>({ clock, maxEntries }: { clock: Clock; maxEntries: number }): ExpiringCache<Key, Value> {
  const entries = new Map<Key, { readonly value: Value; readonly setAtMs: number; readonly ttlMs: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const ageMs = clock.now().getTime() - entry.setAtMs;
      if (ageMs >= 0 && ageMs < entry.ttlMs) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, ttlMs) {
      entries.delete(key);
      entries.set(key, { value, setAtMs: clock.now().getTime(), ttlMs });
      const oldest = entries.keys().next();
      if (entries.size > maxEntries && oldest.done !== true) entries.delete(oldest.value);
    },
    delete: (key) => void entries.delete(key),
  };
}
