/** The length of an encoded point: a public key, and R, the first half of a signature. @see RFC 8032 section 5.1.2 */
const POINT_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** L, the order of the base point, little-endian. @see RFC 8032 section 5.1 */
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** p = 2^255 − 19, little-endian. */
const FIELD_PRIME = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');

/**
 * The y coordinates of the eight points whose order divides 8, little-endian, without the sign bit of x.
 * The two points with x = 0 are among them, so the sign bit that such a point must not carry needs no check of its own.
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  // Order 1 and 2: y = 1 and y = −1, both with x = 0.
  fromHex('0100000000000000000000000000000000000000000000000000000000000000'),
  fromHex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'),
  // Order 4: y = 0, two points.
  fromHex('0000000000000000000000000000000000000000000000000000000000000000'),
  // Order 8: y and −y, four points.
  fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
  fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
];

/**
 * Tells whether 32 bytes may stand for a public key or for R: the encoding is canonical and the point not of small
 * order. That the bytes decode to a point of the curve at all is left to the verifier behind this check.
 * @see docs/protocol.md [SIG-7]; RFC 8032 section 5.1.3
 */
export function isStrictPoint(encoded: Uint8Array): boolean {
  if (encoded.length !== POINT_BYTES) return false;
  const y = Uint8Array.from(encoded, (byte, index) => (index === POINT_BYTES - 1 ? byte & 0x7f : byte));
  return isBelow(y, FIELD_PRIME) && !SMALL_ORDER_Y.some((small) => isEqual(y, small));
}

/**
 * Tells whether 64 bytes may stand for a signature R ‖ S: R is a strict point and S below the group order, so that
 * nobody can turn one valid signature into a second.
 * @see docs/protocol.md [SIG-7]; RFC 8032 section 5.1.7
 */
export function isStrictSignature(signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isStrictPoint(signature.subarray(0, POINT_BYTES)) &&
    isBelow(signature.subarray(POINT_BYTES), ORDER)
  );
}

/** Compares two little-endian numbers of equal length; only public values come here, so time may depend on them. */
function isBelow(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = right.length - 1; index >= 0; index -= 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.every((byte, index) => byte === right[index]);
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}
