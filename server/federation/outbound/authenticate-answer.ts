import { hash } from 'node:crypto';

import { canonicalResponse } from '../../../protocol/canonical-string.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { CREATED_WINDOW_SECONDS } from '../../../protocol/limits.ts';
import { parseSignatureHeader, SIGNATURE_HEADER, SignatureHeaderError } from '../../../protocol/signature-header.ts';
import type { FederationSignature } from '../../../protocol/signature-header.ts';
import type { Clock } from '../../domain/ports.ts';
import type { PeerKeyAnswer, PeerKeys } from '../keys/peer-keys.ts';
import type { StrictEd25519 } from '../keys/strict-ed25519.ts';
import type { ReceivedAnswer } from './read-problem.ts';

/** The first thing about a signature that does not hold. */
type AnswerFault = 'malformed' | 'wrong_key_id' | 'wrong_destination' | 'wrong_nonce' | 'wrong_time' | 'no_key' | 'bad_signature';

/** Whether an answer is the peer's own word; `unsigned` says that it carries no signature header, or one on several lines. */
type AnswerProof =
  | { readonly kind: 'authentic' }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'not_authentic'; readonly fault: AnswerFault };

/** What the checks need to know of the request: the domain that was called and the nonce that went with it. */
interface AnsweredRequest {
  readonly peer: Domain;
  readonly nonce: string;
}

interface AnswerAuthenticationOptions {
  readonly ownKeys: { readonly domain: Domain };
  readonly peerKeys: Pick<PeerKeys, 'findKey' | 'refetchAfterFailure'>;
  readonly ed25519: StrictEd25519;
  readonly clock: Clock;
}

/** Decides whether an answer is the word of the Full peer that was asked. */
export type AuthenticateAnswer = (answer: ReceivedAnswer, request: AnsweredRequest) => Promise<AnswerProof>;

/**
 * Creates the check of signed answers: one header of the right form, from the domain called, to this one, for this very
 * request, made within 300 s, under a listed key that is looked up anew once where it is unknown or does not verify.
 * @see docs/protocol.md [SIG-8] [SIG-9] [KEY-5]
 */
export function createAuthenticateAnswer(options: AnswerAuthenticationOptions): AuthenticateAnswer {
  return async (answer, request) => {
    const value = answer.headers[SIGNATURE_HEADER];
    // What came on several lines is joined by LF, and such a header is none.
    if (value === undefined || value.includes('\n')) return { kind: 'unsigned' };
    const signature = readSignature(value);
    const fault = signature === null ? 'malformed' : (findClaimFault(signature, request, options) ?? (await findKeyFault(signature, answer, options)));
    return fault === null ? { kind: 'authentic' } : { kind: 'not_authentic', fault };
  };
}

function readSignature(value: string): FederationSignature | null {
  try {
    return parseSignatureHeader(value);
  } catch (error) {
    if (error instanceof SignatureHeaderError) return null;
    throw error;
  }
}

/** Looks for what needs no key, so that an answer meant for another request costs no lookup. */
function findClaimFault(
  { keyId, destination, nonce, created }: FederationSignature,
  request: AnsweredRequest,
  { ownKeys, clock }: AnswerAuthenticationOptions,
): AnswerFault | null {
  if (keyId !== request.peer) return 'wrong_key_id';
  if (destination !== ownKeys.domain) return 'wrong_destination';
  if (nonce !== request.nonce) return 'wrong_nonce';
  const nowSeconds = Math.floor(clock.now().getTime() / 1_000);
  return Math.abs(nowSeconds - created) <= CREATED_WINDOW_SECONDS ? null : 'wrong_time';
}

async function findKeyFault(
  signature: FederationSignature,
  { status, body }: ReceivedAnswer,
  { peerKeys, ed25519 }: AnswerAuthenticationOptions,
): Promise<AnswerFault | null> {
  const { keyId, kid } = signature;
  const message = Buffer.from(canonicalResponse({ ...signature, status, bodySha256: hash('sha256', body, 'base64') }));
  const isSignedUnder = (found: PeerKeyAnswer): boolean =>
    found.kind === 'key' && ed25519.verify({ publicKey: found.publicKey, message, signature: signature.signature });
  // This server has chosen to call the domain: the bound on lookups that strangers cause does not apply.
  if (isSignedUnder(await peerKeys.findKey(keyId, kid, { mayFetch: () => true }))) return null;
  // The key may have been replaced under its name, or listed a moment ago: a document fetched now decides.
  const refetched = await peerKeys.refetchAfterFailure(keyId, kid);
  if (isSignedUnder(refetched)) return null;
  return refetched.kind === 'key' ? 'bad_signature' : 'no_key';
}
