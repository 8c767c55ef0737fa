const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const INVALID = 0xff;
const PAD = 0x3d;

const latin1 = new TextDecoder('latin1');

interface Alphabet {
  readonly codes: Uint8Array;
  readonly values: Uint8Array;
  readonly padded: boolean;
}

const standard = createAlphabet(STANDARD, true);
const urlSafe = createAlphabet(URL_SAFE, false);

/** Says that a text is not canonical base64 of its kind; never echoes the text. */
export class Base64Error extends Error {
  override readonly name = 'Base64Error';
  readonly code = 'not_canonical';

  constructor() {
    super('The text is not canonical base64.');
  }
}

/** Encodes bytes as padded base64. @see RFC 4648 section 4 */
export function encodeBase64(bytes: Uint8Array): string {
  return encode(bytes, standard);
}

/** Decodes padded base64; throws {@link Base64Error} unless encoding the result gives the same text. @see RFC 4648 sections 3.5 and 4 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return decode(text, standard);
}

/** Encodes bytes as unpadded base64url. @see RFC 4648 section 5 */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encode(bytes, urlSafe);
}

/** Decodes unpadded base64url; throws {@link Base64Error} unless encoding the result gives the same text. @see RFC 4648 sections 3.5 and 5 */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return decode(text, urlSafe);
}

/** Measures what {@link decodeBase64} would give, in bytes, without making it; throws {@link Base64Error} as that does. */
export function base64ByteLength(text: string): number {
  return measure(text, standard);
}

/** Measures what {@link decodeBase64Url} would give, in bytes, without making it; throws {@link Base64Error} as that does. */
export function base64UrlByteLength(text: string): number {
  return measure(text, urlSafe);
}

function createAlphabet(letters: string, padded: boolean): Alphabet {
  const codes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const values = new Uint8Array(256).fill(INVALID);
  codes.forEach((code, value) => (values[code] = value));
  return { codes, values, padded };
}

function encode(bytes: Uint8Array, { codes, padded }: Alphabet): string {
  const tail = bytes.length % 3;
  const whole = bytes.length - tail;
  const tailLength = tail === 0 ? 0 : padded ? 4 : tail + 1;
  const out = new Uint8Array((whole / 3) * 4 + tailLength);
  const letter = (value: number): number => codes[value & 63] ?? 0;
  let to = 0;
  for (let from = 0; from < whole; from += 3) {
    const group = (byteAt(bytes, from) << 16) | (byteAt(bytes, from + 1) << 8) | byteAt(bytes, from + 2);
    out[to++] = letter(group >> 18);
    out[to++] = letter(group >> 12);
    out[to++] = letter(group >> 6);
    out[to++] = letter(group);
  }
  if (tail > 0) {
    const group = (byteAt(bytes, whole) << 16) | (tail === 2 ? byteAt(bytes, whole + 1) << 8 : 0);
    out[to++] = letter(group >> 18);
    out[to++] = letter(group >> 12);
    if (tail === 2) out[to++] = letter(group >> 6);
    out.fill(PAD, to);
  }
  return latin1.decode(out);
}

function decode(text: string, { values, padded }: Alphabet): Uint8Array<ArrayBuffer> {
  const length = unpaddedLength(text, padded);
  const tail = length % 4;
  if (tail === 1) throw new Base64Error();
  const whole = length - tail;
  const out = new Uint8Array((whole / 4) * 3 + Math.max(0, tail - 1));
  let to = 0;
  // Every letter's value is below 64, so a higher bit anywhere in the union means a foreign character.
  let union = 0;
  const value = (index: number): number => values[text.charCodeAt(index)] ?? INVALID;
  for (let from = 0; from < whole; from += 4) {
    const [a, b, c, d] = [value(from), value(from + 1), value(from + 2), value(from + 3)];
    union |= a | b | c | d;
    out[to++] = (a << 2) | (b >> 4);
    out[to++] = (b << 4) | (c >> 2);
    out[to++] = (c << 6) | d;
  }
  if (tail > 0) {
    const [a, b, c] = [value(whole), value(whole + 1), tail === 3 ? value(whole + 2) : 0];
    union |= a | b | c;
    const unusedBits = tail === 2 ? b & 0x0f : c & 0x03;
    if (unusedBits !== 0) throw new Base64Error();
    out[to++] = (a << 2) | (b >> 4);
    if (tail === 3) out[to++] = (b << 4) | (c >> 2);
  }
  if (union > 63) throw new Base64Error();
  return out;
}

function measure(text: string, { values, padded }: Alphabet): number {
  const length = unpaddedLength(text, padded);
  const tail = length % 4;
  if (tail === 1) throw new Base64Error();
  let union = 0;
  for (let index = 0; index < length; index += 1) union |= values[text.charCodeAt(index)] ?? INVALID;
  const last = values[text.charCodeAt(length - 1)] ?? 0;
  const unusedBits = tail === 0 ? 0 : last & (tail === 2 ? 0x0f : 0x03);
  if (union > 63 || unusedBits !== 0) throw new Base64Error();
  return ((length - tail) / 4) * 3 + Math.max(0, tail - 1);
}

function unpaddedLength(text: string, padded: boolean): number {
  if (!padded) return text.length;
  if (text.length % 4 !== 0) throw new Base64Error();
  if (text.endsWith('==')) return text.length - 2;
  return text.endsWith('=') ? text.length - 1 : text.length;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
