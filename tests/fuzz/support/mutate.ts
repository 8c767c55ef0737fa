import type { Random } from './random.ts';

/** Characters that parsers treat apart, or that look like others which they treat apart. */
const ODD_TEXTS: readonly string[] = [
  '', '\0', '\t', '\n', '\r\n', ' ', '\u00a0', '\u2028', '\ufeff', '\u200b', '\u0301', '\u212a', '\u017f', 'ß', 'é', 'İ', '😀', '\ud800', '\udc00',
  '\u0660', '\uff0e', '\uff21', '%2e', '%', '..', '//', '\\', '"', "'", '=', ';', ',', ':', '@', '-', '_', '~', '.', '/', '+', '0', '1', '9', 'A', 'Z', 'a', 'z',
];
const ODD_BYTES: readonly number[] = [0x00, 0x01, 0x09, 0x0a, 0x20, 0x22, 0x3f, 0x40, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xbf, 0xc0, 0xc3, 0xed, 0xef, 0xff];
const MAX_CHANGES = 4;

/** Changes a text in one to four places; `others` are texts of the same kind to take pieces from. */
export function mutateText(random: Random, text: string, others: readonly string[]): string {
  let changed = text;
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left -= 1) changed = mutateTextOnce(random, changed, others);
  return changed;
}

function mutateTextOnce(random: Random, text: string, others: readonly string[]): string {
  const from = random.below(text.length + 1);
  const to = from + random.below(Math.min(8, text.length - from + 1));
  const [before, piece, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (random.below(9)) {
    case 0: // flip a bit
      return before + String.fromCharCode(text.charCodeAt(from) ^ (1 << random.below(8))) + text.slice(from + 1);
    case 1: // leave a piece out
      return before + after;
    case 2: // say a piece twice
      return before + piece + piece + after;
    case 3: // put something odd in
      return before + random.pick(ODD_TEXTS) + text.slice(from);
    case 4: // put something odd in its place
      return before + random.pick(ODD_TEXTS) + after;
    case 5: // end early
      return before;
    case 6: // swap the case of a piece
      return before + (piece === piece.toLowerCase() ? piece.toUpperCase() : piece.toLowerCase()) + after;
    case 7: // go on as another does
      return before + splice(random, random.pick(others));
    default: // exchange a word for one of another
      return exchangeWord(random, text, random.pick(others));
  }
}

function splice(random: Random, other: string): string {
  return other.slice(random.below(other.length + 1));
}

function exchangeWord(random: Random, text: string, other: string): string {
  const words = other.match(/[A-Za-z0-9._-]+/g) ?? [''];
  const places = [...text.matchAll(/[A-Za-z0-9._-]+/g)];
  if (places.length === 0) return text;
  const place = random.pick(places);
  return text.slice(0, place.index) + random.pick(words) + text.slice(place.index + place[0].length);
}

/** Repeats a piece of a text, or something odd, until the text has about `length` characters. */
export function swellText(random: Random, text: string, length: number): string {
  const at = random.below(text.length + 1);
  const piece = random.once(2) ? random.pick(ODD_TEXTS) : text.slice(at, at + 1 + random.below(40));
  if (piece === '') return text;
  return text.slice(0, at) + piece.repeat(Math.ceil(length / piece.length)) + text.slice(at);
}

/** Changes bytes in one to four places. */
export function mutateBytes(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let changed = bytes;
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left -= 1) changed = mutateBytesOnce(random, changed, others);
  return changed;
}

function mutateBytesOnce(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const setTo = (value: number): Uint8Array => Buffer.concat([before, Buffer.of(value & 0xff), after.subarray(1)]);
  switch (random.below(7)) {
    case 0:
      return setTo((bytes[at] ?? 0) ^ (1 << random.below(8)));
    case 1:
      return setTo(random.pick(ODD_BYTES));
    case 2:
      return Buffer.concat([before, after.subarray(random.below(6))]);
    case 3:
      return Buffer.concat([before, after.subarray(0, 1 + random.below(12)), after]);
    case 4:
      return Buffer.concat([before, Buffer.of(random.pick(ODD_BYTES)), after]);
    case 5:
      return before;
    default: {
      const other = random.pick(others);
      return Buffer.concat([before, other.subarray(random.below(other.length + 1))]);
    }
  }
}
