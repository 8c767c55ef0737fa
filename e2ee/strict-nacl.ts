import nacl from 'tweetnacl';

import { isStrictPoint, isStrictSignature } from './ed25519-encoding.ts';
import type { RandomBytes } from './random.ts';

/** A public key of 32 bytes and its secret key: 32 bytes for X25519, 64 (seed ‖ public key) for Ed25519. */
interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

const KEY_BYTES = 32;
const BOX_NONCE_BYTES = 24;

/** Says that an X25519 public key is not of 32 bytes, or gives every secret key the same, all-zero shared secret. @see RFC 7748 section 6.1 */
export class WeakPublicKeyError extends Error {
  override readonly name = 'WeakPublicKeyError';
  readonly code = 'weak_public_key';

  constructor() {
    super('The public key gives no usable shared secret.');
  }
}

/**
 * Verifies an Ed25519 signature (64 bytes) strictly: canonical encodings, S < L, no small-order public key or R, and
 * [S]B = R + [k]A without cofactor. Never throws: wrong lengths are false.
 * @see docs/protocol.md [SIG-7]
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrictPoint(publicKey) || !isStrictSignature(signature)) return false;
  return nacl.sign.detached.verify(message, signature, publicKey);
}

/**
 * Verifies like {@link verifyEd25519} and gives the same answers, through WebCrypto where the runtime has Ed25519:
 * many times faster, which is what reading a long history needs. Never rejects.
 * @see docs/protocol.md [SIG-7]; RFC 8032 and W3C Secure Curves in Web Cryptography
 */
export async function verifyEd25519Fast(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!isStrictPoint(publicKey) || !isStrictSignature(signature)) return false;
  try {
    const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message));
  } catch {
    // The runtime has no Ed25519, or takes offence at the key where it should say false: the slow way decides.
    return verifyEd25519(publicKey, message, signature);
  }
}

/** Signs a message with an Ed25519 secret key of 64 bytes and gives 64 bytes. @see RFC 8032 section 5.1.6 */
export function signEd25519(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  return nacl.sign.detached(message, secretKey);
}

/** Makes an Ed25519 key pair from 32 random bytes. @see RFC 8032 section 5.1.5 */
export function ed25519KeyPair(random: RandomBytes): KeyPair {
  return ed25519KeyPairFromSeed(random(KEY_BYTES));
}

/** Gives the Ed25519 key pair of a seed of 32 bytes. @see RFC 8032 section 5.1.5 */
export function ed25519KeyPairFromSeed(seed: Uint8Array): KeyPair {
  return nacl.sign.keyPair.fromSeed(seed);
}

/** Makes an X25519 key pair from 32 random bytes. @see RFC 7748 section 6.1 */
export function x25519KeyPair(random: RandomBytes): KeyPair {
  return x25519KeyPairFromSecretKey(random(KEY_BYTES));
}

/** Gives the X25519 key pair of a secret key of 32 bytes. @see RFC 7748 section 6.1 */
export function x25519KeyPairFromSecretKey(secretKey: Uint8Array): KeyPair {
  return nacl.box.keyPair.fromSecretKey(secretKey);
}

/**
 * Computes the X25519 shared secret of two keys, null where it is all zero or a key is not of 32 bytes. Never throws.
 * @see RFC 7748 section 6.1; docs/protocol.md [E2E-3]
 */
export function x25519SharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array | null {
  if (secretKey.length !== KEY_BYTES || publicKey.length !== KEY_BYTES) return null;
  const shared = nacl.scalarMult(secretKey, publicKey);
  return shared.some((byte) => byte !== 0) ? shared : null;
}

/**
 * Encrypts and authenticates with nacl.box (X25519, XSalsa20-Poly1305), nonce 24 bytes; the result is 16 bytes longer
 * than the plaintext. Throws {@link WeakPublicKeyError} where the two keys have no shared secret.
 * @see docs/protocol.md [E2E-3]
 */
export function boxSeal(options: {
  readonly plaintext: Uint8Array;
  readonly nonce: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}): Uint8Array {
  const { plaintext, nonce, publicKey, secretKey } = options;
  if (x25519SharedSecret(secretKey, publicKey) === null) throw new WeakPublicKeyError();
  return nacl.box(plaintext, nonce, publicKey, secretKey);
}

/** Opens what {@link boxSeal} gave, null for a wrong key, nonce, length or byte, or an all-zero shared secret. @see docs/protocol.md [E2E-3] */
export function boxOpen(options: {
  readonly box: Uint8Array;
  readonly nonce: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}): Uint8Array | null {
  const { box, nonce, publicKey, secretKey } = options;
  if (nonce.length !== BOX_NONCE_BYTES) return null;
  if (x25519SharedSecret(secretKey, publicKey) === null) return null;
  return nacl.box.open(box, nonce, publicKey, secretKey);
}

/** Hashes bytes to 64 bytes at once, without waiting for WebCrypto. @see FIPS 180-4, SHA-512 */
export function sha512(bytes: Uint8Array): Uint8Array {
  return nacl.hash(bytes);
}
