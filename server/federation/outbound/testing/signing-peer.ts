import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import { decodeBase64Url } from '../../../../protocol/base64.ts';
import { canonicalResponse } from '../../../../protocol/canonical-string.ts';
import type { Domain, KeyId } from '../../../../protocol/ids.ts';
import { parseKeyId } from '../../../../protocol/ids.ts';
import { formatSignatureHeader } from '../../../../protocol/signature-header.ts';

/** What the signature of one answer says; every member can be made to lie. */
interface AnswerClaims {
  readonly keyId: Domain;
  readonly kid: KeyId;
  readonly destination: Domain;
  readonly created: number;
  readonly nonce: string;
  readonly status: number;
  readonly body: Uint8Array;
}

/** A Full peer that signs its answers; `publicKey` is 32 bytes. */
export interface SigningPeer {
  readonly kid: KeyId;
  readonly publicKey: Uint8Array;
  /** Gives the value of the header that belongs to these claims. */
  signAnswer(claims: Omit<AnswerClaims, 'kid'> & { readonly kid?: KeyId }): string;
}

/** Creates a peer with a new key. */
export function createSigningPeer(kid = parseKeyId('peer-1')): SigningPeer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    kid,
    publicKey: decodeBase64Url(publicKey.export({ format: 'jwk' }).x ?? ''),
    signAnswer(claims) {
      const fields = { kid, ...claims, bodySha256: createHash('sha256').update(claims.body).digest('base64') };
      return formatSignatureHeader({ ...fields, signature: sign(null, Buffer.from(canonicalResponse(fields)), privateKey) });
    },
  };
}
