import { describe, expect, it } from 'vitest';

import { openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { hkdfSha256 } from './hkdf.ts';
import aesGcmVectors from './testdata/wycheproof/aes_gcm_test.json';
import hkdfVectors from './testdata/wycheproof/hkdf_sha256_test.json';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('AES-256-GCM', () => {
  const ours = aesGcmVectors.testGroups.filter(({ ivSize, keySize, tagSize }) => ivSize === 96 && keySize === 256 && tagSize === 128);
  const others = aesGcmVectors.testGroups.filter((group) => !ours.includes(group));

  it('[E2E-7] every Wycheproof case of our sizes has its result', async () => {
    const cases = ours.flatMap(({ tests }) => tests);
    expect(cases.length).toBeGreaterThan(50);
    for (const { tcId, result, ...test } of cases) {
      const [key, nonce, additionalData] = [bytes(test.key), bytes(test.iv), bytes(test.aad)];
      const box = { ciphertext: bytes(test.ct), authTag: bytes(test.tag) };
      const opened = await openAesGcm({ key, nonce, additionalData, ...box });
      expect([tcId, opened && hex(opened)]).toEqual([tcId, result === 'valid' ? test.msg : null]);
      if (result !== 'valid') continue;
      const sealed = await sealAesGcm({ key, nonce, additionalData, plaintext: bytes(test.msg) });
      expect([tcId, hex(sealed.ciphertext), hex(sealed.authTag)]).toEqual([tcId, test.ct, test.tag]);
    }
  });

  it('[E2E-7] every Wycheproof case of another size is refused, both ways', async () => {
    const cases = others.flatMap(({ tests }) => tests);
    expect(cases.length).toBeGreaterThan(100);
    for (const test of cases) {
      const [key, nonce, additionalData] = [bytes(test.key), bytes(test.iv), bytes(test.aad)];
      const box = { ciphertext: bytes(test.ct), authTag: bytes(test.tag) };
      await expect(openAesGcm({ key, nonce, additionalData, ...box })).rejects.toThrow(RangeError);
      await expect(sealAesGcm({ key, nonce, additionalData, plaintext: bytes(test.msg) })).rejects.toThrow(RangeError);
    }
  });

  it('[E2E-7] a tag of 15 bytes is refused, one of 16 is not', async () => {
    const parts = { key: new Uint8Array(32), nonce: new Uint8Array(12), additionalData: new Uint8Array() };
    const box = await sealAesGcm({ ...parts, plaintext: Uint8Array.of(1) });
    expect(await openAesGcm({ ...parts, ...box })).toEqual(Uint8Array.of(1));
    await expect(openAesGcm({ ...parts, ...box, authTag: box.authTag.subarray(1) })).rejects.toThrow(RangeError);
  });
});

describe('HKDF-SHA256', () => {
  it('[E2E-7] every Wycheproof case has its result', async () => {
    const cases = hkdfVectors.testGroups.flatMap(({ tests }) => tests);
    expect(cases).toHaveLength(hkdfVectors.numberOfTests);
    for (const { tcId, result, size, ...test } of cases) {
      const derived = hkdfSha256({ ikm: bytes(test.ikm), salt: bytes(test.salt), info: bytes(test.info), length: size });
      if (result === 'valid') expect([tcId, hex(await derived)]).toEqual([tcId, test.okm]);
      else await expect(derived).rejects.toThrow(RangeError);
    }
  });
});
