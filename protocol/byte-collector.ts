/** How much a first small chunk reserves. */
const FIRST_CAPACITY = 1_024;

/** Collects a body as it comes in. */
export interface ByteCollector {
  /** Appends a copy of a chunk; false, and nothing appended, where the whole would be longer than allowed. */
  add(chunk: Uint8Array): boolean;
  /** Gives what came so far, in order, as a view that is not copied. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/**
 * Creates a collector of at most `maxBytes`. It holds at most 1 KiB or twice what came, whichever is more, however small the
 * chunks: none of them is kept, for a sender who is not known yet chooses their sizes, and a length that it merely
 * announces reserves nothing.
 * @see docs/protocol.md [SIG-11] [DISC-5]
 */
export function createByteCollector(maxBytes: number): ByteCollector {
  let buffer = new Uint8Array();
  let length = 0;
  return {
    add(chunk) {
      const needed = length + chunk.length;
      if (needed > maxBytes) return false;
      if (needed > buffer.length) {
        const grown = new Uint8Array(Math.min(maxBytes, Math.max(FIRST_CAPACITY, needed, 2 * buffer.length)));
        grown.set(buffer.subarray(0, length));
        buffer = grown;
      }
      buffer.set(chunk, length);
      length = needed;
      return true;
    },
    bytes: () => buffer.subarray(0, length),
  };
}
