import { ed25519KeyPairFromSeed, signEd25519 } from '../strict-nacl.ts';

/** A signature that nobody may accept, and why. */
export interface HostileSignature {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const ORDER_8_Y = BigInt('0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7');
const BASE_POINT = Uint8Array.of(0x58, ...new Uint8Array(31).fill(0x66));

/** Is what the honest signature of {@link honestSignature} is made over. */
export const HOSTILE_MESSAGE = Uint8Array.of(1, 2, 3);

/** Gives a signature that everybody accepts: the twin of the hostile ones. */
export function honestSignature(): HostileSignature {
  const { publicKey, secretKey } = ed25519KeyPairFromSeed(new Uint8Array(32).fill(7));
  return { name: 'an honest one', publicKey, signature: signEd25519(secretKey, HOSTILE_MESSAGE) };
}

/**
 * Makes what strict verification refuses where others differ: keys and R of small order, S + L, encodings that are not
 * canonical, and every wrong length.
 * @see docs/protocol.md [SIG-7]
 */
export function hostileSignatures(): readonly HostileSignature[] {
  const { publicKey, signature } = honestSignature();
  const [r, s] = [signature.slice(0, 32), signature.slice(32)];
  const smallOrder = [0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y].flatMap((y) => [encode(y), encode(y, 1)]);
  const nonCanonical = Array.from({ length: 19 }, (_, index) => P + BigInt(index)).flatMap((y) => [encode(y), encode(y, 1)]);
  const lengths = [0, 1, 31, 33, 64];
  return [
    // Under a key of small order [8·k]A vanishes: with S = 1 and R = B, one message in eight or more passes a lax verifier.
    ...smallOrder.map((key) => ({ name: `key of small order ${show(key)}`, publicKey: key, signature: join(BASE_POINT, encode(1n)) })),
    ...nonCanonical.map((key) => ({ name: `key not canonical ${show(key)}`, publicKey: key, signature })),
    ...[...smallOrder, ...nonCanonical].map((point) => ({ name: `R ${show(point)}`, publicKey, signature: join(point, s) })),
    ...[L, 2n * L, 8n * L].map((multiple) => ({ name: `S + ${multiple / L} L`, publicKey, signature: join(r, encode(numberOf(s) + multiple)) })),
    { name: 'S = L', publicKey, signature: join(r, encode(L)) },
    { name: 'S of all ones', publicKey, signature: join(r, new Uint8Array(32).fill(0xff)) },
    ...lengths.map((length) => ({ name: `key of ${length} bytes`, publicKey: new Uint8Array(length).fill(9), signature })),
    ...[...lengths, 63, 65, 128].filter((length) => length !== 64).map((length) => ({
      name: `signature of ${length} bytes`,
      publicKey,
      signature: Uint8Array.from({ length }, (_, index) => signature[index] ?? 0),
    })),
  ];
}

/** Gives the 32 bytes, little-endian, of a number below 2^255, with the sign bit of x. */
function encode(y: bigint, signBit = 0): Uint8Array {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => Number((y >> BigInt(8 * index)) & 0xffn));
  bytes[31] = (bytes[31] ?? 0) | (signBit << 7);
  return bytes;
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  return Uint8Array.of(...left, ...right);
}

function show(point: Uint8Array): string {
  return Array.from(point.slice(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('') + (((point[31] ?? 0) & 0x80) === 0 ? '+' : '-');
}
