import { createHash } from 'node:crypto';

/** Hashes the UTF-8 bytes of a text with SHA-256 and answers base64 of 32 bytes. */
export function sha256Base64(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64');
}

/** Hashes the UTF-8 bytes of a text with SHA-256 and answers base64url without padding. */
export function sha256Base64Url(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}
