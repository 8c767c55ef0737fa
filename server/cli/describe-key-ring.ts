import { keyRole, listedKeys } from '../federation/keys/key-ring.ts';
import type { KeyRing, KeyRole, RingKey } from '../federation/keys/key-ring.ts';

/** Describes the listed keys for people and as JSON, nothing secret among it: the current one also at the top. */
export function describeKeyRing(ring: KeyRing, { domain, now }: { domain: string; now: Date }): { json: object; lines: readonly string[] } {
  const listed = listedKeys(ring, now);
  const keys = listed.map((ringKey) => describeKey(ringKey, keyRole(ring, ringKey, now)));
  const { kid, publicKey } = listed[0].key;
  return { json: { domain, kid, publicKey, keys }, lines: [`domain      ${domain}`, ...keys.flatMap(toLines)] };
}

interface DescribedKey {
  readonly kid: string;
  readonly publicKey: string;
  readonly role: KeyRole;
  readonly signsFrom: string | null;
  readonly listedUntil: string | null;
}

function describeKey({ key, signsFrom, listedUntil }: RingKey, role: KeyRole): DescribedKey {
  const { kid, publicKey } = key;
  return { kid, publicKey, role, signsFrom: signsFrom?.toISOString() ?? null, listedUntil: listedUntil?.toISOString() ?? null };
}

function toLines(key: DescribedKey): readonly string[] {
  return ['', `key id      ${key.kid}`, `public key  ${key.publicKey}`, `role        ${roleText(key)}`];
}

function roleText({ role, signsFrom, listedUntil }: DescribedKey): string {
  switch (role) {
    case 'current':
      return 'signs now';
    case 'next':
      return `next, signs from ${signsFrom ?? 'now'}`;
    case 'former':
      return `former, listed until ${listedUntil ?? 'it is taken out'}`;
    case 'listed':
      return 'only listed';
  }
}
