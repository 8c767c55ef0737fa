import type { Domain } from '../../../../protocol/ids.ts';
import type { Peer, PeerStore } from '../../../domain/ports.ts';

/** A peer store that remembers what was written to it. */
export function createFakePeers(): PeerStore & { readonly rows: Map<Domain, Peer>; readonly inbound: Domain[] } {
  const rows = new Map<Domain, Peer>();
  const inbound: Domain[] = [];
  const rowOf = (domain: Domain): Peer =>
    rows.get(domain) ?? {
      domain, policy: 'default', keyDocument: null, keyFetchedAt: null, keyFreshUntil: null, lastInboundAt: null,
      lastSuccessAt: null, lastFailureAt: null, lastFailureReason: null, consecutiveFailures: 0, circuitOpenedAt: null, nextAttemptAt: null,
    };
  return {
    rows,
    inbound,
    find: async (domain) => rows.get(domain) ?? null,
    list: async () => [...rows.values()],
    setPolicy: async (domain, policy) => void rows.set(domain, { ...rowOf(domain), policy }),
    saveKeyDocument: async (domain, { json, fetchedAt, freshUntil }) =>
      void rows.set(domain, { ...rowOf(domain), keyDocument: json, keyFetchedAt: fetchedAt, keyFreshUntil: freshUntil }),
    recordInbound: async (domain, now) => {
      rows.set(domain, { ...rowOf(domain), lastInboundAt: now });
      inbound.push(domain);
    },
    recordSuccess: async () => {},
    recordFailure: async () => {},
  };
}
