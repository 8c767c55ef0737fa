import { describe, expect, it, test } from 'vitest';
import { encodeBase64 } from '../base64.ts';
import { publicKeyAnswer } from './public-key-answer.ts';

const key = encodeBase64(new Uint8Array(32).fill(1));
const signature = encodeBase64(new Uint8Array(64).fill(2));
const full = {
  publicKey: key,
  userId: 'alice@a.test',
  signingKey: key,
  keyVersion: 2,
  createdAt: '2026-11-22T18:40:00.000Z',
  bindingSignature: signature,
  previous: [{ signingKey: key, signature }],
};

describe('[API-1] the answer with a public key', () => {
  test.each([['of Core', { publicKey: key }], ['of Full', full], ['of Full for a first key', { ...full, keyVersion: 1, previous: [] }]])('is read: %s', (_, answer) => {
    expect(publicKeyAnswer.parse(answer)).toEqual(answer);
  });

  it('[API-10] loses the members it does not know', () => {
    expect(publicKeyAnswer.parse({ ...full, later: 1, previous: [{ signingKey: key, signature, later: 1 }] })).toEqual(full);
  });

  test.each<[string, object]>([
    ['no publicKey', { publicKey: undefined }], ['a publicKey of 31 bytes', { publicKey: encodeBase64(new Uint8Array(31)) }], ['a publicKey in base64url', { publicKey: '_'.repeat(43) }],
    ['a malformed userId', { userId: 'Alice@a.test' }], ['a signingKey that is null', { signingKey: null }], ['keyVersion 0', { keyVersion: 0 }], ['keyVersion 1.5', { keyVersion: 1.5 }],
    ['a createdAt without milliseconds', { createdAt: '2026-11-22T18:40:00Z' }], ['a bindingSignature of 32 bytes', { bindingSignature: key }],
    ['a previous that is no list', { previous: {} }], ['a previous entry without signature', { previous: [{ signingKey: key }] }],
  ])('is refused with %s', (_, changes) => {
    expect(publicKeyAnswer.safeParse({ ...full, ...changes }).success).toBe(false);
  });
});
