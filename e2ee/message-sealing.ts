import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import type { ConversationId } from '../protocol/ids.ts';
import { canonicalizeJson } from '../protocol/json.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { EncryptedPayload } from '../protocol/schemas/encrypted-payload.ts';
import { AES_KEY_BYTES, AES_NONCE_BYTES, openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { concatBytes, encodeLines, encodeUtf8 } from './bytes.ts';
import { sha256Base64 } from './hashes.ts';
import { hkdfSha256 } from './hkdf.ts';

/** The epoch whose session key a message is sealed under. */
interface MessageKeySource {
  readonly sessionKey: Uint8Array;
  readonly conversationId: ConversationId;
  readonly epoch: number;
}

/** A payload before it is signed. */
type UnsignedPayload = Omit<EncryptedPayload, 'signature'>;

/** Encrypts padded plaintext under the epoch's message key; `nonce` is 12 bytes, never used twice. @see docs/protocol.md [E2E-7] */
export async function sealPlaintext(options: {
  readonly source: MessageKeySource;
  readonly nonce: Uint8Array;
  readonly associatedData: JsonObject;
  readonly plaintext: Uint8Array;
}): Promise<UnsignedPayload> {
  const { source, nonce, associatedData, plaintext } = options;
  const key = await deriveMessageKey(source);
  const additionalData = encodeUtf8(canonicalizeJson(associatedData));
  const { ciphertext, authTag } = await sealAesGcm({ key, nonce, additionalData, plaintext });
  return {
    nonce: encodeBase64(nonce),
    ciphertext: encodeBase64(ciphertext),
    authTag: encodeBase64(authTag),
    associatedData,
  };
}

/** Decrypts a payload under the epoch's message key, null where anything of it was changed. @see docs/protocol.md [E2E-7] */
export async function openPlaintext(source: MessageKeySource, payload: UnsignedPayload): Promise<Uint8Array | null> {
  const nonce = decodeBase64(payload.nonce);
  if (nonce.length !== AES_NONCE_BYTES) return null;
  return openAesGcm({
    key: await deriveMessageKey(source),
    nonce,
    additionalData: encodeUtf8(canonicalizeJson(payload.associatedData)),
    ciphertext: decodeBase64(payload.ciphertext),
    authTag: decodeBase64(payload.authTag),
  });
}

/** Gives the bytes that the sender signs. @see docs/protocol.md [E2E-7] */
export async function messageSignatureInput(payload: UnsignedPayload): Promise<Uint8Array> {
  const { associatedData, nonce, ciphertext, authTag } = payload;
  return encodeLines(
    'securechat-message-v1',
    await sha256Base64(canonicalizeJson(associatedData)),
    nonce,
    await sha256Base64(concatBytes(decodeBase64(ciphertext), decodeBase64(authTag))),
  );
}

function deriveMessageKey({ sessionKey, conversationId, epoch }: MessageKeySource): Promise<Uint8Array> {
  return hkdfSha256({
    ikm: sessionKey,
    salt: new Uint8Array(),
    info: encodeLines('securechat-message-key-v1', conversationId, epoch),
    length: AES_KEY_BYTES,
  });
}
