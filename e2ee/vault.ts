import * as z from 'zod';

import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import type { UserId } from '../protocol/ids.ts';
import { canonicalizeJson, parseStrictJson } from '../protocol/json.ts';
import type { JsonValue } from '../protocol/json.ts';
import { base64Field, base64SomeField, userIdField } from '../protocol/schemas/fields.ts';
import { AES_KEY_BYTES, AES_NONCE_BYTES, AES_TAG_BYTES, openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { concatBytes, encodeLines, encodeUtf8 } from './bytes.ts';
import { hkdfSha256 } from './hkdf.ts';
import type { RandomBytes } from './random.ts';

const PASSWORD_HASH_BYTES = 64;

/** What a vault is bound to: whose it is, which version of the identity it holds, how often it has been sealed. */
interface VaultBinding {
  readonly userId: UserId;
  readonly keyVersion: number;
  readonly counter: number;
}

/**
 * What opening a vault gives: the contents, or why not. `older` than what this client has seen, `foreign` by user id,
 * `altered` in any byte or sealed under another key.
 */
type OpenedVault =
  | ({ readonly opened: true; readonly contents: JsonValue } & VaultBinding)
  | { readonly opened: false; readonly reason: 'older' | 'foreign' | 'altered' };

const sealedVault = z.object({
  v: z.literal(1),
  userId: userIdField,
  keyVersion: z.int().min(1),
  counter: z.int().min(1),
  nonce: base64Field(AES_NONCE_BYTES),
  ciphertext: base64SomeField,
  authTag: base64Field(AES_TAG_BYTES),
});

/**
 * Seals contents (JSON) under the vault key (32 bytes) with AES-256-GCM and gives a JSON text for the server to keep.
 * `counter` is one more than that of the vault before; nothing but the binding can be read from outside.
 * Throws StrictJsonError for contents that are not strict JSON of at most 16 levels.
 * @see docs/protocol.md [E2E-11]
 */
export async function sealVault(
  options: VaultBinding & {
    readonly contents: JsonValue;
    readonly vaultKey: Uint8Array;
    readonly random: RandomBytes;
  },
): Promise<string> {
  const { contents, userId, keyVersion, counter, vaultKey, random } = options;
  const plaintext = encodeUtf8(canonicalizeJson(contents));
  // Contents that the strict reader would refuse must not be sealed: they would be lost.
  parseStrictJson(plaintext);
  const nonce = random(AES_NONCE_BYTES);
  const { ciphertext, authTag } = await sealAesGcm({
    key: vaultKey,
    nonce,
    additionalData: bindingInput({ userId, keyVersion, counter }),
    plaintext,
  });
  return canonicalizeJson({
    v: 1,
    userId,
    keyVersion,
    counter,
    nonce: encodeBase64(nonce),
    ciphertext: encodeBase64(ciphertext),
    authTag: encodeBase64(authTag),
  });
}

/**
 * Opens what {@link sealVault} gave for this user, if it is no older than `newestSeen`, the key version and counter that
 * this client saw last (absent on a new device, which has seen none). A higher counter under an older key version is
 * older too.
 * @see docs/protocol.md [E2E-11]
 */
export async function openVault(options: {
  readonly sealed: string;
  readonly userId: UserId;
  readonly vaultKey: Uint8Array;
  readonly newestSeen?: Pick<VaultBinding, 'keyVersion' | 'counter'>;
}): Promise<OpenedVault> {
  const { sealed, userId, vaultKey, newestSeen } = options;
  const read = sealedVault.safeParse(parseOrNull(encodeUtf8(sealed)));
  if (!read.success) return { opened: false, reason: 'altered' };
  const { keyVersion, counter, nonce, ciphertext, authTag } = read.data;
  if (read.data.userId !== userId) return { opened: false, reason: 'foreign' };
  const plaintext = await openAesGcm({
    key: vaultKey,
    nonce: decodeBase64(nonce),
    additionalData: bindingInput({ userId, keyVersion, counter }),
    ciphertext: decodeBase64(ciphertext),
    authTag: decodeBase64(authTag),
  });
  if (plaintext === null) return { opened: false, reason: 'altered' };
  if (newestSeen !== undefined && (keyVersion < newestSeen.keyVersion || counter < newestSeen.counter)) {
    return { opened: false, reason: 'older' };
  }
  return { opened: true, contents: parseStrictJson(plaintext), userId, keyVersion, counter };
}

/**
 * Wraps the vault key (32 bytes) under a wrapping key (32 bytes), from the password or the recovery key: b64 of
 * nonce 12 ‖ ciphertext 32 ‖ tag 16.
 * @see docs/protocol.md [E2E-11]
 */
export async function wrapVaultKey(options: {
  readonly vaultKey: Uint8Array;
  readonly wrappingKey: Uint8Array;
  readonly userId: UserId;
  readonly random: RandomBytes;
}): Promise<string> {
  const { vaultKey, wrappingKey, userId, random } = options;
  if (vaultKey.length !== AES_KEY_BYTES) throw new RangeError('A vault key has 32 bytes.');
  const nonce = random(AES_NONCE_BYTES);
  const { ciphertext, authTag } = await sealAesGcm({
    key: wrappingKey,
    nonce,
    additionalData: wrappingInput(userId),
    plaintext: vaultKey,
  });
  return encodeBase64(concatBytes(nonce, ciphertext, authTag));
}

/** Unwraps what {@link wrapVaultKey} gave, null for another key, user or text. @see docs/protocol.md [E2E-11] */
export async function unwrapVaultKey(options: {
  readonly wrappedVaultKey: string;
  readonly wrappingKey: Uint8Array;
  readonly userId: UserId;
}): Promise<Uint8Array | null> {
  const { wrappedVaultKey, wrappingKey, userId } = options;
  const tagAt = AES_NONCE_BYTES + AES_KEY_BYTES;
  if (!base64Field(tagAt + AES_TAG_BYTES).safeParse(wrappedVaultKey).success) return null;
  const wrapped = decodeBase64(wrappedVaultKey);
  return openAesGcm({
    key: wrappingKey,
    nonce: wrapped.subarray(0, AES_NONCE_BYTES),
    additionalData: wrappingInput(userId),
    ciphertext: wrapped.subarray(AES_NONCE_BYTES, tagAt),
    authTag: wrapped.subarray(tagAt),
  });
}

/**
 * Splits the 64 bytes that Argon2id made of a password into the secret that signs in and the key that wraps the vault
 * key, 32 bytes each. Neither tells anything of the other, so the server that checks the first cannot make the second.
 * @see docs/protocol.md [E2E-11]
 */
export async function splitPasswordHash(
  hash64: Uint8Array,
): Promise<{ readonly authSecret: Uint8Array; readonly wrappingKey: Uint8Array }> {
  if (hash64.length !== PASSWORD_HASH_BYTES) throw new RangeError('A password hash has 64 bytes.');
  const derive = (label: string): Promise<Uint8Array> =>
    hkdfSha256({ ikm: hash64, salt: new Uint8Array(), info: encodeUtf8(label), length: AES_KEY_BYTES });
  return {
    authSecret: await derive('securechat-auth-secret-v1'),
    wrappingKey: await derive('securechat-wrapping-key-v1'),
  };
}

function bindingInput({ userId, keyVersion, counter }: VaultBinding): Uint8Array {
  return encodeLines('securechat-vault-v1', userId, keyVersion, counter);
}

function wrappingInput(userId: UserId): Uint8Array {
  return encodeLines('securechat-vault-key-v1', userId);
}

function parseOrNull(bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(bytes);
  } catch {
    return null;
  }
}
