import { concatBytes, encodeLines } from './bytes.ts';
import type { PublicIdentity } from './identity.ts';
import { sha512 } from './strict-nacl.ts';

const ROUNDS = 5200;
const GROUPS = 6;
const GROUP_BYTES = 5;
const GROUP_DIGITS = 5;

/** What of an identity a safety number is made of. */
type SafetyNumberParty = Pick<PublicIdentity, 'userId' | 'publicKey' | 'signingKey'>;

/**
 * Computes the 60 digits, without blanks, that two people compare to know that no server stands between them; the same
 * for both, whoever comes first. Takes some tenths of a second: the rounds are what makes a look-alike expensive.
 * @see docs/protocol.md [E2E-10]
 */
export function safetyNumber(a: SafetyNumberParty, b: SafetyNumberParty): string {
  // User ids are ASCII, so the order of UTF-16 units is that of UTF-8 bytes.
  const [first, second] = a.userId < b.userId ? [a, b] : [b, a];
  return halfOf(first) + halfOf(second);
}

function halfOf({ userId, publicKey, signingKey }: SafetyNumberParty): string {
  const input = encodeLines('securechat-safety-v1', userId, publicKey, signingKey);
  let digest = sha512(input);
  for (let round = 2; round <= ROUNDS; round += 1) digest = sha512(concatBytes(digest, input));
  return Array.from({ length: GROUPS }, (_, group) => digitsOf(digest, group * GROUP_BYTES)).join('');
}

function digitsOf(digest: Uint8Array, offset: number): string {
  // Five bytes are below 2^40, which a double holds exactly.
  const value = digest.subarray(offset, offset + GROUP_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
  return String(value % 10 ** GROUP_DIGITS).padStart(GROUP_DIGITS, '0');
}
