import type { Domain } from '../../../protocol/ids.ts';
import { srvName } from '../../../protocol/key-txt.ts';
import type { Clock } from '../../domain/ports.ts';
import type { DnsAnswer, DnsClient } from './dns-client.ts';
import { createExpiringCache } from './expiring-cache.ts';
import { createSingleFlight } from './single-flight.ts';

/** Finds the SRV records of a domain, from memory where they are still good. */
interface SrvCache {
  find(domain: Domain): Promise<DnsAnswer<'SRV'>>;
  /** Forgets a domain, so that the next lookup asks again. */
  forget(domain: Domain): void;
}

const MAX_DOMAINS = 10_000;
const ONE_USE_MS = 1_000;
const FAILURE_MS = 30_000;

/**
 * Creates a cache of SRV answers: records for their TTL (TTL 0 is shared for 1 s), a certain "no" for what its SOA
 * allows and never without one, failures for 30 s. Lookups at the same time share one query.
 * @see docs/protocol.md [DISC-3]
 */
export function createSrvCache({ dns, clock }: { dns: DnsClient; clock: Clock }): SrvCache {
  const answers = createExpiringCache<Domain, DnsAnswer<'SRV'>>({ clock, maxEntries: MAX_DOMAINS });
  const shareQuery = createSingleFlight<DnsAnswer<'SRV'>>();
  return {
    async find(domain) {
      const known = answers.get(domain);
      if (known !== undefined) return known;
      return shareQuery(domain, async () => {
        const answer = await dns.query(srvName(domain), 'SRV');
        answers.set(domain, answer, keepMs(answer));
        return answer;
      });
    },
    forget: (domain) => answers.delete(domain),
  };
}

function keepMs(answer: DnsAnswer): number {
  switch (answer.kind) {
    case 'records':
      return answer.ttlSeconds === 0 ? ONE_USE_MS : answer.ttlSeconds * 1000;
    case 'nxdomain':
    case 'nodata':
      return (answer.ttlSeconds ?? 0) * 1000;
    case 'failure':
      return FAILURE_MS;
  }
}
