import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import type { ConversationId } from '../protocol/ids.ts';
import { concatBytes, encodeUtf8 } from './bytes.ts';
import { sha256Base64 } from './hashes.ts';
import type { RandomBytes } from './random.ts';
import { boxOpen, boxSeal, x25519KeyPair } from './strict-nacl.ts';

const SESSION_KEY_BYTES = 32;
const WRAPPING_VERSION = 0x01;
const NONCE_AT = 33;
const NONCE_BYTES = 24;
const BOX_AT = NONCE_AT + NONCE_BYTES;
const WRAPPED_BYTES = 105;

/** Makes the 32 random bytes that one epoch of one conversation is encrypted under. @see docs/protocol.md [E2E-3] */
export function createSessionKey(random: RandomBytes): Uint8Array {
  return random(SESSION_KEY_BYTES);
}

/**
 * Wraps a session key for one member: b64 of the 105 bytes
 * 0x01 ‖ ephemeral public key 32 ‖ nonce 24 ‖ nacl.box(sessionKey).
 * Throws WeakPublicKeyError where the recipient's key gives an all-zero shared secret.
 * @see docs/protocol.md [E2E-3]
 */
export function wrapSessionKey(options: {
  readonly sessionKey: Uint8Array;
  readonly recipientPublicKey: Uint8Array;
  readonly random: RandomBytes;
}): string {
  const { sessionKey, recipientPublicKey, random } = options;
  if (sessionKey.length !== SESSION_KEY_BYTES) throw new RangeError('A session key has 32 bytes.');
  const ephemeral = x25519KeyPair(random);
  const nonce = random(NONCE_BYTES);
  const box = boxSeal({ plaintext: sessionKey, nonce, publicKey: recipientPublicKey, secretKey: ephemeral.secretKey });
  return encodeBase64(concatBytes(Uint8Array.of(WRAPPING_VERSION), ephemeral.publicKey, nonce, box));
}

/**
 * Unwraps what {@link wrapSessionKey} gave to the session key of 32 bytes; null where the text is no canonical b64 of
 * 105 bytes, the version is not 0x01, the shared secret is all zero, or the box was not made for this secret key.
 * The caller then compares {@link keyCommitment} with the epoch's statement.
 * @see docs/protocol.md [E2E-3]
 */
export function unwrapSessionKey(options: {
  readonly encryptedSessionKey: string;
  readonly recipientSecretKey: Uint8Array;
}): Uint8Array | null {
  const wrapped = decodeWrapped(options.encryptedSessionKey);
  if (wrapped === null || wrapped.length !== WRAPPED_BYTES || wrapped[0] !== WRAPPING_VERSION) return null;
  return boxOpen({
    publicKey: wrapped.subarray(1, NONCE_AT),
    nonce: wrapped.subarray(NONCE_AT, BOX_AT),
    box: wrapped.subarray(BOX_AT),
    secretKey: options.recipientSecretKey,
  });
}

/**
 * Computes the b64 `keyCommitment` by which a membership statement fixes its epoch's session key, so that no two
 * members can be given different keys unnoticed.
 * @see docs/protocol.md [E2E-4]
 */
export async function keyCommitment(options: {
  readonly conversationId: ConversationId;
  readonly epoch: number;
  readonly sessionKey: Uint8Array;
}): Promise<string> {
  const { conversationId, epoch, sessionKey } = options;
  const label = encodeUtf8(`securechat-key-commitment-v1\n${conversationId}\n${epoch}\n`);
  return sha256Base64(concatBytes(label, sessionKey));
}

function decodeWrapped(text: string): Uint8Array | null {
  try {
    return decodeBase64(text);
  } catch {
    return null;
  }
}
