import { srvName } from '../../../protocol/key-txt.ts';
import type { Clock } from '../../domain/ports.ts';
import { createDnsCache } from './dns-cache.ts';
import type { DnsCache } from './dns-cache.ts';
import type { DnsClient } from './dns-client.ts';

/** Creates the cache of the SRV records that say where a domain's server is. @see docs/protocol.md [DISC-1] [DISC-3] */
export function createSrvCache({ dns, clock }: { dns: DnsClient; clock: Clock }): DnsCache<'SRV'> {
  return createDnsCache({ dns, clock, type: 'SRV', nameOf: srvName });
}
