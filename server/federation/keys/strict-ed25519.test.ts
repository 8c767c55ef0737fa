import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { decodeBase64Url } from '../../../protocol/base64.ts';
import { createStrictEd25519, isStrictPublicKey } from './strict-ed25519.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;
const BASE_POINT = hex(`58${'66'.repeat(31)}`);

const wycheproof = z
  .object({
    testGroups: z.array(
      z.object({
        publicKey: z.object({ pk: z.string() }),
        tests: z.array(z.object({ tcId: z.number(), comment: z.string(), msg: z.string(), sig: z.string(), result: z.enum(['valid', 'invalid']) })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../e2ee/testdata/wycheproof/ed25519_test.json', import.meta.url), 'utf8')));
const vectors = wycheproof.testGroups.flatMap(({ publicKey, tests }) => tests.map((test) => ({ ...test, pk: publicKey.pk })));

/** Reads a little-endian number. */
function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** The 32 bytes of a number below 2^255, little-endian, with the sign bit of x. */
function pointBytes(y: bigint, signBit = 0): Uint8Array {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => Number((y >> BigInt(8 * index)) & 0xffn));
  bytes[31] = (bytes[31] ?? 0) | (signBit << 7);
  return bytes;
}

const ORDER_8_Y = numberOf(hex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'));
const SMALL_ORDER = [0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y].flatMap((y) => [pointBytes(y, 0), pointBytes(y, 1)]);
const NON_CANONICAL = Array.from({ length: 19 }, (_, index) => P + BigInt(index)).flatMap((y) => [pointBytes(y, 0), pointBytes(y, 1)]);

const ed25519 = createStrictEd25519();
const message = Buffer.from('a message');

function makeSigned(): { publicKey: Uint8Array; signature: Uint8Array } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: decodeBase64Url(publicKey.export({ format: 'jwk' }).x ?? ''), signature: sign(null, message, privateKey) };
}

describe('strict Ed25519', () => {
  it('[SIG-7] the Wycheproof set is whole', () => {
    expect(vectors).toHaveLength(151);
  });

  it.each(vectors)('[SIG-7] Wycheproof $tcId is $result: $comment', ({ pk, msg, sig, result }) => {
    const claim = { publicKey: hex(pk), message: hex(msg), signature: hex(sig) };
    expect(ed25519.verify(claim)).toBe(result === 'valid');
  });

  it('[SIG-7] a signature with S + L is refused, the one with S accepted', () => {
    const { publicKey, signature } = makeSigned();
    const s = numberOf(signature.slice(32));
    const malleable = Buffer.concat([signature.slice(0, 32), pointBytes(s + L)]);
    expect(ed25519.verify({ publicKey, message, signature: malleable })).toBe(false);
    expect(ed25519.verify({ publicKey, message, signature })).toBe(true);
  });

  it('[SIG-7] every small-order key is refused, with the forgery that a plain verifier accepts under one', () => {
    for (const key of SMALL_ORDER) expect(isStrictPublicKey(key)).toBe(false);
    // Under the neutral element [k]A vanishes, so R = [S]B holds for every message; here S = 1 and R is the base point.
    const publicKey = pointBytes(1n);
    const signature = Buffer.concat([BASE_POINT, pointBytes(1n)]);
    expect(nacl.sign.detached.verify(message, signature, publicKey)).toBe(true);
    expect(ed25519.verify({ publicKey, message, signature })).toBe(false);
  });

  it('[SIG-7] an R of small order is refused though the equation holds', () => {
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const [a, r] = [decodeBase64Url(jwk.x ?? ''), pointBytes(1n)];
    const secret = createHash('sha512').update(decodeBase64Url(jwk.d ?? '')).digest().subarray(0, 32);
    const scalar = (numberOf(secret) & ((1n << 254n) - 8n)) | (1n << 254n);
    // With the neutral element as R, S = k·a satisfies [S]B = R + [k]A.
    const k = numberOf(createHash('sha512').update(r).update(a).update(message).digest());
    const signature = Buffer.concat([r, pointBytes((k * scalar) % L)]);
    expect(nacl.sign.detached.verify(message, signature, a)).toBe(true);
    expect(ed25519.verify({ publicKey: a, message, signature })).toBe(false);
  });

  it('[SIG-7] every small-order and every non-canonical R is refused', () => {
    const { publicKey, signature } = makeSigned();
    for (const r of [...SMALL_ORDER, ...NON_CANONICAL]) {
      expect(ed25519.verify({ publicKey, message, signature: Buffer.concat([r, signature.slice(32)]) })).toBe(false);
    }
  });

  it('[SIG-7] every non-canonical key is refused, an ordinary one accepted', () => {
    for (const key of NON_CANONICAL) expect(isStrictPublicKey(key)).toBe(false);
    expect(isStrictPublicKey(makeSigned().publicKey)).toBe(true);
  });

  it('[SIG-7] a key that is no point of the curve verifies nothing', () => {
    const { signature } = makeSigned();
    expect(ed25519.verify({ publicKey: pointBytes(2n), message, signature })).toBe(false);
  });

  it.each([0, 31, 33])('[SIG-7] a key of %i bytes is refused', (length) => {
    expect(ed25519.verify({ publicKey: new Uint8Array(length).fill(9), message, signature: makeSigned().signature })).toBe(false);
  });

  it('a verifier that keeps one key serves many', () => {
    const small = createStrictEd25519({ maxKeys: 1 });
    const [first, second] = [makeSigned(), makeSigned()];
    for (const signed of [first, second, first, second]) expect(small.verify({ ...signed, message })).toBe(true);
    expect(small.verify({ publicKey: first.publicKey, signature: second.signature, message })).toBe(false);
  });
});
