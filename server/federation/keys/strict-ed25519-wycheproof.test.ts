import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import * as z from 'zod';
import { createStrictEd25519 } from './strict-ed25519.ts';

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');

const file = z
  .object({
    numberOfTests: z.int(),
    testGroups: z.array(
      z.object({
        publicKey: z.object({ pk: z.string() }),
        tests: z.array(z.object({ tcId: z.int(), msg: z.string(), sig: z.string(), result: z.enum(['valid', 'invalid']) })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../e2ee/testdata/wycheproof/ed25519_test.json', import.meta.url), 'utf8')));

const cases = file.testGroups.flatMap(({ publicKey, tests }) =>
  tests.map(({ tcId, msg, sig, result }) => ({ tcId, publicKey: hex(publicKey.pk), message: hex(msg), signature: hex(sig), isValid: result === 'valid' })),
);

describe("the server's Ed25519", () => {
  it('[SIG-7] gives every case of the Wycheproof file its verdict, with keys kept and without', () => {
    expect(new Set(cases.map(({ tcId }) => tcId)).size).toBe(file.numberOfTests);
    for (const ed25519 of [createStrictEd25519(), createStrictEd25519({ maxKeys: 1 })]) {
      const verdicts = cases.map(({ tcId, ...claim }) => [tcId, ed25519.verify(claim)]);
      expect(verdicts).toEqual(cases.map(({ tcId, isValid }) => [tcId, isValid]));
    }
  });

  test.each([0, 1, 31, 32, 63, 65, 128])('[SIG-7] a signature of %i bytes is refused without an error', (length) => {
    const valid = cases.find(({ isValid }) => isValid);
    if (valid === undefined) throw new Error('The file has no valid case.');
    const signature = Uint8Array.from({ length }, (_, index) => valid.signature[index] ?? 0);
    expect(createStrictEd25519().verify({ ...valid, signature })).toBe(false);
    expect(createStrictEd25519().verify(valid)).toBe(true);
  });
});
