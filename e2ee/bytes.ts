const encoder = new TextEncoder();

/** Encodes text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Joins byte strings in order into a new one. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Joins lines with LF and encodes them as UTF-8, nothing after the last; the form of everything that is signed here.
 * Callers pass the domain-separation label first.
 */
export function encodeLines(...lines: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
  return encodeUtf8(lines.join('\n'));
}
