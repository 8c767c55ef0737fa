import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createRecentMap } from './recent-map.ts';

const POINT_BYTES = 32;
const SIGNATURE_BYTES = 64;
const DEFAULT_KEPT_KEYS = 4_096;

/** What stands before the 32 bytes of a key in its SubjectPublicKeyInfo. @see RFC 8410 section 4 */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** L, the order of the base point, little-endian. @see RFC 8032 section 5.1 */
const ORDER = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** p = 2^255 − 19, little-endian. */
const FIELD_PRIME = Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex');

/**
 * The y coordinates of the eight points whose order divides 8, little-endian, without the sign bit of x. The two
 * points with x = 0 are among them, so the sign bit that these must not carry needs no check of its own.
 */
const SMALL_ORDER_Y: readonly Buffer[] = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
].map((hex) => Buffer.from(hex, 'hex'));

/** One signature to verify: `publicKey` 32 bytes, `signature` 64; other lengths verify as false. */
interface Ed25519Claim {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Verifies Ed25519 signatures strictly; never throws for what a stranger sent. */
export interface StrictEd25519 {
  verify(claim: Ed25519Claim): boolean;
}

/**
 * Creates a verifier over node:crypto that does not rely on what one release of OpenSSL refuses and another accepts:
 * canonical encodings, S < L, no public key and no R of small order are checked here. OpenSSL then compares R with
 * [S]B − [k]A byte by byte, without cofactor. Imported keys are kept, `maxKeys` of them, because importing takes as
 * long as verifying.
 * @see docs/protocol.md [SIG-7]; RFC 8032 section 5.1.7
 */
export function createStrictEd25519({ maxKeys = DEFAULT_KEPT_KEYS }: { maxKeys?: number } = {}): StrictEd25519 {
  const kept = createRecentMap<string, KeyObject>(maxKeys);

  function findKey(publicKey: Uint8Array): KeyObject | null {
    const name = Buffer.from(publicKey).toString('latin1');
    const known = kept.get(name);
    if (known !== undefined) return known;
    const imported = isStrictPublicKey(publicKey) ? importKey(publicKey) : null;
    if (imported !== null) kept.set(name, imported);
    return imported;
  }

  return {
    verify({ publicKey, message, signature }) {
      if (!isStrictSignature(signature)) return false;
      const key = findKey(publicKey);
      return key !== null && verify(null, message, key, signature);
    },
  };
}

/**
 * Tells whether 32 bytes may be a federation key: canonical and not of small order. That they decode to a point of
 * the curve at all shows when they verify.
 * @see docs/protocol.md [KEY-3] [SIG-7]; RFC 8032 section 5.1.3
 */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === POINT_BYTES && isStrictPoint(publicKey);
}

function isStrictSignature(signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isStrictPoint(signature.subarray(0, POINT_BYTES)) &&
    isBelow(signature.subarray(POINT_BYTES), ORDER)
  );
}

function isStrictPoint(encoded: Uint8Array): boolean {
  const y = new Uint8Array(encoded);
  y[POINT_BYTES - 1] = (y[POINT_BYTES - 1] ?? 0) & 0x7f;
  return isBelow(y, FIELD_PRIME) && !SMALL_ORDER_Y.some((small) => small.equals(y));
}

/** Compares two little-endian numbers of equal length; all values here are public, so time may depend on them. */
function isBelow(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = right.length - 1; index >= 0; index -= 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function importKey(publicKey: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  } catch {
    // A provider that decodes the point on import refuses one that is not on the curve: it verifies nothing.
    return null;
  }
}
