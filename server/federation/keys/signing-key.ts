import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { decodeBase64Url, encodeBase64, encodeBase64Url } from '../../../protocol/base64.ts';
import { parseKeyId } from '../../../protocol/ids.ts';
import type { KeyId } from '../../../protocol/ids.ts';
import { OwnKeyError } from './own-key-error.ts';

const KEY_ID_LENGTH = 16;

/** One federation key of ours; the secret stays inside. @see docs/protocol.md [KEY-1] */
export interface SigningKey {
  readonly kid: KeyId;
  /** Base64 of 32 bytes. */
  readonly publicKey: string;
  /** Signs the UTF-8 bytes of a text with Ed25519 and gives base64 of 64 bytes. */
  sign(input: string): string;
}

/** Generates a federation key from the system's randomness and gives it as PKCS#8 PEM, which is secret. @see docs/protocol.md [KEY-1] */
export function generateKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Reads one Ed25519 key in PKCS#8 PEM; its name is made of the hash of its public half. Throws {@link OwnKeyError}. */
export function readSigningKey(pem: string): SigningKey {
  const privateKey = readPrivateKey(pem);
  const publicKey = decodeBase64Url(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '');
  const fingerprint = encodeBase64Url(createHash('sha256').update(publicKey).digest());
  return {
    kid: parseKeyId(fingerprint.slice(0, KEY_ID_LENGTH)),
    publicKey: encodeBase64(publicKey),
    sign: (input) => sign(null, Buffer.from(input, 'utf8'), privateKey).toString('base64'),
  };
}

function readPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // The parser's own words may quote what it read.
  }
  throw new OwnKeyError('not_ed25519');
}
