import type { Domain } from '../../../protocol/ids.ts';
import type { Clock } from '../../domain/ports.ts';
import { createSrvCache } from './srv-cache.ts';
import type { DnsClient } from './dns-client.ts';
import type { SrvRecord } from './dns-message.ts';
import { isHostName } from './host-name.ts';
import { HTTPS_PORT } from './peer-connector.ts';
import type { PeerEndpoint } from './peer-connector.ts';
import { MAX_TARGETS, selectSrvTargets } from './srv-selection.ts';

/** Why it is not known where a peer lives; `no_such_domain` is a certain answer of DNS, the others are passing. */
type ResolveFailure = 'no_such_domain' | 'dns_failure' | 'key_document_unavailable';

/** Where a peer lives, in the order in which to try; or that it takes no part; or why that is not known. */
export type PeerResolution =
  | { readonly kind: 'targets'; readonly targets: readonly PeerEndpoint[] }
  | { readonly kind: 'no_federation' }
  | { readonly kind: 'failure'; readonly reason: ResolveFailure; readonly detail: string };

/** Finds where peers live. */
export interface PeerResolver {
  resolve(domain: Domain): Promise<PeerResolution>;
  /** Forgets what DNS said of a domain, so that the next call asks again. */
  forget(domain: Domain): void;
}

/** The `host:port` texts of a domain's key document; `absent` when it has none (404, 410), `unavailable` when unknown. */
export type FindEndpoints = (domain: Domain) => Promise<readonly string[] | 'absent' | 'unavailable'>;

/** What {@link createPeerResolver} needs; `random` gives numbers from 0 up to 1. */
export interface PeerResolverOptions {
  readonly dns: DnsClient;
  readonly staticPeers: ReadonlyMap<Domain, { readonly host: string; readonly port: number }>;
  readonly findEndpoints: FindEndpoints;
  readonly random: () => number;
  readonly clock: Clock;
}

const MAX_PORT = 65_535;

/**
 * Creates the resolver: a static entry, else SRV and nothing else where it answers, else the endpoints of the key
 * document, else the domain itself. The name to check is the target's only where the key document lists it.
 * @see docs/protocol.md [DISC-1] [DISC-2] [DISC-4]
 */
export function createPeerResolver(options: PeerResolverOptions): PeerResolver {
  const srv = createSrvCache(options);
  return {
    async resolve(domain) {
      const fixed = options.staticPeers.get(domain);
      if (fixed !== undefined) return { kind: 'targets', targets: [{ ...fixed, serverName: domain }] };
      const answer = await srv.find(domain);
      switch (answer.kind) {
        case 'records':
          return resolveBySrv(options, domain, answer.records);
        case 'nxdomain':
        case 'nodata':
          return resolveByKeyDocument(options, domain);
        case 'failure':
          return { kind: 'failure', reason: 'dns_failure', detail: answer.reason };
      }
    },
    forget: (domain) => srv.forget(domain),
  };
}

async function resolveBySrv({ random, findEndpoints }: PeerResolverOptions, domain: Domain, records: readonly SrvRecord[]): Promise<PeerResolution> {
  const selection = selectSrvTargets(records, random);
  if (selection.kind === 'no_federation') return selection;
  const places = selection.records;
  if (places.length === 0) return { kind: 'failure', reason: 'dns_failure', detail: 'no usable SRV target' };
  // A target that is the domain has one name either way: no key document is needed to tell which to check.
  const listed = places.every(({ target }) => target === domain) ? [] : await findEndpoints(domain);
  const names = new Set(typeof listed === 'string' ? [] : listed.map((endpoint) => endpoint.toLowerCase()));
  const isListed = ({ target, port }: SrvRecord): boolean => names.has(`${target}:${port}`);
  return {
    kind: 'targets',
    targets: places.map((record) => ({ host: record.target, port: record.port, serverName: isListed(record) ? record.target : domain })),
  };
}

async function resolveByKeyDocument({ dns, findEndpoints }: PeerResolverOptions, domain: Domain): Promise<PeerResolution> {
  const listed = await findEndpoints(domain);
  if (listed === 'unavailable') {
    const address = await dns.query(domain, 'A');
    return address.kind === 'nxdomain'
      ? { kind: 'failure', reason: 'no_such_domain', detail: 'nxdomain' }
      : { kind: 'failure', reason: 'key_document_unavailable', detail: 'key document' };
  }
  if (listed === 'absent' || listed.length === 0) return { kind: 'targets', targets: [{ host: domain, port: HTTPS_PORT, serverName: domain }] };
  const endpoints = listed.flatMap(parseEndpoint);
  // A document that lists places has spoken: the domain itself is none of them.
  if (endpoints.length === 0) return { kind: 'failure', reason: 'dns_failure', detail: 'no usable endpoint' };
  return { kind: 'targets', targets: endpoints.slice(0, MAX_TARGETS) };
}

function parseEndpoint(text: string): readonly PeerEndpoint[] {
  const [, host, digits] = /^(.+):([1-9][0-9]{0,4})$/.exec(text.toLowerCase()) ?? [];
  const port = Number(digits);
  return host !== undefined && isHostName(host) && port <= MAX_PORT ? [{ host, port, serverName: host }] : [];
}
