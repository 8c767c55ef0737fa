import type { DnsAnswer, DnsClient } from '../server/federation/discovery/dns-client.ts';
import type { DnsType } from '../server/federation/discovery/dns-message.ts';

const ADDRESS = '192.0.2.1';
const PORT = 8_443;
const TTL_SECONDS = 60;

/** Creates a DNS in which every domain is at its own name; what `faultOf` says of a domain is answered for every name of it. */
export function createFaultyDns(faultOf: (domain: string) => 'servfail' | 'nxdomain' | null): DnsClient {
  const answers: { readonly [Type in DnsType]: (name: string) => DnsAnswer<Type> } = {
    SRV: (name) => ({ kind: 'records', records: [{ priority: 0, weight: 0, port: PORT, target: baseOf(name) }], ttlSeconds: TTL_SECONDS, authenticated: false }),
    A: () => ({ kind: 'records', records: [ADDRESS], ttlSeconds: TTL_SECONDS, authenticated: false }),
    AAAA: () => ({ kind: 'nodata', ttlSeconds: TTL_SECONDS }),
    TXT: () => ({ kind: 'nodata', ttlSeconds: TTL_SECONDS }),
  };
  return {
    async query(name, type) {
      const fault = faultOf(baseOf(name));
      if (fault === 'servfail') return { kind: 'failure', reason: 'servfail' };
      return fault === 'nxdomain' ? { kind: 'nxdomain', ttlSeconds: TTL_SECONDS } : answers[type](name);
    },
  };
}

function baseOf(name: string): string {
  return name.replace(/^_[^.]+\._tcp\./, '').replace(/^_[^.]+\./, '');
}
