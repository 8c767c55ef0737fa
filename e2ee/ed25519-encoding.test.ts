import { describe, expect, it } from 'vitest';

import { isStrictPoint, isStrictSignature } from './ed25519-encoding.ts';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const ORDER_8_Y = BigInt('0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7');
const BASE_POINT_Y = (4n * inverse(5n)) % P;

describe('strict encodings of Ed25519', () => {
  it('[SIG-7] the base point is a strict point, with either sign', () => {
    expect(isStrictPoint(encode(BASE_POINT_Y))).toBe(true);
    expect(isStrictPoint(encode(BASE_POINT_Y + 2n ** 255n))).toBe(true);
  });

  it('[SIG-7] every point whose order divides 8 is refused, with either sign', () => {
    for (const y of [0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y]) {
      expect(isStrictPoint(encode(y))).toBe(false);
      expect(isStrictPoint(encode(y + 2n ** 255n))).toBe(false);
    }
  });

  it('[SIG-7] the listed y of order 8 doubles to order 4', () => {
    // Doubling gives y′ = (y² + x²) / (2 − y² + x²) with x² = (y² − 1) / (dy² + 1); order 4 has y = 0.
    const d = mod(-121665n * inverse(121666n));
    const ySquared = mod(ORDER_8_Y ** 2n);
    const xSquared = mod((ySquared - 1n) * inverse(mod(d * ySquared + 1n)));
    expect(mod(ySquared + xSquared)).toBe(0n);
  });

  it('[SIG-7] every y from p on is refused, the y just below the small ones of them is not', () => {
    for (let y = P; y < 2n ** 255n; y += 1n) {
      expect(isStrictPoint(encode(y))).toBe(false);
      expect(isStrictPoint(encode(y + 2n ** 255n))).toBe(false);
    }
    expect(isStrictPoint(encode(P - 2n))).toBe(true);
  });

  it('[SIG-7] S up to L − 1 is accepted, L and beyond are refused', () => {
    const signature = (s: bigint): Uint8Array => Uint8Array.from([...encode(BASE_POINT_Y), ...encode(s)]);
    expect(isStrictSignature(signature(0n))).toBe(true);
    expect(isStrictSignature(signature(L - 1n))).toBe(true);
    for (const s of [L, L + 1n, 2n * L, 2n ** 255n, 2n ** 256n - 1n]) expect(isStrictSignature(signature(s))).toBe(false);
  });

  it('[SIG-7] a small-order R is refused', () => {
    expect(isStrictSignature(Uint8Array.from([...encode(1n), ...encode(1n)]))).toBe(false);
  });

  it('[SIG-7] other lengths are refused', () => {
    const point = [...encode(BASE_POINT_Y)];
    expect(isStrictPoint(Uint8Array.from(point.slice(1)))).toBe(false);
    expect(isStrictPoint(Uint8Array.from([...point, 0]))).toBe(false);
    expect(isStrictSignature(Uint8Array.from([...point, ...encode(1n), 0]))).toBe(false);
  });
});

function encode(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function inverse(value: bigint): bigint {
  let result = 1n;
  let base = mod(value);
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}
