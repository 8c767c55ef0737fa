import type { Logger } from 'pino';

import type { ErrorCode } from '../../../protocol/errors.ts';
import { ERROR_REGISTRY } from '../../../protocol/errors.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import type { GuardedAnswer } from '../discovery/guarded-request.ts';
import type { PeerResolver } from '../discovery/resolve-peer.ts';
import type { PeerDescription } from '../keys/peer-description.ts';
import type { PeerKeys } from '../keys/peer-keys.ts';
import type { StrictEd25519 } from '../keys/strict-ed25519.ts';
import { createAuthenticateAnswer } from './authenticate-answer.ts';
import type { AuthenticateAnswer } from './authenticate-answer.ts';
import { exceedsLimits, findUnsendable } from './find-unsendable.ts';
import { notAuthentic, readPeerAnswer, readUnsignedAnswer } from './peer-answer.ts';
import type { PeerAnswer, UnreachableReason } from './peer-answer.ts';
import type { ReceivedAnswer } from './read-problem.ts';
import { createSendSigned } from './send-signed.ts';
import type { OutgoingRequest, SendSigned, SendSignedOptions } from './send-signed.ts';

/** One request to another domain; `body` is JSON text, absent for GET. */
export interface PeerRequest extends Omit<OutgoingRequest, 'body'> {
  readonly body?: string;
}

/** Talks to other domains. */
export interface PeerClient {
  /** Finds the peer, signs, sends and reads what it said; an expected failure is an answer, never a rejection. */
  send(request: PeerRequest): Promise<PeerAnswer>;
  /** Tells whether a domain is certainly known to speak no more than Core, so that what only Full peers take is not sent. */
  isCore(domain: Domain): Promise<boolean>;
  /** Gives the limits of a domain that is certainly known to be Full, so that it is sent batches [API-7]; null for any other. */
  limitsForBatches(domain: Domain): Promise<PeerLimits | null>;
}

/** What {@link createPeerClient} needs. */
interface PeerClientOptions extends SendSignedOptions {
  readonly resolver: PeerResolver;
  readonly peerKeys: Pick<PeerKeys, 'describe' | 'findKey' | 'refetch' | 'refetchAfterFailure'>;
  readonly ed25519: StrictEd25519;
  readonly logger: Logger;
}

/** The options with what they make. */
interface Context extends PeerClientOptions {
  readonly sendSigned: SendSigned;
  readonly authenticate: AuthenticateAnswer;
}

type KnownPeer = PeerDescription & { readonly kind: 'known' };

/** What one attempt came to; `status` is null where no answer came. */
interface Attempt {
  readonly answer: PeerAnswer;
  readonly status: number | null;
}

const MISDIRECTED_STATUS = 421;

/** What a failed fetch of a key document says of the way to the peer, by the first word of its detail. */
const REASON_OF_FETCH = new Map<string, UnreachableReason>([
  ['dns_failure', 'dns_failure'],
  ['address_refused', 'connect_failed'],
  ['connect_failed', 'connect_failed'],
  ['tls_failed', 'tls_failed'],
  ['timeout', 'timeout'],
]);

/**
 * Creates the client of other servers. Nothing is sent before the peer's key document has said what it speaks and
 * takes. The next target of a peer is tried only while no byte of the request has left; an answer 421 leads to one more
 * try after the peer was looked up anew. An answer of a Full peer counts by its signature.
 * @see docs/protocol.md [DISC-2] [KEY-2] [SIG-1] [SIG-9] [ERR-4]
 */
export function createPeerClient(options: PeerClientOptions): PeerClient {
  const context: Context = { ...options, sendSigned: createSendSigned(options), authenticate: createAuthenticateAnswer(options) };
  const { resolver, peerKeys, logger } = options;
  return {
    async send(request) {
      const outgoing = toOutgoing(request);
      const unsendable = findUnsendable(outgoing);
      if (unsendable !== null) return refuseUnsent(unsendable);
      let last = await attempt(context, outgoing);
      if (last.status === MISDIRECTED_STATUS) {
        resolver.forget(request.destination);
        await peerKeys.refetch(request.destination);
        last = await attempt(context, outgoing);
      }
      const { answer } = last;
      if (logger.isLevelEnabled('debug')) logger.debug({ destination: request.destination, method: request.method, ...summary(answer) }, 'asked a peer');
      return answer;
    },
    async isCore(domain) {
      return (await describeCallable(context, domain))?.profile === 'core';
    },
    async limitsForBatches(domain) {
      const peer = await describeCallable(context, domain);
      return peer?.profile === 'full' ? peer.limits : null;
    },
  };
}

/** Nobody is asked for a document who is not to be called at all [DISC-2]. */
async function describeCallable({ resolver, peerKeys }: Context, domain: Domain): Promise<KnownPeer | null> {
  const resolution = await resolver.resolve(domain);
  if (resolution.kind !== 'targets') return null;
  const peer = await peerKeys.describe(domain);
  return peer.kind === 'known' ? peer : null;
}

function toOutgoing({ body, ...request }: PeerRequest): OutgoingRequest {
  return { ...request, body: body === undefined ? null : new TextEncoder().encode(body) };
}

function refuseUnsent(code: ErrorCode): PeerAnswer {
  return { kind: 'refused', status: ERROR_REGISTRY[code].status, code, permanent: true, retryAfterSeconds: null };
}

async function attempt(context: Context, outgoing: OutgoingRequest): Promise<Attempt> {
  const { destination } = outgoing;
  const resolution = await context.resolver.resolve(destination);
  if (resolution.kind === 'no_federation') return unreachable('peer_does_not_federate', 'SRV target .');
  if (resolution.kind === 'failure' && resolution.reason !== 'key_document_unavailable') {
    return unreachable(resolution.reason, resolution.detail);
  }
  const peer = await context.peerKeys.describe(destination);
  if (peer.kind === 'unavailable') return unreachable(reasonOfFetch(peer.detail), peer.detail);
  if (resolution.kind === 'failure') return unreachable('key_document_unavailable', resolution.detail);
  if (exceedsLimits(outgoing, peer.limits)) return { answer: refuseUnsent('body_too_large'), status: null };
  let last = unreachable('dns_failure', 'no target');
  for (const endpoint of resolution.targets) {
    const { received, nonce } = await context.sendSigned(endpoint, outgoing);
    if (received.kind === 'answer') {
      const read = peer.profile === 'full' ? readFullAnswer(context, received, { peer: destination, nonce }) : readPeerAnswer(received);
      return { answer: await read, status: received.status };
    }
    last = readFailure(received);
    if (received.kind !== 'not_sent') break;
  }
  return last;
}

async function readFullAnswer(
  { authenticate }: Context,
  answer: ReceivedAnswer,
  asked: { readonly peer: Domain; readonly nonce: string },
): Promise<PeerAnswer> {
  const proof = await authenticate(answer, asked);
  switch (proof.kind) {
    case 'authentic':
      return readPeerAnswer(answer);
    case 'unsigned':
      return readUnsignedAnswer(answer);
    case 'not_authentic':
      return notAuthentic(answer, proof.fault);
  }
}

function readFailure(received: Exclude<GuardedAnswer, { readonly kind: 'answer' }>): Attempt {
  const { kind, reason, detail } = received;
  if (kind === 'not_sent') return unreachable(reason === 'address_refused' ? 'connect_failed' : reason, detail);
  const answer = { reason: reason === 'timeout' ? 'timeout' : 'bad_answer', detail: `${reason}: ${detail}`, retryAfterSeconds: null } as const;
  return { answer: { kind: 'unreachable', sent: true, ...answer }, status: null };
}

/** The author is told what lies behind a document that cannot be had, where that is known: a certificate, an address. */
function reasonOfFetch(detail: string): UnreachableReason {
  return REASON_OF_FETCH.get(detail.split(':', 1)[0] ?? '') ?? 'key_document_unavailable';
}

function unreachable(reason: UnreachableReason, detail: string): Attempt {
  return { answer: { kind: 'unreachable', reason, detail, retryAfterSeconds: null }, status: null };
}

function summary(answer: PeerAnswer): object {
  switch (answer.kind) {
    case 'success':
      return { status: answer.status };
    case 'refused':
      return { status: answer.status, code: answer.code };
    case 'unreachable':
      return { reason: answer.reason, detail: answer.detail };
  }
}
