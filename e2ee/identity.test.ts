import { createPublicKey, verify } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { encodeBase64 } from '../protocol/base64.ts';
import type { PublicKeyAnswer } from '../protocol/schemas/public-key-answer.ts';
import { parseTimestamp } from '../protocol/timestamp.ts';
import { encodeUtf8 } from './bytes.ts';
import { identityKeysFromJson, identityKeysToJson } from './identity-json.ts';
import { compareWithPin, isSuccessorOf, publicIdentityOf, verifyPublicIdentity } from './identity.ts';
import type { PublicIdentity } from './identity.ts';
import { signEd25519 } from './strict-nacl.ts';
import { NOON, person, signingKeyOf } from './testing/people.ts';

const alice1 = person('alice@a.test', 1);
const alice2 = person('alice@a.test', 2);
const alice3 = person('alice@a.test', 3);
const mallory = person('mallory@m.test', 9);
const first = publicIdentityOf(alice1);
const rotated = publicIdentityOf(alice2, [alice1]);
const rotatedTwice = publicIdentityOf(alice3, [alice2, alice1]);

/** Verifies with another implementation than the one under test. */
function verifies(signingKey: Uint8Array, text: string, signature: string): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(signingKey).toString('base64url') };
  return verify(null, Buffer.from(text), createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64'));
}

describe('publicIdentityOf', () => {
  it('[E2E-1] the binding signature is over the six lines of the text', () => {
    const lines = ['securechat-identity-v1', 'alice@a.test', '1', NOON, first.publicKey, first.signingKey];
    expect(verifies(alice1.signingKey, lines.join('\n'), first.bindingSignature)).toBe(true);
  });

  it('[E2E-1] a former key signs the five lines of the text', () => {
    const lines = ['securechat-identity-next-v1', 'alice@a.test', '2', rotated.publicKey, rotated.signingKey];
    expect(rotated.previous.map(({ signingKey }) => signingKey)).toEqual([first.signingKey]);
    expect(verifies(alice1.signingKey, lines.join('\n'), rotated.previous[0]?.signature ?? '')).toBe(true);
  });

  it('[E2E-1] former keys are listed newest first, none after a reset', () => {
    expect(rotatedTwice.previous.map(({ signingKey }) => signingKey)).toEqual([signingKeyOf(alice2), signingKeyOf(alice1)]);
    expect(publicIdentityOf(alice3).previous).toEqual([]);
  });
});

describe('verifyPublicIdentity', () => {
  it('[E2E-1] what publicIdentityOf gives is verified', () => {
    expect(verifyPublicIdentity(alice2.userId, rotated)).toEqual({ verified: true, identity: rotated });
  });

  it('[API-1] an answer without previous is that of somebody who never changed keys', () => {
    const { previous, ...answer } = first;
    expect(previous).toEqual([]);
    expect(verifyPublicIdentity(alice1.userId, answer)).toEqual({ verified: true, identity: first });
  });

  it("[API-1] a Core server's answer is unbound", () => {
    expect(verifyPublicIdentity(alice1.userId, { publicKey: first.publicKey })).toEqual({ verified: false, reason: 'unbound' });
  });

  it('[E2E-1] an answer about somebody else is refused', () => {
    expect(verifyPublicIdentity(mallory.userId, first)).toEqual({ verified: false, reason: 'wrong_user' });
  });

  it.each<[string, Partial<PublicKeyAnswer>]>([
    ['keyVersion', { keyVersion: 2 }],
    ['createdAt', { createdAt: parseTimestamp('2026-11-22T13:00:00.000Z') }],
    ['publicKey', { publicKey: rotated.publicKey }],
    ['signingKey', { signingKey: rotated.signingKey }],
    ['bindingSignature', { bindingSignature: rotated.bindingSignature }],
  ])('[E2E-1] another %s breaks the binding', (_member, change) => {
    expect(verifyPublicIdentity(alice1.userId, { ...first, ...change })).toEqual({ verified: false, reason: 'bad_signature' });
  });

  it('[E2E-3] a public key without a shared secret and a signing key of small order are weak', () => {
    const zero = encodeBase64(new Uint8Array(32));
    expect(verifyPublicIdentity(alice1.userId, { ...first, publicKey: zero })).toEqual({ verified: false, reason: 'weak_key' });
    expect(verifyPublicIdentity(alice1.userId, { ...first, signingKey: zero })).toEqual({ verified: false, reason: 'weak_key' });
  });

  it('[API-1] an answer that is not of the schema is malformed, never an error', () => {
    const answer = { ...first, publicKey: 'AA' };
    expect(verifyPublicIdentity(alice1.userId, answer)).toEqual({ verified: false, reason: 'malformed' });
  });
});

describe('compareWithPin', () => {
  it('[E2E-2] the pinned keys are the same', () => {
    expect(compareWithPin(first, first)).toEqual({ kind: 'same' });
  });

  it('[E2E-1] a version that the pinned key vouches for is a rotation, over one step or two', () => {
    expect(compareWithPin(first, rotated)).toEqual({ kind: 'rotated' });
    expect(compareWithPin(rotated, rotatedTwice)).toEqual({ kind: 'rotated' });
    expect(compareWithPin(first, rotatedTwice)).toEqual({ kind: 'rotated' });
  });

  it('[E2E-1] new keys that the pinned key does not vouch for are a reset', () => {
    expect(compareWithPin(first, publicIdentityOf(alice2))).toEqual({ kind: 'reset' });
    expect(compareWithPin(first, publicIdentityOf(alice3, [alice2]))).toEqual({ kind: 'reset' });
  });

  it('[E2E-1] a listed key whose signature is of another version is a reset', () => {
    expect(compareWithPin(first, { ...publicIdentityOf(alice3), previous: rotated.previous })).toEqual({ kind: 'reset' });
  });

  it('[E2E-2] an older version is a reset, even of keys that once were pinned', () => {
    expect(compareWithPin(rotated, first)).toEqual({ kind: 'reset' });
    expect(compareWithPin(rotated, publicIdentityOf({ ...alice1, keyVersion: 2 }, [alice2]))).toEqual({ kind: 'reset' });
  });

  it('[E2E-2] the same keys under another user id are a reset', () => {
    expect(compareWithPin({ ...first, userId: mallory.userId }, first)).toEqual({ kind: 'reset' });
  });

  it('[E2E-1] another identity key under the same signing key is a rotation with a higher version, else a reset', () => {
    const { publicKey, secretKey } = alice2;
    expect(compareWithPin(first, publicIdentityOf({ ...alice1, publicKey, secretKey, keyVersion: 2 }))).toEqual({ kind: 'rotated' });
    expect(compareWithPin(first, publicIdentityOf({ ...alice1, publicKey, secretKey }))).toEqual({ kind: 'reset' });
  });
});

describe('isSuccessorOf', () => {
  const { publicKey, secretKey } = alice1;
  const second = { ...alice2, publicKey, secretKey };
  const third = { ...alice3, publicKey, secretKey };
  const stepwise: PublicIdentity = {
    ...publicIdentityOf(third, [second]),
    previous: [...publicIdentityOf(third, [second]).previous, ...publicIdentityOf(second, [alice1]).previous],
  };

  it('[E2E-1] a list that vouches step by step is followed while the identity key is the same', () => {
    expect(isSuccessorOf(stepwise, signingKeyOf(alice1))).toBe(true);
    expect(isSuccessorOf(stepwise, signingKeyOf(alice2))).toBe(true);
  });

  it('[E2E-1] a list broken at any step is not', () => {
    const [newest, oldest] = stepwise.previous;
    if (newest === undefined || oldest === undefined) throw new Error('The list has two entries.');
    const broken = [
      [oldest],
      [{ ...newest, signature: oldest.signature }, oldest],
      [newest, { ...oldest, signature: newest.signature }],
      [{ ...newest, signingKey: signingKeyOf(mallory) }, oldest],
    ];
    for (const previous of broken) expect(isSuccessorOf({ ...stepwise, previous }, signingKeyOf(alice1))).toBe(false);
  });

  it('[E2E-1] a key that is not listed handed over nothing', () => {
    expect(isSuccessorOf(stepwise, signingKeyOf(mallory))).toBe(false);
    expect(isSuccessorOf(first, signingKeyOf(alice1))).toBe(false);
  });

  it('[E2E-1] text that is no signature is a broken list, never an error', () => {
    const previous = [{ signingKey: first.signingKey, signature: '!' }];
    expect(isSuccessorOf({ ...rotated, previous }, first.signingKey)).toBe(false);
  });
});

describe('identity keys as JSON', () => {
  it('[E2E-11] keys come back as they were and still sign', () => {
    const back = identityKeysFromJson(identityKeysToJson(alice1));
    expect(back).toEqual(alice1);
    const message = encodeUtf8('message');
    expect(back && signEd25519(back.signingSecretKey, message)).toEqual(signEd25519(alice1.signingSecretKey, message));
  });

  it('[E2E-11] anything else gives null', () => {
    expect(identityKeysFromJson({ ...identityKeysToJson(alice1), secretKey: 'AA' })).toBeNull();
    expect(identityKeysFromJson(null)).toBeNull();
  });
});
