import { createHash } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { encodeBase64 } from './base64.ts';
import { KeyDocumentError, keyDocumentSigningInput, parseKeyDocument } from './key-document.ts';

const keyA = encodeBase64(new Uint8Array(32).fill(1));
const keyB = encodeBase64(new Uint8Array(32).fill(2));
const signature = encodeBase64(new Uint8Array(64).fill(3));
const minimal = {
  domain: 'a.test',
  publicKey: keyA,
  keys: [{ kid: 'k1', publicKey: keyA }],
  protocolVersions: ['v1'],
  validUntil: '2026-11-28T00:00:00.000Z',
  signatures: { k1: signature },
};
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => ({ kid: `k${index}`, publicKey: keyA }));
const signaturesOf = (count: number) => Object.fromEntries(keysOf(count).map(({ kid }) => [kid, signature]));
const parse = (changes: object) => parseKeyDocument(new TextEncoder().encode(JSON.stringify({ ...minimal, ...changes })));

describe('[KEY-2] a key document', () => {
  it('is read with its required members alone', () => {
    expect(parse({})).toEqual({
      ...minimal,
      endpoints: [],
      limits: { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 },
      received: minimal,
    });
  });

  test.each([
    ['two keys', { publicKey: keyB, keys: [{ kid: 'k1', publicKey: keyA }, { kid: 'k2', publicKey: keyB }], signatures: { k1: signature, k2: signature } }],
    ['eight keys', { keys: keysOf(8), signatures: signaturesOf(8) }],
    ['another version beside v1', { protocolVersions: ['v2', 'v1'] }],
    ['endpoints', { endpoints: ['s2s.a.test:8448', 'b.test:443', 'b.test:65535'] }],
    ['no endpoint', { endpoints: [] }],
    ['another profile', { profile: 'core' }],
    ['limits', { limits: { maxBodyBytes: 1000, maxMediaBytes: 5 } }],
    ['software', { software: { name: 'other', version: '1' } }],
    ['members it does not know', { later: { a: [1] }, keys: [{ kid: 'k1', publicKey: keyA, use: 'sig' }] }],
  ])('is read with %s', (_, changes) => {
    expect(parse(changes).received).toEqual({ ...minimal, ...changes });
  });

  it('gives the default of each limit that is not listed', () => {
    expect(parse({ limits: { maxBodyBytes: 1000 } }).limits).toEqual({ maxBodyBytes: 1000, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 });
  });

  it('may list a key by the kid __proto__', () => {
    const text = JSON.stringify({ ...minimal, keys: [{ kid: '__proto__', publicKey: keyA }], signatures: 0 });
    const bytes = new TextEncoder().encode(text.replace('"signatures":0', `"signatures":{"__proto__":"${signature}"}`));
    expect(parseKeyDocument(bytes).signatures['__proto__']).toBe(signature);
  });

  test.each([
    ['no domain', { domain: undefined }], ['a domain in capitals', { domain: 'A.test' }], ['no publicKey', { publicKey: undefined }],
    ['a publicKey that is not listed', { publicKey: keyB }], ['a publicKey of 31 bytes', { publicKey: encodeBase64(new Uint8Array(31)) }],
    ['no keys', { keys: undefined }], ['an empty list of keys', { keys: [], signatures: {} }], ['nine keys', { keys: keysOf(9), signatures: signaturesOf(9) }],
    ['a kid twice', { keys: [...keysOf(1), ...keysOf(1)], signatures: signaturesOf(1) }], ['a malformed kid', { keys: [{ kid: 'k.1', publicKey: keyA }], signatures: { 'k.1': signature } }],
    ['no protocolVersions', { protocolVersions: undefined }], ['no v1', { protocolVersions: ['v2'] }], ['a number among the versions', { protocolVersions: ['v1', 2] }],
    ['no validUntil', { validUntil: undefined }], ['a validUntil without milliseconds', { validUntil: '2026-11-28T00:00:00Z' }], ['no signatures', { signatures: undefined }],
    ['a signature missing', { signatures: {} }], ['a signature too many', { signatures: { k1: signature, k2: signature } }], ['another kid signed', { signatures: { k2: signature } }],
    ['a signature of 63 bytes', { signatures: { k1: encodeBase64(new Uint8Array(63)) } }], ['a list of signatures', { signatures: [signature] }],
    ['an endpoint without port', { endpoints: ['b.test'] }], ['an endpoint with port 0', { endpoints: ['b.test:0'] }], ['an endpoint with port 65536', { endpoints: ['b.test:65536'] }],
    ['an endpoint with a scheme', { endpoints: ['https://b.test:443'] }], ['an endpoint that is a number', { endpoints: [443] }], ['a profile that is no text', { profile: true }],
    ['a profile that is null', { profile: null }], ['a limit below zero', { limits: { maxBodyBytes: -1 } }], ['a limit as text', { limits: { maxBodyBytes: '1000' } }],
    ['limits that are a list', { limits: [] }], ['software without version', { software: { name: 'other' } }],
  ])('is refused with %s', (_, changes) => {
    expect(() => parse(changes)).toThrow(KeyDocumentError);
  });

  test.each(['', '[]', 'null', '"a"', '<html>', '{"domain":"a.test","domain":"b.test"}'])('is refused where the bytes are %j', (text) => {
    expect(() => parseKeyDocument(new TextEncoder().encode(text))).toThrow(KeyDocumentError);
  });

  it('is signed over every received member but signatures', () => {
    const hashed: string[] = [];
    const sha256Base64 = (text: string): string => {
      hashed.push(text);
      return createHash('sha256').update(text, 'utf8').digest('base64');
    };
    const input = keyDocumentSigningInput({ z: 1, later: true, domain: 'a.test', signatures: { k1: signature } }, sha256Base64);
    expect(hashed).toEqual(['{"domain":"a.test","later":true,"z":1}']);
    expect(input).toBe(`securechat-s2s-keys-v1\n${createHash('sha256').update(hashed.join('')).digest('base64')}`);
  });
});
