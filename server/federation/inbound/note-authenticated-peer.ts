import type { Domain } from '../../../protocol/ids.ts';
import type { Clock, DeliveryWaker, PeerStore } from '../../domain/ports.ts';
import type { PeerKeys } from '../keys/peer-keys.ts';
import { createRecentMap } from '../keys/recent-map.ts';

const NOTE_INTERVAL_MS = 5_000;
const MAX_REMEMBERED_DOMAINS = 10_000;

interface NoteAuthenticatedPeerOptions {
  readonly peers: PeerStore;
  readonly peerKeys: PeerKeys;
  readonly waker: DeliveryWaker;
  readonly clock: Clock;
}

/**
 * Creates what follows an authenticated request, at most once per domain in 5 s: the key document that proved it is
 * stored, the peer counts as alive, and what waits for it is sent.
 * @see docs/protocol.md [SIG-10] [DEL-4] [API-9]
 */
export function createNoteAuthenticatedPeer(options: NoteAuthenticatedPeerOptions): (domain: Domain) => Promise<void> {
  const { peers, peerKeys, waker, clock } = options;
  const lastNotes = createRecentMap<Domain, { readonly atMs: number }>(MAX_REMEMBERED_DOMAINS);
  return async (domain) => {
    const now = clock.now();
    const last = lastNotes.get(domain);
    if (last !== undefined && now.getTime() - last.atMs < NOTE_INTERVAL_MS) return;
    lastNotes.set(domain, { atMs: now.getTime() });
    await peerKeys.saveDocument(domain);
    await peers.recordInbound(domain, now);
    waker.wake([domain]);
  };
}
