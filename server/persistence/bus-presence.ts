/** Which other processes listen, as far as they were heard of lately. */
interface BusPresence {
  /** Notes a sign of life; true when that process was not known to listen. */
  hear(processId: string): boolean;
  leave(processId: string): void;
  /** Forgets who was silent for too long; true when that was anybody. */
  forgetSilent(): boolean;
  isEmpty(): boolean;
  clear(): void;
}

/** Creates an empty presence; `now` in milliseconds. */
export function createBusPresence(options: { readonly now: () => number; readonly forgetMs: number }): BusPresence {
  const heardAt = new Map<string, number>();
  return {
    hear(processId) {
      const isNew = !heardAt.has(processId);
      heardAt.set(processId, options.now());
      return isNew;
    },
    leave: (processId) => void heardAt.delete(processId),
    forgetSilent() {
      const silent = [...heardAt].filter(([, at]) => options.now() - at > options.forgetMs);
      for (const [processId] of silent) heardAt.delete(processId);
      return silent.length > 0;
    },
    isEmpty: () => heardAt.size === 0,
    clear: () => heardAt.clear(),
  };
}
