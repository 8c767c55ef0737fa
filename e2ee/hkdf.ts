/** The longest output of HKDF-SHA256: 255 blocks of 32 bytes. @see RFC 5869 section 2.3 */
const MAX_OUTPUT_BYTES = 255 * 32;

/**
 * Derives `length` bytes (1 to 8160) from `ikm` with HKDF-SHA256; throws a RangeError for any other length.
 * @see RFC 5869
 */
export async function hkdfSha256(options: {
  readonly ikm: Uint8Array;
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  readonly length: number;
}): Promise<Uint8Array<ArrayBuffer>> {
  const { ikm, salt, info, length } = options;
  if (!Number.isInteger(length) || length < 1 || length > MAX_OUTPUT_BYTES) {
    throw new RangeError('HKDF-SHA256 gives 1 to 8160 bytes.');
  }
  const key = await crypto.subtle.importKey('raw', new Uint8Array(ikm), 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(salt), info: new Uint8Array(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, length * 8));
}
