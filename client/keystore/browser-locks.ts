import { createMemoryLocks } from './locks.ts';
import type { Locks } from './locks.ts';

/**
 * Creates locks that hold across the tabs of one origin, by the Web Locks API where the browser has it; elsewhere they
 * hold within the tab. `scope` comes before every name.
 */
export function createBrowserLocks(scope: string): Locks {
  if (!('locks' in navigator)) return createMemoryLocks();
  return {
    async run(name, task) {
      return await navigator.locks.request(`${scope}:${name}`, task);
    },
  };
}
