import type { Domain } from '../../../protocol/ids.ts';
import type { Clock } from '../../domain/ports.ts';
import type { DnsAnswer, DnsClient } from './dns-client.ts';
import type { DnsType } from './dns-message.ts';
import { createExpiringCache } from './expiring-cache.ts';
import { createSingleFlight } from './single-flight.ts';

/** Finds the records of one type that a domain publishes, from memory where they are still good. */
export interface DnsCache<Type extends DnsType> {
  find(domain: Domain): Promise<DnsAnswer<Type>>;
  /** Forgets a domain, so that the next lookup asks again. */
  forget(domain: Domain): void;
}

/** What is asked for, and under which name; `maxTtlSeconds` bounds how long records count, beside their own TTL. */
interface DnsCacheOptions<Type extends DnsType> {
  readonly dns: DnsClient;
  readonly clock: Clock;
  readonly type: Type;
  readonly nameOf: (domain: Domain) => string;
  readonly maxTtlSeconds?: number;
}

const MAX_DOMAINS = 10_000;
const ONE_USE_MS = 1_000;
const FAILURE_MS = 30_000;

/**
 * Creates a cache of DNS answers: records for their TTL (TTL 0 is shared for 1 s), a certain "no" for what its SOA
 * allows and never without one, failures for 30 s. Lookups at the same time share one query.
 * @see docs/protocol.md [DISC-3]
 */
export function createDnsCache<Type extends DnsType>(options: DnsCacheOptions<Type>): DnsCache<Type> {
  const { dns, clock, type, nameOf, maxTtlSeconds = Infinity } = options;
  const answers = createExpiringCache<Domain, DnsAnswer<Type>>({ clock, maxEntries: MAX_DOMAINS });
  const shareQuery = createSingleFlight<DnsAnswer<Type>>();
  return {
    async find(domain) {
      const known = answers.get(domain);
      if (known !== undefined) return known;
      return shareQuery(domain, async () => {
        const answer = await dns.query(nameOf(domain), type);
        answers.set(domain, answer, keepMs(answer, maxTtlSeconds));
        return answer;
      });
    },
    forget: (domain) => answers.delete(domain),
  };
}

function keepMs(answer: DnsAnswer, maxTtlSeconds: number): number {
  switch (answer.kind) {
    case 'records':
      return answer.ttlSeconds === 0 ? ONE_USE_MS : Math.min(answer.ttlSeconds, maxTtlSeconds) * 1000;
    case 'nxdomain':
    case 'nodata':
      return (answer.ttlSeconds ?? 0) * 1000;
    case 'failure':
      return FAILURE_MS;
  }
}
