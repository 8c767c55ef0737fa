const SIGMA = Buffer.from('expand 32-byte k');
const POLY_PRIME = 2n ** 130n - 5n;
const POLY_CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** Places of the four words that each step of a double round mixes, columns first. @see Salsa20 specification, sections 4 to 7 */
const QUARTERS = [
  [0, 4, 8, 12], [5, 9, 13, 1], [10, 14, 2, 6], [15, 3, 7, 11], [0, 1, 2, 3], [5, 6, 7, 4], [10, 11, 8, 9], [15, 12, 13, 14],
] as const;

/**
 * Encrypts like nacl.box once X25519 gave the shared secret: HSalsa20, XSalsa20 and Poly1305 written from their
 * definitions, plain and slow, as a second path beside the product's library. Gives tag ‖ ciphertext.
 * @see https://nacl.cr.yp.to/secretbox.html
 */
export function plainBox(options: { readonly sharedSecret: Uint8Array; readonly nonce: Uint8Array; readonly plaintext: Uint8Array }): Buffer {
  const { sharedSecret, nonce, plaintext } = options;
  const key = hsalsa20(sharedSecret, new Uint8Array(16));
  const stream = xsalsa20(key, nonce, 32 + plaintext.length);
  const ciphertext = Buffer.from(plaintext.map((byte, index) => byte ^ (stream[32 + index] ?? 0)));
  return Buffer.concat([poly1305(stream.subarray(0, 32), ciphertext), ciphertext]);
}

function xsalsa20(key: Uint8Array, nonce: Uint8Array, length: number): Buffer {
  const subkey = hsalsa20(key, nonce.subarray(0, 16));
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, counter) => {
    const input = Buffer.alloc(16);
    input.set(nonce.subarray(16, 24));
    input.writeBigUInt64LE(BigInt(counter), 8);
    const start = salsaInput(subkey, input);
    return fromWords(twentyRounds(start).map((word, index) => (word + (start[index] ?? 0)) >>> 0));
  });
  return Buffer.concat(blocks).subarray(0, length);
}

function hsalsa20(key: Uint8Array, input: Uint8Array): Buffer {
  const mixed = twentyRounds(salsaInput(key, input));
  return fromWords([0, 5, 10, 15, 6, 7, 8, 9].map((index) => mixed[index] ?? 0));
}

function salsaInput(key: Uint8Array, input: Uint8Array): number[] {
  const [k, n] = [Buffer.from(key), Buffer.from(input)];
  const parts = [SIGMA.subarray(0, 4), k.subarray(0, 16), SIGMA.subarray(4, 8), n, SIGMA.subarray(8, 12), k.subarray(16), SIGMA.subarray(12)];
  const joined = Buffer.concat(parts);
  return Array.from({ length: 16 }, (_, index) => joined.readUInt32LE(index * 4));
}

function twentyRounds(start: readonly number[]): number[] {
  const words = [...start];
  const mix = (to: number, [left, right, bits]: [number, number, number]): void => {
    const sum = ((words[left] ?? 0) + (words[right] ?? 0)) >>> 0;
    words[to] = ((words[to] ?? 0) ^ ((sum << bits) | (sum >>> (32 - bits)))) >>> 0;
  };
  for (let round = 0; round < 10; round += 1) {
    for (const [a, b, c, d] of QUARTERS) {
      mix(b, [a, d, 7]);
      mix(c, [b, a, 9]);
      mix(d, [c, b, 13]);
      mix(a, [d, c, 18]);
    }
  }
  return words;
}

function fromWords(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => bytes.writeUInt32LE(word, index * 4));
  return bytes;
}

function poly1305(key: Uint8Array, message: Uint8Array): Buffer {
  const r = littleEndian(key.subarray(0, 16)) & POLY_CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % POLY_PRIME;
  }
  const tag = (sum + littleEndian(key.subarray(16, 32))) % 2n ** 128n;
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
}
