import type { Domain, KeyId } from './ids.ts';

/** What the signature of a request covers; `bodySha256` is base64 of the raw body's SHA-256. @see docs/protocol.md [SIG-2] */
export interface SignedRequestFields {
  readonly method: string;
  readonly target: string;
  readonly keyId: Domain;
  readonly destination: Domain;
  readonly kid: KeyId;
  /** Unix seconds. */
  readonly created: number;
  readonly nonce: string;
  readonly bodySha256: string;
}

/** What the signature of an answer covers; `nonce` is the request's. @see docs/protocol.md [SIG-8] */
export interface SignedResponseFields extends Omit<SignedRequestFields, 'method' | 'target'> {
  readonly status: number;
}

/** Builds the text that a request's signature is made over. @see docs/protocol.md [SIG-2] */
export function canonicalRequest(fields: SignedRequestFields): string {
  const { method, target, keyId, destination, kid, created, nonce, bodySha256 } = fields;
  return ['securechat-s2s-v1', method, target, keyId, destination, kid, created, nonce, bodySha256].join('\n');
}

/** Builds the text that an answer's signature is made over. @see docs/protocol.md [SIG-8] */
export function canonicalResponse(fields: SignedResponseFields): string {
  const { status, keyId, destination, kid, created, nonce, bodySha256 } = fields;
  return ['securechat-s2s-v1-response', status, keyId, destination, kid, created, nonce, bodySha256].join('\n');
}
