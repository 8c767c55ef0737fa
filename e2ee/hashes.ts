import { encodeBase64, encodeBase64Url } from '../protocol/base64.ts';
import { encodeUtf8 } from './bytes.ts';

/** Hashes bytes, or the UTF-8 of a text, to 32 bytes. @see FIPS 180-4, SHA-256 */
async function sha256(input: Uint8Array | string): Promise<Uint8Array<ArrayBuffer>> {
  // The copy gives WebCrypto a buffer that is not shared and that no caller can change while it hashes.
  const bytes = typeof input === 'string' ? encodeUtf8(input) : new Uint8Array(input);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** Hashes with {@link sha256} and gives padded base64, 44 characters. */
export async function sha256Base64(input: Uint8Array | string): Promise<string> {
  return encodeBase64(await sha256(input));
}

/** Hashes with {@link sha256} and gives unpadded base64url, 43 characters. */
export async function sha256Base64Url(input: Uint8Array | string): Promise<string> {
  return encodeBase64Url(await sha256(input));
}
