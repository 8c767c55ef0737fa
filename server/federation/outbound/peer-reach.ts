import type { Domain } from '../../../protocol/ids.ts';
import type { Clock, Peer, PeerStore } from '../../domain/ports.ts';
import { createExpiringCache } from '../discovery/expiring-cache.ts';

/** Knows whether it is worth sending a peer what is not kept if it does not arrive. */
export interface PeerReach {
  /** Tells whether neither the queue of a domain is held nor its circuit open; of what is seldom asked it may be 5 s old. */
  mayReach(domain: Domain): Promise<boolean>;
  /** Says that this may have changed. */
  forget(domain: Domain): void;
}

const KNOWN_MS = 5_000;
const MAX_KNOWN = 10_000;

/** Creates what looks at the stored state of peers, and keeps what it found for 5 s. @see docs/protocol.md [DEL-4] [API-8] */
export function createPeerReach({ peers, clock }: { readonly peers: Pick<PeerStore, 'find'>; readonly clock: Clock }): PeerReach {
  const known = createExpiringCache<Domain, boolean>({ clock, maxEntries: MAX_KNOWN });
  return {
    async mayReach(domain) {
      const remembered = known.get(domain);
      if (remembered !== undefined) return remembered;
      const found = isOpenTo(await peers.find(domain), clock.now());
      known.set(domain, found, KNOWN_MS);
      return found;
    },
    forget: (domain) => known.delete(domain),
  };
}

function isOpenTo(peer: Peer | null, now: Date): boolean {
  if (peer === null) return true;
  return peer.circuitOpenedAt === null && (peer.nextAttemptAt === null || peer.nextAttemptAt <= now);
}
