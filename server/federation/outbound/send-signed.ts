import { encodeBase64Url } from '../../../protocol/base64.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { MAX_ANSWER_BYTES } from '../../../protocol/limits.ts';
import { SIGNATURE_HEADER } from '../../../protocol/signature-header.ts';
import type { Clock } from '../../domain/ports.ts';
import type { GuardedAnswer, GuardedRequest } from '../discovery/guarded-request.ts';
import type { PeerEndpoint } from '../discovery/peer-connector.ts';
import { signRequest } from './sign-request.ts';
import type { RequestSigner } from './sign-request.ts';

/** One request as bytes; `body` is JSON, null for GET. */
export interface OutgoingRequest {
  readonly destination: Domain;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly target: string;
  readonly body: Uint8Array | null;
}

/** What became of a request, and the nonce that its answer has to name. */
interface Sending {
  readonly received: GuardedAnswer;
  readonly nonce: string;
}

/** Signs a request and sends it to one place. */
export type SendSigned = (endpoint: PeerEndpoint, request: OutgoingRequest) => Promise<Sending>;

/** What signing and sending need. */
export interface SendSignedOptions {
  readonly guardedRequest: GuardedRequest;
  readonly ownKeys: RequestSigner;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
}

const NONCE_BYTES = 16;
const NO_BODY = new Uint8Array();

/** Creates what sends a request freshly signed, once more where a kept connection turned out to be closed. @see docs/protocol.md [SIG-1] [DEL-2] */
export function createSendSigned(options: SendSignedOptions): SendSigned {
  return async (endpoint, request) => {
    const sending = await sendOnce(options, endpoint, request);
    // The peer closed a kept connection at the same moment: nothing says that it failed.
    const stale = sending.received.kind === 'broken' && sending.received.reason === 'stale_connection';
    return stale ? sendOnce(options, endpoint, request) : sending;
  };
}

async function sendOnce(
  { guardedRequest, ownKeys, clock, randomBytes }: SendSignedOptions,
  endpoint: PeerEndpoint,
  { destination, method, target, body }: OutgoingRequest,
): Promise<Sending> {
  const created = Math.floor(clock.now().getTime() / 1000);
  const nonce = encodeBase64Url(randomBytes(NONCE_BYTES));
  const signature = signRequest({ ownKeys, destination, method, target, body: body ?? NO_BODY, created, nonce });
  const received = await guardedRequest({
    ...endpoint,
    poolKey: destination,
    method,
    target,
    headers: { [SIGNATURE_HEADER]: signature, ...(body !== null && { 'content-type': 'application/json' }) },
    body: body ?? undefined,
    maxAnswerBytes: MAX_ANSWER_BYTES,
  });
  return { received, nonce };
}
