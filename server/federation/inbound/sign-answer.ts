import { hash } from 'node:crypto';
import { decodeBase64 } from '../../../protocol/base64.ts';
import { canonicalResponse } from '../../../protocol/canonical-string.ts';
import { formatSignatureHeader, SIGNATURE_HEADER } from '../../../protocol/signature-header.ts';
import type { FederationSignature } from '../../../protocol/signature-header.ts';
import type { Clock } from '../../domain/ports.ts';
import type { OwnKeys } from '../keys/own-keys.ts';
import type { FederationAnswer } from './federation-exchange.ts';

/** The keys of the domain that answers. */
export type AnsweringKeys = Pick<OwnKeys, 'current'>;

/** Signs an answer to the authenticated request whose signature is given. */
export type SignAnswer = (answer: FederationAnswer, request: FederationSignature) => FederationAnswer;

/**
 * Creates the signing of answers: as the domain that the request was meant for, to the one that signed it, with the
 * nonce of the request and the time of the answer, over the UTF-8 bytes of its body.
 * @see docs/protocol.md [SIG-8]
 */
export function createSignAnswer({ ownKeys, clock }: { ownKeys: AnsweringKeys; clock: Clock }): SignAnswer {
  return (answer, request) => {
    const key = ownKeys.current();
    const fields = {
      keyId: request.destination,
      destination: request.keyId,
      kid: key.kid,
      created: Math.floor(clock.now().getTime() / 1_000),
      nonce: request.nonce,
    };
    const bodySha256 = hash('sha256', answer.body, 'base64');
    const signature = decodeBase64(key.sign(canonicalResponse({ ...fields, status: answer.status, bodySha256 })));
    return { ...answer, headers: { ...answer.headers, [SIGNATURE_HEADER]: formatSignatureHeader({ ...fields, signature }) } };
  };
}
