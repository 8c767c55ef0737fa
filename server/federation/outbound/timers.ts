/** Runs something once after a while; `cancel` takes it back. */
export interface Timers {
  after(delayMs: number, run: () => void): { cancel(): void };
}

/** Is real time; a pending timer does not keep the process alive. */
export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
