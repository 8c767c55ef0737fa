/** Runs tasks of one name one after the other, wherever on this device they were started. */
export interface Locks {
  run<Result>(name: string, task: () => Promise<Result>): Promise<Result>;
}

/** Creates locks that hold within this process: a queue per name, gone when it is empty. */
export function createMemoryLocks(): Locks {
  const tails = new Map<string, Promise<void>>();
  return {
    run(name, task) {
      const result = (tails.get(name) ?? Promise.resolve()).then(task);
      // A failed task is its caller's concern; the next one runs all the same.
      const tail = result.then(ignore, ignore).then(() => {
        if (tails.get(name) === tail) tails.delete(name);
      });
      tails.set(name, tail);
      return result;
    },
  };
}

function ignore(): void {}
