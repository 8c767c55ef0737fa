import { describe, expect, it, test } from 'vitest';

import { boxOpen, boxSeal, verifyEd25519, verifyEd25519Fast, WeakPublicKeyError, x25519SharedSecret } from './strict-nacl.ts';
import aesGcm from './testdata/wycheproof/aes_gcm_test.json';
import ed25519 from './testdata/wycheproof/ed25519_test.json';
import hkdf from './testdata/wycheproof/hkdf_sha256_test.json';
import x25519 from './testdata/wycheproof/x25519_test.json';
import { HOSTILE_MESSAGE, honestSignature, hostileSignatures } from './testing/hostile-signatures.ts';
import { aesGcmOpenJudge, aesGcmSealJudge, ed25519FastJudge, ed25519Judge, hkdfJudge, x25519Judge } from './testing/wycheproof.ts';
import type { Judge, VectorFile } from './testing/wycheproof.ts';

/** Compares every case of a file with what it says, and counts them. */
async function judge<File extends VectorFile<object, unknown>>({ expected, actual }: Judge<File>, file: File): Promise<number> {
  const verdicts = await actual(file);
  expect(verdicts).toEqual(expected(file));
  return new Set(verdicts.map(({ tcId }) => tcId)).size;
}

describe('every Wycheproof case has its verdict', () => {
  it('[SIG-7] in the Ed25519 file, from tweetnacl', async () => {
    expect(await judge(ed25519Judge, ed25519)).toBe(ed25519.numberOfTests);
  });

  it('[SIG-7] in the Ed25519 file, from WebCrypto', async () => {
    expect(await judge(ed25519FastJudge, ed25519)).toBe(ed25519.numberOfTests);
  });

  it('[E2E-3] in the X25519 file, with an all-zero shared secret refused', async () => {
    expect(await judge(x25519Judge, x25519)).toBe(x25519.numberOfTests);
    const refused = x25519Judge.expected(x25519).filter(({ verdict }) => verdict === 'refused').map(({ tcId }) => tcId);
    const zero = x25519.testGroups.flatMap(({ tests }) => tests).filter(({ shared }) => /^0{64}$/.test(shared)).map(({ tcId }) => tcId);
    expect(refused).toEqual(zero);
    expect(zero.length).toBeGreaterThan(0);
  });

  it('[E2E-7] in the AES-GCM file: valid and of our sizes opens, anything else is refused', async () => {
    expect(await judge(aesGcmOpenJudge, aesGcm)).toBe(aesGcm.numberOfTests);
    expect(await judge(aesGcmSealJudge, aesGcm)).toBeGreaterThan(200);
    const opened = aesGcmOpenJudge.expected(aesGcm).filter(({ verdict }) => verdict !== 'refused');
    expect(opened.length).toBeGreaterThan(30);
    expect(opened.length).toBeLessThan(aesGcm.numberOfTests);
  });

  it('[E2E-7] in the HKDF-SHA256 file', async () => {
    expect(await judge(hkdfJudge, hkdf)).toBe(hkdf.numberOfTests);
  });
});

describe('what a stranger sends', () => {
  it('[SIG-7] an honest signature verifies', async () => {
    const { publicKey, signature } = honestSignature();
    expect(verifyEd25519(publicKey, HOSTILE_MESSAGE, signature)).toBe(true);
    expect(await verifyEd25519Fast(publicKey, HOSTILE_MESSAGE, signature)).toBe(true);
  });

  test.each(hostileSignatures())('[SIG-7] $name is refused without an error', async ({ publicKey, signature }) => {
    expect(verifyEd25519(publicKey, HOSTILE_MESSAGE, signature)).toBe(false);
    expect(await verifyEd25519Fast(publicKey, HOSTILE_MESSAGE, signature)).toBe(false);
  });

  test.each([0, 1, 31, 33, 64])('[E2E-3] an X25519 key of %i bytes has no shared secret', (length) => {
    const [key, wrong, nonce] = [new Uint8Array(32).fill(9), new Uint8Array(length).fill(9), new Uint8Array(24)];
    expect(x25519SharedSecret(key, wrong)).toBeNull();
    expect(x25519SharedSecret(wrong, key)).toBeNull();
    expect(boxOpen({ box: new Uint8Array(48), nonce, publicKey: wrong, secretKey: key })).toBeNull();
    expect(boxOpen({ box: new Uint8Array(48), nonce, publicKey: key, secretKey: wrong })).toBeNull();
    expect(() => boxSeal({ plaintext: key, nonce, publicKey: wrong, secretKey: key })).toThrow(WeakPublicKeyError);
  });

  it('[E2E-3] a key of 32 bytes has one', () => {
    expect(x25519SharedSecret(new Uint8Array(32).fill(9), new Uint8Array(32).fill(9))).toHaveLength(32);
  });
});
