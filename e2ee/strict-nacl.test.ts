import nacl from 'tweetnacl';
import { afterEach, describe, expect, it, vi } from 'vitest';

import {
  boxOpen,
  boxSeal,
  ed25519KeyPair,
  signEd25519,
  verifyEd25519,
  verifyEd25519Fast,
  WeakPublicKeyError,
  x25519KeyPair,
  x25519SharedSecret,
} from './strict-nacl.ts';
import ed25519Vectors from './testdata/wycheproof/ed25519_test.json';
import x25519Vectors from './testdata/wycheproof/x25519_test.json';
import { seededRandom } from './testing/people.ts';

const random = seededRandom('strict-nacl');
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

const signatureCases = ed25519Vectors.testGroups.flatMap(({ publicKey, tests }) =>
  tests.map((test) => ({ ...test, publicKey: bytes(publicKey.pk), msg: bytes(test.msg), sig: bytes(test.sig) })),
);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('Ed25519', () => {
  it('[SIG-7] every Wycheproof case has its result, from tweetnacl and from WebCrypto alike', async () => {
    expect(signatureCases).toHaveLength(ed25519Vectors.numberOfTests);
    for (const { tcId, publicKey, msg, sig, result } of signatureCases) {
      expect([tcId, verifyEd25519(publicKey, msg, sig)]).toEqual([tcId, result === 'valid']);
      expect([tcId, await verifyEd25519Fast(publicKey, msg, sig)]).toEqual([tcId, result === 'valid']);
    }
  });

  it('[SIG-7] what signEd25519 makes verifies, and with one bit of it changed does not', async () => {
    const { publicKey, secretKey } = ed25519KeyPair(random);
    const message = random(40);
    const signature = signEd25519(secretKey, message);
    expect(verifyEd25519(publicKey, message, signature)).toBe(true);
    expect(await verifyEd25519Fast(publicKey, message, signature)).toBe(true);
    for (const at of [0, 31, 32, 62]) {
      const changed = signature.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(verifyEd25519(publicKey, message, changed)).toBe(false);
      expect(await verifyEd25519Fast(publicKey, message, changed)).toBe(false);
    }
  });

  it('[SIG-7] a signature that holds for every message under a small-order key is refused', async () => {
    const identityPoint = Uint8Array.of(1, ...new Uint8Array(31));
    const signature = Uint8Array.of(...identityPoint, ...new Uint8Array(32));
    expect(verifyEd25519(identityPoint, random(10), signature)).toBe(false);
    expect(await verifyEd25519Fast(identityPoint, random(10), signature)).toBe(false);
  });

  it('[SIG-7] with Ed25519 in WebCrypto, WebCrypto decides', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify');
    const { publicKey, secretKey } = ed25519KeyPair(random);
    expect(await verifyEd25519Fast(publicKey, Uint8Array.of(1), signEd25519(secretKey, Uint8Array.of(1)))).toBe(true);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('[SIG-7] without Ed25519 in WebCrypto the answers are the same', async () => {
    const importKey = vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('', 'NotSupportedError'));
    const { publicKey, secretKey } = ed25519KeyPair(random);
    const signature = signEd25519(secretKey, Uint8Array.of(1));
    expect(await verifyEd25519Fast(publicKey, Uint8Array.of(1), signature)).toBe(true);
    expect(await verifyEd25519Fast(publicKey, Uint8Array.of(2), signature)).toBe(false);
    expect(importKey).toHaveBeenCalledTimes(2);
  });

  it('[SIG-7] wrong lengths are false, never an error', () => {
    expect(verifyEd25519(new Uint8Array(), new Uint8Array(), new Uint8Array())).toBe(false);
    expect(verifyEd25519(random(31), new Uint8Array(), random(63))).toBe(false);
  });
});

describe('X25519', () => {
  it('[E2E-3] every Wycheproof case gives its shared secret, null where that is all zero', () => {
    const cases = x25519Vectors.testGroups.flatMap(({ tests }) => tests);
    expect(cases).toHaveLength(x25519Vectors.numberOfTests);
    for (const { tcId, public: publicKey, private: secretKey, shared } of cases) {
      const secret = x25519SharedSecret(bytes(secretKey), bytes(publicKey));
      const expected = /^0*$/.test(shared) ? null : shared;
      expect([tcId, secret === null ? null : Buffer.from(secret).toString('hex')]).toEqual([tcId, expected]);
    }
  });

  it('[E2E-3] some Wycheproof case has an all-zero shared secret', () => {
    const zero = x25519Vectors.testGroups.flatMap(({ tests }) => tests).filter(({ shared }) => /^0*$/.test(shared));
    expect(zero.length).toBeGreaterThan(5);
  });
});

describe('box', () => {
  const alice = x25519KeyPair(random);
  const bob = x25519KeyPair(random);
  const nonce = random(24);
  const box = boxSeal({ plaintext: Uint8Array.of(1, 2), nonce, publicKey: bob.publicKey, secretKey: alice.secretKey });

  it('[E2E-3] what is sealed opens', () => {
    expect(boxOpen({ box, nonce, publicKey: alice.publicKey, secretKey: bob.secretKey })).toEqual(Uint8Array.of(1, 2));
  });

  it('[E2E-3] another key or a changed byte opens nothing', () => {
    const changed = box.map((byte, index) => (index === 3 ? byte ^ 1 : byte));
    expect(boxOpen({ box, nonce, publicKey: alice.publicKey, secretKey: alice.secretKey })).toBeNull();
    expect(boxOpen({ box: changed, nonce, publicKey: alice.publicKey, secretKey: bob.secretKey })).toBeNull();
  });

  it('[E2E-3] both sides refuse an all-zero shared secret', () => {
    const zero = new Uint8Array(32);
    const seal = (): Uint8Array => boxSeal({ plaintext: zero, nonce, publicKey: zero, secretKey: alice.secretKey });
    expect(seal).toThrow(WeakPublicKeyError);
    // What anybody can make without a secret: every key shares the same zero with this one, so the box itself is in order.
    const hostile = nacl.box(Uint8Array.of(1), nonce, zero, alice.secretKey);
    expect(nacl.box.open(hostile, nonce, zero, bob.secretKey)).toEqual(Uint8Array.of(1));
    expect(boxOpen({ box: hostile, nonce, publicKey: zero, secretKey: bob.secretKey })).toBeNull();
  });
});
