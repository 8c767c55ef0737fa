/** Tells the time and runs things later; the only way the client learns of time. */
export interface ClientClock {
  now(): Date;
  /** Runs once after `delayMs` unless the answer is called before. */
  schedule(run: () => void, delayMs: number): () => void;
}

/** Creates the clock of the machine. */
export function createSystemClock(): ClientClock {
  return {
    now: () => new Date(),
    schedule(run, delayMs) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
