import { argon2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { webRandomBytes } from '../../e2ee/random.ts';
import { decodeBase64 } from '../../protocol/base64.ts';
import { createPasswordHashing, hashPassword, isAcceptableHashing } from './argon2.ts';
import { formatRecoveryKey } from './recovery-key.ts';

const FLOOR = { algorithm: 'argon2id', salt: 'AAECAwQFBgcICQoLDA0ODw==', memoryKiB: 19_456, iterations: 2, parallelism: 1 } as const;

test('[E2E-11] a password hash is Argon2id, as another implementation computes it', async () => {
  const hash = await hashPassword('ﬁsh and chips', FLOOR);
  const expected = argon2Sync('argon2id', {
    message: 'fish and chips',
    nonce: decodeBase64(FLOOR.salt),
    memory: FLOOR.memoryKiB,
    passes: FLOOR.iterations,
    parallelism: FLOOR.parallelism,
    tagLength: 64,
  });
  expect(Buffer.from(hash).toString('hex')).toBe(expected.toString('hex'));
});

test('[E2E-11] the floor and the cost of new accounts are accepted', () => {
  expect(isAcceptableHashing(FLOOR)).toBe(true);
  expect(isAcceptableHashing(createPasswordHashing(webRandomBytes))).toBe(true);
});

test.each([
  ['memory below the floor', { memoryKiB: 19_455 }],
  ['one pass', { iterations: 1 }],
  ['no lane', { parallelism: 0 }],
  ['memory that no device has', { memoryKiB: 2_097_152 }],
  ['passes without end', { iterations: 1_000 }],
  ['a short salt', { salt: 'AAECAwQFBgc=' }],
  ['a salt that is no base64', { salt: '!' }],
])('[E2E-11] %s is refused', (_name, change) => {
  expect(isAcceptableHashing({ ...FLOOR, ...change })).toBe(false);
});

test('a recovery key is Crockford base32 in 13 groups of four', () => {
  expect(formatRecoveryKey(new Uint8Array(32))).toBe(Array(13).fill('0000').join('-'));
  expect(formatRecoveryKey(new Uint8Array(32).fill(255))).toBe(`${Array(12).fill('ZZZZ').join('-')}-ZZZG`);
});
