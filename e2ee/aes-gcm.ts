import { concatBytes } from './bytes.ts';

/** The length of every AES-256-GCM key here, in bytes. */
export const AES_KEY_BYTES = 32;
/** The length of every AES-GCM nonce here, in bytes. @see NIST SP 800-38D section 5.2.1.1 */
export const AES_NONCE_BYTES = 12;
/** The length of every AES-GCM tag here, in bytes. */
export const AES_TAG_BYTES = 16;

/** What AES-256-GCM gives: as many bytes of ciphertext as of plaintext, and the tag apart. */
interface AesGcmBox {
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  readonly authTag: Uint8Array<ArrayBuffer>;
}

/**
 * Encrypts with AES-256-GCM; throws a RangeError unless the key has 32 bytes and the nonce 12.
 * The caller never uses a nonce twice under one key.
 * @see NIST SP 800-38D
 */
export async function sealAesGcm(options: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly additionalData: Uint8Array;
  readonly plaintext: Uint8Array;
}): Promise<AesGcmBox> {
  const { key, nonce, additionalData, plaintext } = options;
  const cryptoKey = await importKey(key, nonce, 'encrypt');
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(gcmParameters(nonce, additionalData), cryptoKey, new Uint8Array(plaintext)),
  );
  const split = sealed.length - AES_TAG_BYTES;
  return { ciphertext: sealed.slice(0, split), authTag: sealed.slice(split) };
}

/**
 * Decrypts what {@link sealAesGcm} gave, null where tag, nonce, additional data or ciphertext do not belong together;
 * throws a RangeError unless the key has 32 bytes, the nonce 12 and the tag 16.
 * @see NIST SP 800-38D
 */
export async function openAesGcm(options: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly additionalData: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly authTag: Uint8Array;
}): Promise<Uint8Array<ArrayBuffer> | null> {
  const { key, nonce, additionalData, ciphertext, authTag } = options;
  if (authTag.length !== AES_TAG_BYTES) throw new RangeError('An AES-GCM tag has 16 bytes.');
  const cryptoKey = await importKey(key, nonce, 'decrypt');
  const sealed = concatBytes(ciphertext, authTag);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcmParameters(nonce, additionalData), cryptoKey, sealed));
  } catch (error) {
    // The one error that the specification names for a wrong tag; anything else is a fault of ours.
    if (error instanceof DOMException && error.name === 'OperationError') return null;
    throw error;
  }
}

async function importKey(key: Uint8Array, nonce: Uint8Array, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  if (key.length !== AES_KEY_BYTES) throw new RangeError('An AES-256-GCM key has 32 bytes.');
  if (nonce.length !== AES_NONCE_BYTES) throw new RangeError('An AES-GCM nonce has 12 bytes.');
  return crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, [usage]);
}

function gcmParameters(nonce: Uint8Array, additionalData: Uint8Array): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: new Uint8Array(nonce),
    additionalData: new Uint8Array(additionalData),
    tagLength: AES_TAG_BYTES * 8,
  };
}
