import type { ZoneRecord } from '../fake-dns/zone.ts';
import type { PeerPlace } from './places.ts';

const TTL_SECONDS = 60;

/**
 * The records with which other servers find a server ([DISC-1]): the SRV record leads to `s2s.<domain>`,
 * and that name and the domain itself have the address. The domain may begin with `*.`.
 */
export function discoveryRecords({ domain, host, port }: PeerPlace): readonly ZoneRecord[] {
  const target = `s2s.${domain}`;
  const srv = { name: `_securechat-s2s._tcp.${domain}`, type: 'SRV', ttlSeconds: TTL_SECONDS, priority: 0, weight: 0, port, target } as const;
  const names = domain.startsWith('*.') ? [domain] : [domain, target];
  return [srv, ...names.map((name) => ({ name, type: 'A', ttlSeconds: TTL_SECONDS, address: host }) as const)];
}

/** The name of the TXT records that repeat a server's keys ([KEY-4]). */
export function keyRecordName(domain: string): string {
  return `_securechat-s2s-key.${domain}`;
}

/** The TXT records for the keys of a key document ([KEY-4]); none if the text is not such a document. */
export function keyRecords(domain: string, keyDocument: string): readonly ZoneRecord[] {
  return listedKeys(keyDocument).map(({ kid, publicKey }) => ({
    name: keyRecordName(domain),
    type: 'TXT',
    ttlSeconds: TTL_SECONDS,
    chunks: [`v=sc1; k=ed25519; kid=${kid}; p=${publicKey}`],
  }));
}

interface ListedKey {
  readonly kid: string;
  readonly publicKey: string;
}

function listedKeys(keyDocument: string): readonly ListedKey[] {
  try {
    const parsed: unknown = JSON.parse(keyDocument);
    const keys: unknown = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : [];
    return Array.isArray(keys) ? keys.filter(isListedKey) : [];
  } catch {
    return [];
  }
}

function isListedKey(value: unknown): value is ListedKey {
  if (typeof value !== 'object' || value === null || !('kid' in value) || !('publicKey' in value)) return false;
  return typeof value.kid === 'string' && typeof value.publicKey === 'string';
}
