import { createPrivateKey, createPublicKey, hash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { JsonObject } from '../../protocol/json.ts';

/** RFC 8410: a private key in PKCS#8 is this and then its 32 bytes. */
const PKCS8 = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };

/** The time at which the cases live, in Unix seconds: that of the worked example of docs/protocol.md. */
export const CREATED = 1_795_000_000;
/** {@link CREATED} as the wire writes it. */
export const NOW = '2026-11-18T11:06:40.000Z';

/** A key made from a fixed seed; `publicKey` is b64. */
export interface TestKey {
  readonly algorithm: 'Ed25519' | 'X25519';
  readonly secret: Buffer;
  readonly publicBytes: Buffer;
  readonly publicKey: string;
  readonly keyObject: KeyObject;
}

/** Hashes bytes or the UTF-8 of a text, by node:crypto alone. */
export function sha256(input: Uint8Array | string): Buffer {
  return Buffer.from(hash('sha256', input, 'hex'), 'hex');
}

/** Gives b64(SHA-256(input)). */
export function sha256B64(input: Uint8Array | string): string {
  return sha256(input).toString('base64');
}

/** Gives b64url(SHA-256(input)). */
export function sha256B64Url(input: Uint8Array | string): string {
  return sha256(input).toString('base64url');
}

/** Joins lines with LF, nothing after the last. */
export function lines(...parts: readonly (string | number)[]): string {
  return parts.join('\n');
}

/** Gives the bytes that every run draws for a label: SHA-256 of `<label> 1`, `<label> 2` … one after the other. */
export function fixedBytes(label: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) => sha256(`${label} ${index + 1}`));
  return Buffer.concat(blocks).subarray(0, length);
}

/** Makes the Ed25519 key of a label; its seed is {@link fixedBytes} of it unless another is given. */
export function ed25519Key(label: string, seed: Buffer = fixedBytes(label, 32)): TestKey {
  return makeKey('Ed25519', seed);
}

/** Makes the X25519 key of a label; its secret is {@link fixedBytes} of it. */
export function x25519Key(label: string): TestKey {
  return makeKey('X25519', fixedBytes(label, 32));
}

/** Signs bytes or the UTF-8 of a text with node:crypto and gives b64. */
export function signB64(key: TestKey, message: Uint8Array | string): string {
  return sign(null, typeof message === 'string' ? Buffer.from(message) : message, key.keyObject).toString('base64');
}

/** Lists private test keys for a file of vectors by their names. */
export function listKeys(keys: Readonly<Record<string, TestKey>>): JsonObject {
  return Object.fromEntries(
    Object.entries(keys).map(([name, { algorithm, secret, publicKey }]) => [name, { algorithm, privateHex: secret.toString('hex'), publicKey }]),
  );
}

/** Flips the lowest bit of one byte, counted from the end if negative, and gives a copy. */
export function flipped(bytes: Uint8Array, at = 0): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
  return copy;
}

/** Flips like {@link flipped} in a b64 text. */
export function flippedB64(text: string, at = 0): string {
  return flipped(Buffer.from(text, 'base64'), at).toString('base64');
}

function makeKey(algorithm: TestKey['algorithm'], secret: Buffer): TestKey {
  const prefix = Buffer.from(algorithm === 'Ed25519' ? PKCS8.ed25519 : PKCS8.x25519, 'hex');
  const keyObject = createPrivateKey({ key: Buffer.concat([prefix, secret]), format: 'der', type: 'pkcs8' });
  const publicBytes = Buffer.from(createPublicKey(keyObject).export({ format: 'jwk' }).x ?? '', 'base64url');
  return { algorithm, secret, publicBytes, publicKey: publicBytes.toString('base64'), keyObject };
}
