const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS_PER_CHARACTER = 5;

/**
 * Formats a recovery key (32 bytes) for people: 52 characters of Crockford's base32, the last with four zero bits, in
 * 13 groups of four joined by hyphens.
 * @see https://www.crockford.com/base32.html; docs/protocol.md [E2E-11]
 */
export function formatRecoveryKey(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = (bits.match(/.{1,5}/g) ?? []).map(
    (group) => ALPHABET[Number.parseInt(group.padEnd(BITS_PER_CHARACTER, '0'), 2)] ?? '',
  );
  return characters.join('').replace(/.{4}(?=.)/g, '$&-');
}
