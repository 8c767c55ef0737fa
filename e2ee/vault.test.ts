import { hkdfSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import { StrictJsonError } from '../protocol/json.ts';
import { identityKeysToJson } from './identity-json.ts';
import { person, seededRandom } from './testing/people.ts';
import { openVault, sealVault, splitPasswordHash, unwrapVaultKey, wrapVaultKey } from './vault.ts';

const random = seededRandom('vault');
const alice = person('alice@a.test');
const bob = person('bob@b.test');
const { userId } = alice;
const vaultKey = random(32);
const contents = { identity: identityKeysToJson(alice), pins: [], verified: ['bob@b.test'] };
const sealed = await sealVault({ contents, userId, keyVersion: 2, counter: 7, vaultKey, random });

function altered(change: object): string {
  return JSON.stringify({ ...JSON.parse(sealed), ...change });
}

describe('a vault', () => {
  it('[E2E-11] opens for its user with its key', async () => {
    const expected = { opened: true, contents, userId, keyVersion: 2, counter: 7 };
    expect(await openVault({ sealed, userId, vaultKey })).toEqual(expected);
    expect(await openVault({ sealed, userId, vaultKey, newestSeen: { keyVersion: 2, counter: 7 } })).toEqual(expected);
    expect(await openVault({ sealed, userId, vaultKey, newestSeen: { keyVersion: 1, counter: 6 } })).toEqual(expected);
  });

  it('[E2E-11] shows nothing of its contents from outside', () => {
    expect(sealed).not.toContain('bob@b.test');
    expect(sealed).not.toContain(encodeBase64(alice.secretKey));
  });

  it('[E2E-11] is refused as older by whoever has seen a newer one', async () => {
    for (const newestSeen of [{ keyVersion: 2, counter: 8 }, { keyVersion: 3, counter: 7 }, { keyVersion: 3, counter: 1 }]) {
      expect(await openVault({ sealed, userId, vaultKey, newestSeen })).toEqual({ opened: false, reason: 'older' });
    }
  });

  it('[E2E-11] is refused as foreign by another user', async () => {
    expect(await openVault({ sealed, userId: bob.userId, vaultKey })).toEqual({ opened: false, reason: 'foreign' });
  });

  it('[E2E-11] is refused as altered with any member changed', async () => {
    const { nonce, ciphertext, authTag } = JSON.parse(sealed);
    const flip = (text: string): string => encodeBase64(decodeBase64(text).map((byte, at) => (at === 0 ? byte ^ 1 : byte)));
    const changes = [
      { keyVersion: 3 },
      { counter: 8 },
      { nonce: flip(nonce) },
      { ciphertext: flip(ciphertext) },
      { authTag: flip(authTag) },
      { v: 2 },
      { counter: undefined },
    ];
    for (const change of changes) {
      expect(await openVault({ sealed: altered(change), userId, vaultKey })).toEqual({ opened: false, reason: 'altered' });
    }
    expect(await openVault({ sealed: altered({}), userId, vaultKey })).toMatchObject({ opened: true });
  });

  it("[E2E-11] of another user is not accepted under this one's name", async () => {
    const theirs = await sealVault({ contents, userId: bob.userId, keyVersion: 2, counter: 7, vaultKey, random });
    const renamed = JSON.stringify({ ...JSON.parse(theirs), userId });
    expect(await openVault({ sealed: renamed, userId, vaultKey })).toEqual({ opened: false, reason: 'altered' });
  });

  it('[E2E-11] is refused as altered with another key or where it is no vault at all', async () => {
    const expected = { opened: false, reason: 'altered' };
    expect(await openVault({ sealed, userId, vaultKey: random(32) })).toEqual(expected);
    for (const text of ['', '{}', 'null']) expect(await openVault({ sealed: text, userId, vaultKey })).toEqual(expected);
  });

  it('[E2E-11] is not sealed over contents that could not be read back', async () => {
    const seal = (name: string): Promise<string> =>
      sealVault({ contents: { name }, userId, keyVersion: 1, counter: 1, vaultKey, random });
    await expect(seal('\u0000')).rejects.toThrow(StrictJsonError);
    await expect(seal('Bob')).resolves.toContain('"v":1');
  });
});

describe('the vault key', () => {
  const wrappingKey = random(32);

  it('[E2E-11] unwraps with the wrapping key for its user', async () => {
    const wrappedVaultKey = await wrapVaultKey({ vaultKey, wrappingKey, userId, random });
    expect(decodeBase64(wrappedVaultKey)).toHaveLength(60);
    expect(await unwrapVaultKey({ wrappedVaultKey, wrappingKey, userId })).toEqual(vaultKey);
  });

  it('[E2E-11] does not unwrap with another key, for another user or from other text', async () => {
    const wrappedVaultKey = await wrapVaultKey({ vaultKey, wrappingKey, userId, random });
    expect(await unwrapVaultKey({ wrappedVaultKey, wrappingKey: random(32), userId })).toBeNull();
    expect(await unwrapVaultKey({ wrappedVaultKey, wrappingKey, userId: bob.userId })).toBeNull();
    expect(await unwrapVaultKey({ wrappedVaultKey: 'AAAA', wrappingKey, userId })).toBeNull();
    for (const at of [0, 12, 59]) {
      const bytes = decodeBase64(wrappedVaultKey).map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(await unwrapVaultKey({ wrappedVaultKey: encodeBase64(bytes), wrappingKey, userId })).toBeNull();
    }
  });

  it('[E2E-11] has 32 bytes, never another number', async () => {
    await expect(wrapVaultKey({ vaultKey: random(16), wrappingKey, userId, random })).rejects.toThrow(RangeError);
  });
});

describe('splitPasswordHash', () => {
  it('[E2E-11] gives two secrets of 32 bytes that HKDF-SHA256 tells apart', async () => {
    const hash = random(64);
    const derive = (info: string): Uint8Array => new Uint8Array(hkdfSync('sha256', hash, Buffer.alloc(0), info, 32));
    expect(await splitPasswordHash(hash)).toEqual({
      authSecret: derive('securechat-auth-secret-v1'),
      wrappingKey: derive('securechat-wrapping-key-v1'),
    });
  });

  it('[E2E-11] takes 64 bytes, never another number', async () => {
    await expect(splitPasswordHash(random(32))).rejects.toThrow(RangeError);
  });
});
