/** Runs `work` unless work under the same key is under way, in which case its outcome is shared. */
type SingleFlight<Value> = (key: string, work: () => Promise<Value>) => Promise<Value>;

/** Creates a {@link SingleFlight} with nothing under way. */
export function createSingleFlight<Value>(): SingleFlight<Value> {
  const underWay = new Map<string, Promise<Value>>();
  return (key, work) => {
    const running = underWay.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  };
}
