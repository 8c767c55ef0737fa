import { decodeBase64 } from '../../../protocol/base64.ts';
import type { Domain, KeyId } from '../../../protocol/ids.ts';
import { keyTxtName, parseKeyTxt } from '../../../protocol/key-txt.ts';
import { KEY_FRESH_SECONDS, MAX_LISTED_KEYS } from '../../../protocol/limits.ts';
import type { Clock } from '../../domain/ports.ts';
import { createDnsCache } from '../discovery/dns-cache.ts';
import type { DnsClient } from '../discovery/dns-client.ts';
import { isStrictPublicKey } from './strict-ed25519.ts';

/** Finds the keys that a domain's TXT records authenticate, 32 bytes each by kid; none where they may not be read. */
export type FindTxtKeys = (domain: Domain) => Promise<ReadonlyMap<KeyId, Uint8Array>>;

/** When TXT records count: `trustAd` says that the resolver's AD bit is believed, on which `dnssec` rests. */
interface FindTxtKeysOptions {
  readonly dns: DnsClient;
  readonly clock: Clock;
  readonly policy: 'dnssec' | 'always' | 'never';
  readonly trustAd: boolean;
}

const NO_KEYS: ReadonlyMap<KeyId, Uint8Array> = new Map();

/**
 * Creates the lookup of keys in DNS. Nothing is asked where no answer could count. Records count for their TTL, for an
 * hour at most; a record of another form, and a kid with a weak key or with two different ones, is skipped; more than
 * eight keys are none, as in a key document.
 * @see docs/protocol.md [KEY-4] [DISC-3]
 */
export function createFindTxtKeys({ dns, clock, policy, trustAd }: FindTxtKeysOptions): FindTxtKeys {
  if (policy === 'never' || (policy === 'dnssec' && !trustAd)) return async () => NO_KEYS;
  const cache = createDnsCache({ dns, clock, type: 'TXT', nameOf: keyTxtName, maxTtlSeconds: KEY_FRESH_SECONDS });
  return async (domain) => {
    const answer = await cache.find(domain);
    if (answer.kind !== 'records') return NO_KEYS;
    return policy === 'always' || answer.authenticated ? readKeys(answer.records) : NO_KEYS;
  };
}

function readKeys(records: readonly string[]): ReadonlyMap<KeyId, Uint8Array> {
  const found = new Map<KeyId, string | null>();
  for (const record of records) {
    const key = parseKeyTxt(record);
    if (key === null) continue;
    const { kid, publicKey } = key;
    // Of two keys under one name nothing says which is meant.
    found.set(kid, found.has(kid) && found.get(kid) !== publicKey ? null : publicKey);
  }
  if (found.size > MAX_LISTED_KEYS) return NO_KEYS;
  const keys = [...found].flatMap(([kid, publicKey]) => (publicKey === null ? [] : [[kid, decodeBase64(publicKey)] as const]));
  return new Map(keys.filter(([, publicKey]) => isStrictPublicKey(publicKey)));
}
