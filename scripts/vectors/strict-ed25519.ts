import { fixedBytes, flipped, listKeys, signB64 } from './fixed.ts';
import { addPoints, BASE, challenge, encodePoint, FIELD_PRIME, multiply, ORDER, secretScalar, toBytes, torsionPoints, fromBytes } from './plain-ed25519.ts';
import { FROM_A, requestLines, SERVER_KEYS } from './signed-exchange.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const KEY = SERVER_KEYS['a.test example-1'];
const SECRET = secretScalar(KEY.secret);
const TORSION = torsionPoints();
/** The order of each multiple of a point of order 8. */
const TORSION_ORDERS = [1, 8, 4, 8, 2, 8, 4, 8];
const TOP_BIT = 2n ** 255n;

const MESSAGE = Buffer.from(requestLines({ method: 'POST', target: '/federation/v1/hello', body: Buffer.from('{}') }, FROM_A));
const RIGHT = Buffer.from(signB64(KEY, MESSAGE), 'base64');
const [R, S] = [RIGHT.subarray(0, 32), fromBytes(RIGHT.subarray(32))];

interface Claim {
  readonly publicKey?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly message?: Uint8Array;
}

/** Lists claims about the signature of a request, many of which one library or another accepts. @see docs/protocol.md [SIG-7] */
export function strictEd25519Vectors(): VectorSubject {
  return {
    subject: 'strict-ed25519',
    notes: {
      Ordinary: 'A signature over the canonical string of a request.',
      Altered: 'A bit of signature, key or message is another.',
      Length: 'A key that has not 32 bytes, or a signature that has not 64.',
      ScalarRange: 'S is L or more. Without this check one signature makes a second.',
      SmallOrderKey: 'A public key whose order divides 8: some or all messages verify under it.',
      SmallOrderR: 'R is a point whose order divides 8.',
      NonCanonical: 'A point whose y is p or more, or that has the sign bit of x though x is 0.',
      NotOnCurve: 'An encoding that is no point of the curve.',
      MixedOrder: 'A point of large order with a part of small order. Nothing refuses it as such; the equation without the cofactor decides.',
      CofactorOnly: 'The equation holds only once both sides are multiplied by 8.',
    },
    privateTestKeys: listKeys({ 'a.test example-1': KEY }),
    groups: [{ type: 'StrictEd25519', clause: 'SIG-7', tests: [...ordinary(), ...scalars(), ...smallKeys(), ...smallRs(), ...nonCanonical(), ...mixed()] }],
  };
}

function inputOf({ publicKey = KEY.publicBytes, signature = RIGHT, message = MESSAGE }: Claim) {
  return { publicKeyHex: hex(publicKey), messageHex: hex(message), signatureHex: hex(signature) };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const accepts = (flag: string, comment: string, claim: Claim = {}) => valid(flag, comment, { input: inputOf(claim) });
const refuses = (flags: string | readonly string[], comment: string, claim: Claim) => invalid(flags, comment, { input: inputOf(claim), error: { code: 'signature_invalid' } });
const signatureOf = (r: Uint8Array, s: bigint): Buffer => Buffer.concat([r, toBytes(s)]);

function ordinary() {
  const [shorter, longer] = [Buffer.alloc(0), fixedBytes('a long message', 1_000)];
  return [
    accepts('Ordinary', 'a request'),
    accepts('Ordinary', 'an empty message', { message: shorter, signature: Buffer.from(signB64(KEY, shorter), 'base64') }),
    accepts('Ordinary', 'a long message', { message: longer, signature: Buffer.from(signB64(KEY, longer), 'base64') }),
    accepts('Ordinary', 'R with a number of one\u2019s own choice', { signature: signedWith(12_345n, MESSAGE) }),
    refuses('Altered', 'the first bit of R', { signature: flipped(RIGHT) }),
    refuses('Altered', 'the sign bit of R', { signature: RIGHT.map((byte, index) => (index === 31 ? byte ^ 0x80 : byte)) }),
    refuses('Altered', 'the first bit of S', { signature: flipped(RIGHT, 32) }),
    refuses('Altered', 'a bit of the message', { message: flipped(MESSAGE, 40) }),
    refuses('Altered', 'a line feed after the message', { message: Buffer.concat([MESSAGE, Buffer.from('\n')]) }),
    refuses('Altered', 'the sign bit of the key', { publicKey: KEY.publicBytes.map((byte, index) => (index === 31 ? byte ^ 0x80 : byte)) }),
    refuses('Altered', 'another key', { publicKey: SERVER_KEYS['b.test example-2'].publicBytes }),
    refuses('Altered', 'R and S the other way round', { signature: Buffer.concat([RIGHT.subarray(32), R]) }),
    refuses('Length', 'no signature', { signature: Buffer.alloc(0) }),
    refuses('Length', 'a signature of 63 bytes', { signature: RIGHT.subarray(0, 63) }),
    refuses('Length', 'a signature of 65 bytes', { signature: Buffer.concat([RIGHT, Buffer.alloc(1)]) }),
    refuses('Length', 'a signature and the message, as some libraries have it', { signature: Buffer.concat([RIGHT, MESSAGE]) }),
    refuses('Length', 'R alone', { signature: R }),
    refuses('Length', 'no key', { publicKey: Buffer.alloc(0) }),
    refuses('Length', 'a key of 31 bytes', { publicKey: KEY.publicBytes.subarray(0, 31) }),
    refuses('Length', 'a key of 33 bytes', { publicKey: Buffer.concat([KEY.publicBytes, Buffer.alloc(1)]) }),
    refuses('Length', 'a key with its header of DER', { publicKey: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), KEY.publicBytes]) }),
  ];
}

/** Signs with a number r of one's own choice. */
function signedWith(r: bigint, message: Buffer, secret: bigint = SECRET): Buffer {
  const encodedR = encodePoint(multiply(r, BASE));
  return signatureOf(encodedR, (r + challenge(encodedR, KEY.publicBytes, message) * secret) % ORDER);
}

function scalars() {
  return [
    refuses('ScalarRange', 'S + L', { signature: signatureOf(R, S + ORDER) }),
    refuses('ScalarRange', 'S + 2 L', { signature: signatureOf(R, S + 2n * ORDER) }),
    refuses('ScalarRange', 'S + 8 L', { signature: signatureOf(R, S + 8n * ORDER) }),
    refuses('ScalarRange', 'the largest S of 32 bytes that is S modulo L', { signature: signatureOf(R, S + ((2n ** 256n - 1n - S) / ORDER) * ORDER) }),
    refuses('ScalarRange', 'S = L', { signature: signatureOf(R, ORDER) }),
    refuses('ScalarRange', 'S = 2^256 - 1', { signature: signatureOf(R, 2n ** 256n - 1n) }),
    refuses('ScalarRange', 'S with its highest bit', { signature: signatureOf(R, S | TOP_BIT) }),
    refuses('Altered', 'S = 0', { signature: signatureOf(R, 0n) }),
    refuses('Altered', 'S = L - 1', { signature: signatureOf(R, ORDER - 1n) }),
  ];
}

/** Finds r so that k is a multiple of 8 under this key: then R = [r]B, S = r holds for a key of small order. */
function forged(publicKey: Buffer): Buffer {
  for (let r = 1n; ; r += 1n) {
    const encodedR = encodePoint(multiply(r, BASE));
    if (challenge(encodedR, publicKey, MESSAGE) % 8n === 0n) return signatureOf(encodedR, r);
  }
}

function smallKeys() {
  return TORSION.map((point, index) => {
    const publicKey = encodePoint(point);
    return refuses('SmallOrderKey', `a key of order ${TORSION_ORDERS[index]} under which anyone signs (${index})`, { publicKey, signature: forged(publicKey) });
  });
}

function smallRs() {
  const atR = (encodedR: Buffer): Buffer => signatureOf(encodedR, (challenge(encodedR, KEY.publicBytes, MESSAGE) * SECRET) % ORDER);
  return TORSION.map((point, index) =>
    refuses(index === 0 ? 'SmallOrderR' : ['SmallOrderR', 'CofactorOnly'], `R of order ${TORSION_ORDERS[index]} (${index})`, { signature: atR(encodePoint(point)) }),
  );
}

function nonCanonical() {
  const encodings: readonly (readonly [comment: string, value: bigint])[] = [
    ['y = p, order 4', FIELD_PRIME],
    ['y = p with the sign bit, order 4', FIELD_PRIME | TOP_BIT],
    ['y = p + 1, the neutral point', FIELD_PRIME + 1n],
    ['y = p + 1 with the sign bit', (FIELD_PRIME + 1n) | TOP_BIT],
    ['y = 1 with the sign bit though x is 0', 1n | TOP_BIT],
    ['y = p - 1 with the sign bit though x is 0', (FIELD_PRIME - 1n) | TOP_BIT],
    ['y = p + 3, of large order', FIELD_PRIME + 3n],
    ['y = 2^255 - 1', TOP_BIT - 1n],
    ['every bit set', 2n ** 256n - 1n],
  ];
  const asR = (value: bigint): Buffer => signatureOf(toBytes(value), (challenge(toBytes(value), KEY.publicBytes, MESSAGE) * SECRET) % ORDER);
  const offCurve = toBytes(2n);
  return [
    ...encodings.map(([comment, value]) => refuses('NonCanonical', `a key with ${comment}`, { publicKey: toBytes(value), signature: forged(toBytes(value)) })),
    ...encodings.map(([comment, value]) => refuses('NonCanonical', `R with ${comment}`, { signature: asR(value) })),
    refuses('NotOnCurve', 'a key with y = 2', { publicKey: offCurve, signature: forged(offCurve) }),
    refuses('NotOnCurve', 'R with y = 2', { signature: signatureOf(offCurve, S) }),
  ];
}

/** A key with a part of order 8, as a dishonest signer may publish it. */
function mixed() {
  const torsion = TORSION[1] ?? BASE;
  const publicKey = encodePoint(addPoints(multiply(SECRET, BASE), torsion));
  const find = (fits: (k: bigint) => boolean): Buffer => {
    for (let r = 1n; ; r += 1n) {
      const encodedR = encodePoint(multiply(r, BASE));
      const k = challenge(encodedR, publicKey, MESSAGE);
      if (fits(k)) return signatureOf(encodedR, (r + k * SECRET) % ORDER);
    }
  };
  const mixedR = encodePoint(addPoints(multiply(7n, BASE), torsion));
  return [
    accepts('MixedOrder', 'a key with a part of order 8, k a multiple of 8: the equation holds without the cofactor', { publicKey, signature: find((k) => k % 8n === 0n) }),
    refuses(['MixedOrder', 'CofactorOnly'], 'a key with a part of order 8, k odd', { publicKey, signature: find((k) => k % 2n === 1n) }),
    refuses(['MixedOrder', 'CofactorOnly'], 'a key with a part of order 8, k a multiple of 4 and not of 8', { publicKey, signature: find((k) => k % 8n === 4n) }),
    refuses(['MixedOrder', 'CofactorOnly'], 'R with a part of order 8', {
      signature: signatureOf(mixedR, (7n + challenge(mixedR, KEY.publicBytes, MESSAGE) * SECRET) % ORDER),
    }),
  ];
}
