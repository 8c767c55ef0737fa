import { createHash } from 'node:crypto';

/** p = 2^255 − 19. @see RFC 8032 section 5.1 */
export const FIELD_PRIME = 2n ** 255n - 19n;
/** L, the order of the base point. @see RFC 8032 section 5.1 */
export const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

/** A point of edwards25519 in affine coordinates. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const D = mod(-121_665n * inverse(121_666n));
const SQRT_MINUS_ONE = power(2n, (FIELD_PRIME - 1n) / 4n);

const NEUTRAL: Point = { x: 0n, y: 1n };
/** The base point B. */
export const BASE: Point = { x: recoverX(mod(4n * inverse(5n)), 0n), y: mod(4n * inverse(5n)) };

/** Adds two points by the affine law, slow and plain. @see RFC 8032 section 5.1.4 */
export function addPoints(a: Point, b: Point): Point {
  const product = mod(D * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + product)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  };
}

/** Multiplies a point by a number from 0. */
export function multiply(scalar: bigint, point: Point): Point {
  let [sum, doubled] = [NEUTRAL, point];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) sum = addPoints(sum, doubled);
    doubled = addPoints(doubled, doubled);
  }
  return sum;
}

/** Encodes a point in 32 bytes. @see RFC 8032 section 5.1.2 */
export function encodePoint({ x, y }: Point): Buffer {
  return toBytes(y | ((x & 1n) << 255n));
}

/** Writes a number below 2^256 in 32 bytes, little-endian. */
export function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

/** Reads a little-endian number. */
export function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** Gives the eight points whose order divides 8, the neutral one first: the multiples of one point of order 8. */
export function torsionPoints(): readonly Point[] {
  const generator = { y: fromBytes(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex')), x: 0n };
  const point = { ...generator, x: recoverX(generator.y, 0n) };
  return Array.from({ length: 8 }, (_, index) => multiply(BigInt(index), point));
}

/** Computes k = SHA-512(R ‖ A ‖ M) mod L over the encodings as they are. @see RFC 8032 section 5.1.7 */
export function challenge(encodedR: Uint8Array, encodedA: Uint8Array, message: Uint8Array): bigint {
  return fromBytes(createHash('sha512').update(encodedR).update(encodedA).update(message).digest()) % ORDER;
}

/** Gives the secret scalar of a seed. @see RFC 8032 section 5.1.5 */
export function secretScalar(seed: Uint8Array): bigint {
  const digest = createHash('sha512').update(seed).digest().subarray(0, 32);
  return (fromBytes(digest) & ((1n << 254n) - 8n)) | (1n << 254n);
}

function recoverX(y: bigint, sign: bigint): bigint {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (FIELD_PRIME + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * SQRT_MINUS_ONE);
  if (mod(x * x) !== square) throw new Error('There is no such point.');
  return (x & 1n) === sign ? x : mod(-x);
}

function inverse(value: bigint): bigint {
  return power(mod(value), FIELD_PRIME - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function mod(value: bigint): bigint {
  return ((value % FIELD_PRIME) + FIELD_PRIME) % FIELD_PRIME;
}
