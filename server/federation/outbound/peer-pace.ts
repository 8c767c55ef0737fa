import type { Domain } from '../../../protocol/ids.ts';
import type { Timers } from './timers.ts';

/** Remembers, in this process, which domains answer quickly and which keep it waiting. */
export interface PeerPace {
  /** Tells whether the last exchange with a domain took no more than 5 s; false for one that is not known. */
  isQuick(domain: Domain): boolean;
  /** Tells whether the last exchange took longer, or the one under way already has. */
  isSlow(domain: Domain): boolean;
  /** Gives the domains of either kind. */
  known(): { readonly quick: readonly Domain[]; readonly slow: readonly Domain[] };
  /** Makes an exchange with a domain and notes how long it takes, not only when it is over. */
  time<Result>(domain: Domain, exchange: () => Promise<Result>): Promise<Result>;
}

const SLOW_MS = 5_000;
const MAX_KNOWN = 2_048;

/**
 * Creates a memory that knows nothing yet; `onSlow` is told when an exchange under way turns out to be slow. Beyond
 * 2 048 domains the one met longest ago is forgotten.
 * @see docs/protocol.md [DEL-4]
 */
export function createPeerPace({ timers, onSlow }: { readonly timers: Timers; readonly onSlow: () => void }): PeerPace {
  const paces = new Map<Domain, 'quick' | 'slow'>();
  function note(domain: Domain, pace: 'quick' | 'slow'): void {
    // Re-inserting keeps the map in order of last use.
    paces.delete(domain);
    paces.set(domain, pace);
    const oldest = paces.keys().next();
    if (paces.size > MAX_KNOWN && oldest.done !== true) paces.delete(oldest.value);
  }
  const allOf = (pace: 'quick' | 'slow'): readonly Domain[] => [...paces].filter(([, each]) => each === pace).map(([domain]) => domain);
  return {
    isQuick: (domain) => paces.get(domain) === 'quick',
    isSlow: (domain) => paces.get(domain) === 'slow',
    known: () => ({ quick: allOf('quick'), slow: allOf('slow') }),
    async time(domain, exchange) {
      let isSlow = false;
      const timer = timers.after(SLOW_MS, () => {
        isSlow = true;
        note(domain, 'slow');
        onSlow();
      });
      try {
        return await exchange();
      } finally {
        timer.cancel();
        if (!isSlow) note(domain, 'quick');
      }
    },
  };
}
