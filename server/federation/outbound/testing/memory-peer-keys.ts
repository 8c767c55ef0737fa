import type { KeyId } from '../../../../protocol/ids.ts';
import type { PeerLimits } from '../../../../protocol/key-document.ts';
import type { PeerDescription } from '../../keys/peer-description.ts';
import type { PeerKeyAnswer, PeerKeys } from '../../keys/peer-keys.ts';

/** What a test lets be known of every peer; `keys` are those listed now, `later` those of the document fetched anew. */
interface KnownOfPeers {
  readonly description: PeerDescription;
  readonly keys?: readonly ListedKey[];
  readonly later?: readonly ListedKey[];
}

interface ListedKey {
  readonly kid: KeyId;
  readonly publicKey: Uint8Array;
}

/** Are the limits of a document that states none [KEY-2]. */
export const DEFAULT_LIMITS: PeerLimits = { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 };

/** Builds what is known of a peer of this profile. */
export function knownPeer(profile: 'core' | 'full', limits: Partial<PeerLimits> = {}): PeerDescription {
  return { kind: 'known', profile, limits: { ...DEFAULT_LIMITS, ...limits } };
}

/** Creates the keys of peers out of memory; `asked` lists every lookup. */
export function createMemoryPeerKeys({ description, keys = [], later = keys }: KnownOfPeers) {
  const asked: string[] = [];
  const find = (listed: readonly ListedKey[], kid: KeyId): PeerKeyAnswer => {
    const key = listed.find((candidate) => candidate.kid === kid);
    return key === undefined ? { kind: 'unknown_key' } : { kind: 'key', publicKey: key.publicKey, stale: false };
  };
  const peerKeys: Pick<PeerKeys, 'describe' | 'findKey' | 'refetch' | 'refetchAfterFailure'> = {
    async describe(domain) {
      asked.push(`describe ${domain}`);
      return description;
    },
    async findKey(domain, kid) {
      asked.push(`find ${domain} ${kid}`);
      return find(keys, kid);
    },
    async refetch(domain) {
      asked.push(`refetch ${domain}`);
    },
    async refetchAfterFailure(domain, kid) {
      asked.push(`refetch ${domain} ${kid}`);
      return find(later, kid);
    },
  };
  return { peerKeys, asked };
}
