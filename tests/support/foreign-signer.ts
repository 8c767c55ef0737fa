import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalizeJson } from '../../protocol/json.ts';
import type { JsonValue } from '../../protocol/json.ts';

/** Ed25519 keys of a server that is none of ours. */
export interface ForeignKeys {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Base64 of 32 bytes. */
  readonly publicKeyBase64: string;
}

/** A request before it is signed; what is left out is as it should be. */
export interface UnsignedRequest {
  readonly method: string;
  readonly target: string;
  readonly body?: string | Uint8Array;
  readonly keyId: string;
  readonly destination: string;
  readonly kid?: string;
  /** Unix seconds. */
  readonly created?: number;
  readonly nonce?: string;
}

const DAY_MS = 86_400_000;
const RAW_KEY_BYTES = 32;

/** Makes a key under a name. */
export function createForeignKeys(kid = 'foreign-1'): ForeignKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { kid, privateKey, publicKeyBase64: spki.subarray(-RAW_KEY_BYTES).toString('base64') };
}

/** Gives the base64 of a SHA-256. */
export function sha256Base64(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** Signs a request as the text of [SIG-1] and [SIG-2] says, without the product's own code. */
export function signatureHeader(request: UnsignedRequest, keys: ForeignKeys): string {
  const { method, target, keyId, destination } = request;
  const kid = request.kid ?? keys.kid;
  const created = String(request.created ?? Math.floor(Date.now() / 1_000));
  const nonce = request.nonce ?? randomBytes(16).toString('base64url');
  const lines = ['securechat-s2s-v1', method, target, keyId, destination, kid, created, nonce, sha256Base64(request.body ?? '')];
  const signature = sign(null, Buffer.from(lines.join('\n')), keys.privateKey).toString('base64');
  return Object.entries({ keyId, kid, destination, created, nonce, signature })
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
}

/** Writes the signed key document of a domain [KEY-2], with whatever members it shall have beside the required ones. */
export function keyDocumentJson(
  domain: string,
  { kid, privateKey, publicKeyBase64 }: ForeignKeys,
  further: Readonly<Record<string, JsonValue>> = {},
): string {
  const members = {
    domain,
    publicKey: publicKeyBase64,
    keys: [{ kid, publicKey: publicKeyBase64 }],
    protocolVersions: ['v1'],
    validUntil: new Date(Date.now() + DAY_MS).toISOString(),
    ...further,
  };
  const input = `securechat-s2s-keys-v1\n${sha256Base64(canonicalizeJson(members))}`;
  return JSON.stringify({ ...members, signatures: { [kid]: sign(null, Buffer.from(input), privateKey).toString('base64') } });
}


/** What an answer says by its signature header; null where it has none. Whether it holds is judged as the text of [SIG-8] says. */
export function readAnswerSignature(
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string },
  publicKeyBase64: string,
): (Readonly<Record<string, string>> & { readonly holds: boolean }) | null {
  const header = answer.headers['x-federation-signature'];
  if (header === undefined) return null;
  const parameters = Object.fromEntries([...header.matchAll(/([A-Za-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const { keyId = '', destination = '', kid = '', created = '', nonce = '', signature = '' } = parameters;
  const lines = ['securechat-s2s-v1-response', answer.status, keyId, destination, kid, created, nonce, sha256Base64(answer.body)];
  const x = Buffer.from(publicKeyBase64, 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const holds = verify(null, Buffer.from(lines.join('\n')), key, Buffer.from(signature, 'base64'));
  return Object.assign(parameters, { holds });
}
