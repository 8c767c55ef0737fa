import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { publicIdentityOf } from './identity.ts';
import type { PublicIdentity } from './identity.ts';
import { safetyNumber } from './safety-number.ts';
import { person } from './testing/people.ts';

const alice = publicIdentityOf(person('alice@a.test'));
const bob = publicIdentityOf(person('bob@b.test'));

/** Computes one half from the words of the text, with another implementation of SHA-512 and of arithmetic. */
function half({ userId, publicKey, signingKey }: PublicIdentity): string {
  const input = Buffer.from(`securechat-safety-v1\n${userId}\n${publicKey}\n${signingKey}`);
  let digest = createHash('sha512').update(input).digest();
  for (let round = 2; round <= 5200; round += 1) digest = createHash('sha512').update(digest).update(input).digest();
  const groups = [0, 5, 10, 15, 20, 25].map((at) => BigInt(`0x${digest.subarray(at, at + 5).toString('hex')}`) % 100_000n);
  return groups.map((group) => group.toString().padStart(5, '0')).join('');
}

describe('safetyNumber', () => {
  const digits = safetyNumber(alice, bob);

  it('[E2E-10] is 60 digits, the half of the lower user id first', () => {
    expect(digits).toMatch(/^[0-9]{60}$/);
    expect(digits).toBe(half(alice) + half(bob));
  });

  it('[E2E-10] is the same from both sides', () => {
    expect(safetyNumber(bob, alice)).toBe(digits);
  });

  it('[E2E-10] changes in the half of whoever changes a key', () => {
    const changed = safetyNumber(alice, { ...bob, signingKey: alice.signingKey });
    expect(changed.slice(0, 30)).toBe(digits.slice(0, 30));
    expect(changed.slice(30)).not.toBe(digits.slice(30));
  });
});
