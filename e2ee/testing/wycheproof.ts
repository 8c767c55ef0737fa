import { openAesGcm, sealAesGcm } from '../aes-gcm.ts';
import { concatBytes } from '../bytes.ts';
import { hkdfSha256 } from '../hkdf.ts';
import { verifyEd25519, verifyEd25519Fast, x25519SharedSecret } from '../strict-nacl.ts';

/**
 * What became of one Wycheproof case: hex of what came out, `valid` for a signature that verifies, or `refused`.
 * The same judge runs under Node and in a browser, so that both can be compared with what the files say.
 */
export interface Verdict {
  readonly tcId: number;
  readonly verdict: string;
}

/** A file of vectors: cases in groups, which say what their cases share. */
export interface VectorFile<Group, Case> {
  readonly numberOfTests: number;
  readonly testGroups: readonly (Group & { readonly tests: readonly Case[] })[];
}

interface CaseFields {
  readonly tcId: number;
  readonly result: string;
  readonly flags: readonly string[];
}

export type Ed25519File = VectorFile<{ readonly publicKey: { readonly pk: string } }, CaseFields & { readonly msg: string; readonly sig: string }>;
export type X25519File = VectorFile<object, CaseFields & { readonly public: string; readonly private: string; readonly shared: string }>;
export type AesGcmFile = VectorFile<{ readonly ivSize: number; readonly keySize: number; readonly tagSize: number }, CaseFields & AesGcmCase>;
export type HkdfFile = VectorFile<object, CaseFields & { readonly ikm: string; readonly salt: string; readonly info: string; readonly size: number; readonly okm: string }>;

interface AesGcmCase {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
}

/** One family of vectors: what its file says of each case, and what the wrappers of this folder make of it. */
export interface Judge<File> {
  expected(file: File): readonly Verdict[];
  actual(file: File): Promise<readonly Verdict[]>;
}

const REFUSED = 'refused';

/** Judges signatures. Every flag is taken at the file's word: there is no `acceptable` here. @see docs/protocol.md [SIG-7] */
export const ed25519Judge: Judge<Ed25519File> = {
  expected: (file) => casesOf(file).map(({ tcId, result }) => ({ tcId, verdict: result === 'valid' ? 'valid' : REFUSED })),
  actual: (file) => judgeSignatures(file, (...claim) => Promise.resolve(verifyEd25519(...claim))),
};

/** Judges signatures as {@link ed25519Judge} does, through WebCrypto. @see docs/protocol.md [SIG-7] */
export const ed25519FastJudge: Judge<Ed25519File> = {
  expected: (file) => ed25519Judge.expected(file),
  actual: (file) => judgeSignatures(file, verifyEd25519Fast),
};

/**
 * Judges shared secrets. `valid` and `acceptable` cases alike give the secret of the file, points on the twist and
 * non-canonical ones included (RFC 7748 section 5), but for those with the flag `ZeroSharedSecret`: refused.
 * @see docs/protocol.md [E2E-3]
 */
export const x25519Judge: Judge<X25519File> = {
  expected: (file) => casesOf(file).map(({ tcId, flags, shared }) => ({ tcId, verdict: flags.includes('ZeroSharedSecret') ? REFUSED : shared })),
  actual: async (file) =>
    casesOf(file).map((test) => {
      const shared = x25519SharedSecret(fromHex(test.private), fromHex(test.public));
      return { tcId: test.tcId, verdict: shared === null ? REFUSED : toHex(shared) };
    }),
};

/** Judges what opens: `valid` cases with a key of 32, a nonce of 12 and a tag of 16 bytes; anything else is refused. @see docs/protocol.md [E2E-7] */
export const aesGcmOpenJudge: Judge<AesGcmFile> = {
  expected: (file) =>
    sizedCasesOf(file).map(({ tcId, result, msg, isOurSize }) => ({ tcId, verdict: result === 'valid' && isOurSize ? msg : REFUSED })),
  actual: (file) =>
    judgeEach(sizedCasesOf(file), async ({ key, iv, aad, ct, tag }) =>
      openAesGcm({ key: fromHex(key), nonce: fromHex(iv), additionalData: fromHex(aad), ciphertext: fromHex(ct), authTag: fromHex(tag) }),
    ),
};

/** Judges what sealing gives: ciphertext ‖ tag of the `valid` cases of our sizes; other sizes are refused. @see docs/protocol.md [E2E-7] */
export const aesGcmSealJudge: Judge<AesGcmFile> = {
  expected: (file) => sealableCasesOf(file).map(({ tcId, ct, tag, isOurSize }) => ({ tcId, verdict: isOurSize ? ct + tag : REFUSED })),
  actual: (file) =>
    judgeEach(sealableCasesOf(file), async ({ key, iv, aad, msg }) => {
      const sealed = await sealAesGcm({ key: fromHex(key), nonce: fromHex(iv), additionalData: fromHex(aad), plaintext: fromHex(msg) });
      return concatBytes(sealed.ciphertext, sealed.authTag);
    }),
};

/** Judges derived keys; the `invalid` cases ask for more than 8160 bytes and are refused. @see docs/protocol.md [E2E-7]; RFC 5869 section 2.3 */
export const hkdfJudge: Judge<HkdfFile> = {
  expected: (file) => casesOf(file).map(({ tcId, result, okm }) => ({ tcId, verdict: result === 'valid' ? okm : REFUSED })),
  actual: (file) =>
    judgeEach(casesOf(file), async ({ ikm, salt, info, size }) =>
      hkdfSha256({ ikm: fromHex(ikm), salt: fromHex(salt), info: fromHex(info), length: size }),
    ),
};

async function judgeSignatures(
  file: Ed25519File,
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>,
): Promise<readonly Verdict[]> {
  const cases = file.testGroups.flatMap(({ publicKey, tests }) => tests.map((test) => ({ ...test, pk: publicKey.pk })));
  return Promise.all(
    cases.map(async ({ tcId, pk, msg, sig }) => ({
      tcId,
      verdict: (await verify(fromHex(pk), fromHex(msg), fromHex(sig))) ? 'valid' : REFUSED,
    })),
  );
}

/** Takes null and a RangeError for a refusal; any other error is a fault, and thrown. */
async function judgeEach<Case extends CaseFields>(
  cases: readonly Case[],
  run: (test: Case) => Promise<Uint8Array | null>,
): Promise<readonly Verdict[]> {
  return Promise.all(
    cases.map(async (test) => {
      try {
        const bytes = await run(test);
        return { tcId: test.tcId, verdict: bytes === null ? REFUSED : toHex(bytes) };
      } catch (error) {
        if (error instanceof RangeError) return { tcId: test.tcId, verdict: REFUSED };
        throw error;
      }
    }),
  );
}

function casesOf<Group, Case>({ testGroups }: VectorFile<Group, Case>): readonly Case[] {
  return testGroups.flatMap(({ tests }) => tests);
}

function sizedCasesOf({ testGroups }: AesGcmFile): readonly (CaseFields & AesGcmCase & { readonly isOurSize: boolean })[] {
  return testGroups.flatMap(({ ivSize, keySize, tagSize, tests }) =>
    tests.map((test) => ({ ...test, isOurSize: ivSize === 96 && keySize === 256 && tagSize === 128 })),
  );
}

/** Leaves out what only a changed tag makes invalid: there is nothing to seal otherwise. */
function sealableCasesOf(file: AesGcmFile): readonly (CaseFields & AesGcmCase & { readonly isOurSize: boolean })[] {
  return sizedCasesOf(file).filter(({ result, isOurSize }) => result === 'valid' || !isOurSize);
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
