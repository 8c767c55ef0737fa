import { createHash } from 'node:crypto';

import { decodeBase64 } from '../../../protocol/base64.ts';
import { canonicalRequest } from '../../../protocol/canonical-string.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { formatSignatureHeader } from '../../../protocol/signature-header.ts';
import type { OwnKeys } from '../keys/own-keys.ts';

/** What the signing of a request needs of this server's keys. */
export type RequestSigner = Pick<OwnKeys, 'domain' | 'current'>;

/** One request as it will stand on the wire; `created` is Unix seconds, `nonce` 22 base64url characters. */
interface RequestToSign {
  readonly ownKeys: RequestSigner;
  readonly destination: Domain;
  readonly method: string;
  readonly target: string;
  readonly body: Uint8Array;
  readonly created: number;
  readonly nonce: string;
}

/** Signs a request and gives the value of its `X-Federation-Signature` header. @see docs/protocol.md [SIG-1] [SIG-2] */
export function signRequest({ ownKeys, destination, method, target, body, created, nonce }: RequestToSign): string {
  const { domain: keyId } = ownKeys;
  // Asked once: a rotation must not part the name from the signature.
  const key = ownKeys.current();
  const { kid } = key;
  const bodySha256 = createHash('sha256').update(body).digest('base64');
  const signature = decodeBase64(key.sign(canonicalRequest({ method, target, keyId, destination, kid, created, nonce, bodySha256 })));
  return formatSignatureHeader({ keyId, kid, destination, created, nonce, signature });
}
