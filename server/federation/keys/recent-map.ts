/** A map that forgets what was not used for longest. `undefined` means absent. */
interface RecentMap<Key, Value extends object> {
  /** Finds an entry and counts as a use of it. */
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

/** Creates a map of at most `maxEntries`, so that what strangers name cannot fill the memory. */
export function createRecentMap<Key, Value extends object>(maxEntries: number): RecentMap<Key, Value> {
  // A Map iterates in order of insertion: the first key is the one whose last use is oldest.
  const entries = new Map<Key, Value>();

  function set(key: Key, value: Value): void {
    entries.delete(key);
    entries.set(key, value);
    if (entries.size <= maxEntries) return;
    for (const oldest of entries.keys()) {
      entries.delete(oldest);
      return;
    }
  }

  return {
    get(key) {
      const value = entries.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
    delete(key) {
      entries.delete(key);
    },
  };
}
