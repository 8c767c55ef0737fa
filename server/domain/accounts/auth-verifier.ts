import { createHash, timingSafeEqual } from 'node:crypto';

const SALT_BYTES = 16;

/**
 * Makes what the server keeps of an authentication secret: base64 of a fresh salt and SHA-256(salt ‖ secret).
 * A fast hash suffices, because the secret is 32 bytes out of Argon2id already; a stolen table signs nobody in.
 */
export function createAuthVerifier(authSecret: Uint8Array, randomBytes: (length: number) => Uint8Array): string {
  const salt = randomBytes(SALT_BYTES);
  return Buffer.concat([salt, saltedHash(salt, authSecret)]).toString('base64');
}

/** Tells in constant time whether a secret belongs to a verifier. */
export function verifyAuthSecret(authSecret: Uint8Array, verifier: string): boolean {
  const stored = Buffer.from(verifier, 'base64');
  const salt = stored.subarray(0, SALT_BYTES);
  return timingSafeEqual(stored.subarray(SALT_BYTES), saltedHash(salt, authSecret));
}

function saltedHash(salt: Uint8Array, secret: Uint8Array): Buffer {
  return createHash('sha256').update(salt).update(secret).digest();
}
