import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import { createSessionKey, keyCommitment, unwrapSessionKey, wrapSessionKey } from './session-key.ts';
import { WeakPublicKeyError } from './strict-nacl.ts';
import { CONVERSATION, person, seededRandom } from './testing/people.ts';

const random = seededRandom('session-key');
const alice = person('alice@a.test');
const bob = person('bob@b.test');
const sessionKey = createSessionKey(random);
const wrapped = wrapSessionKey({ sessionKey, recipientPublicKey: bob.publicKey, random });

function unwrapChanged(change: (bytes: number[]) => readonly number[]): Uint8Array | null {
  const encryptedSessionKey = encodeBase64(Uint8Array.from(change([...decodeBase64(wrapped)])));
  return unwrapSessionKey({ encryptedSessionKey, recipientSecretKey: bob.secretKey });
}

describe('a wrapped session key', () => {
  it('[E2E-3] has 105 bytes and begins with 0x01', () => {
    const bytes = decodeBase64(wrapped);
    expect([bytes.length, bytes[0]]).toEqual([105, 1]);
  });

  it('[E2E-3] unwraps for its recipient and for nobody else', () => {
    expect(sessionKey).toHaveLength(32);
    expect(unwrapSessionKey({ encryptedSessionKey: wrapped, recipientSecretKey: bob.secretKey })).toEqual(sessionKey);
    expect(unwrapSessionKey({ encryptedSessionKey: wrapped, recipientSecretKey: alice.secretKey })).toBeNull();
  });

  it('[E2E-3] is another text each time', () => {
    expect(wrapSessionKey({ sessionKey, recipientPublicKey: bob.publicKey, random })).not.toBe(wrapped);
  });

  it('[E2E-3] changed in any byte gives nothing', () => {
    for (const at of decodeBase64(wrapped).keys()) {
      // The top bit of an X25519 public key is ignored by RFC 7748, so the lowest one is what is flipped.
      expect(unwrapChanged((bytes) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toBeNull();
    }
  });

  it('[E2E-3] of another length, or no canonical base64, gives nothing', () => {
    expect(unwrapChanged((bytes) => bytes)).toEqual(sessionKey);
    expect(unwrapChanged((bytes) => bytes.slice(1))).toBeNull();
    expect(unwrapChanged((bytes) => [...bytes, 0])).toBeNull();
    expect(unwrapSessionKey({ encryptedSessionKey: '', recipientSecretKey: bob.secretKey })).toBeNull();
    expect(unwrapSessionKey({ encryptedSessionKey: ` ${wrapped}`, recipientSecretKey: bob.secretKey })).toBeNull();
  });

  it('[E2E-3] is refused on both sides where the shared secret is all zero', () => {
    const wrap = (): string => wrapSessionKey({ sessionKey, recipientPublicKey: new Uint8Array(32), random });
    expect(wrap).toThrow(WeakPublicKeyError);
    expect(unwrapChanged((bytes) => bytes.map((byte, index) => (index >= 1 && index < 33 ? 0 : byte)))).toBeNull();
  });

  it('[E2E-3] holds 32 bytes, never another number', () => {
    const wrap = (): string => wrapSessionKey({ sessionKey: random(31), recipientPublicKey: bob.publicKey, random });
    expect(wrap).toThrow(RangeError);
  });
});

describe('keyCommitment', () => {
  it('[E2E-4] is the SHA-256 of label, conversation, epoch and key', async () => {
    const hash = createHash('sha256').update(`securechat-key-commitment-v1\n${CONVERSATION}\n7\n`).update(sessionKey);
    expect(await keyCommitment({ conversationId: CONVERSATION, epoch: 7, sessionKey })).toBe(hash.digest('base64'));
  });

  it('[E2E-4] differs for another epoch and another key', async () => {
    const commitment = await keyCommitment({ conversationId: CONVERSATION, epoch: 7, sessionKey });
    expect(await keyCommitment({ conversationId: CONVERSATION, epoch: 8, sessionKey })).not.toBe(commitment);
    expect(await keyCommitment({ conversationId: CONVERSATION, epoch: 7, sessionKey: random(32) })).not.toBe(commitment);
  });
});
