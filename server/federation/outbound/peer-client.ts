import type { Logger } from 'pino';

import { encodeBase64Url } from '../../../protocol/base64.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { ERROR_REGISTRY } from '../../../protocol/errors.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { MAX_ANSWER_BYTES, MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import { parseRequestTarget } from '../../../protocol/request-target.ts';
import { SIGNATURE_HEADER } from '../../../protocol/signature-header.ts';
import type { Clock } from '../../domain/ports.ts';
import type { GuardedAnswer, GuardedRequest } from '../discovery/guarded-request.ts';
import type { PeerEndpoint } from '../discovery/peer-connector.ts';
import type { PeerResolver, ResolveFailure } from '../discovery/resolve-peer.ts';
import { readPeerAnswer } from './peer-answer.ts';
import type { PeerAnswer, UnreachableReason } from './peer-answer.ts';
import { signRequest } from './sign-request.ts';
import type { RequestSigner } from './sign-request.ts';

/** One request to another domain; `body` is JSON text, absent for GET. */
export interface PeerRequest {
  readonly destination: Domain;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly target: string;
  readonly body?: string;
}

/** Talks to other domains. */
export interface PeerClient {
  /** Finds the peer, signs, sends and reads what it said; an expected failure is an answer, never a rejection. */
  send(request: PeerRequest): Promise<PeerAnswer>;
}

/** What {@link createPeerClient} needs. */
interface PeerClientOptions {
  readonly resolver: PeerResolver;
  readonly guardedRequest: GuardedRequest;
  readonly ownKeys: RequestSigner;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly logger: Logger;
}

const NONCE_BYTES = 16;
const MISDIRECTED_STATUS = 421;

const UNREACHABLE_BY_DISCOVERY: Readonly<Record<ResolveFailure, UnreachableReason>> = {
  no_such_domain: 'no_such_domain',
  dns_failure: 'dns_failure',
  key_document_unavailable: 'connect_failed',
};

/**
 * Creates the client of other servers. The next target of a peer is tried only while no byte of the request has left;
 * an answer 421 leads to one more try after the peer was looked up anew.
 * @see docs/protocol.md [DISC-2] [SIG-1] [ERR-4]
 */
export function createPeerClient(options: PeerClientOptions): PeerClient {
  const { resolver, logger } = options;
  return {
    async send(request) {
      const body = new TextEncoder().encode(request.body ?? '');
      const unsendable = findUnsendable(request.target, body);
      if (unsendable !== null) return refuseUnsent(unsendable);
      let answer = await attempt(options, request, body);
      if (answer.kind === 'refused' && answer.status === MISDIRECTED_STATUS) {
        resolver.forget(request.destination);
        answer = await attempt(options, request, body);
      }
      logger.debug({ destination: request.destination, method: request.method, ...summary(answer) }, 'asked a peer');
      return answer;
    },
  };
}

/** Finds why a request can be accepted by no peer, so that it is never sent [ERR-4]. */
function findUnsendable(target: string, body: Uint8Array): ErrorCode | null {
  if (body.length > MAX_BODY_BYTES) return 'body_too_large';
  try {
    parseRequestTarget(target);
    return null;
  } catch {
    return 'bad_request_target';
  }
}

function refuseUnsent(code: ErrorCode): PeerAnswer {
  return { kind: 'refused', status: ERROR_REGISTRY[code].status, code, permanent: true, retryAfterSeconds: null };
}

async function attempt(options: PeerClientOptions, request: PeerRequest, body: Uint8Array): Promise<PeerAnswer> {
  const resolution = await options.resolver.resolve(request.destination);
  if (resolution.kind === 'no_federation') return unreachable('peer_does_not_federate', 'SRV target .');
  if (resolution.kind === 'failure') return unreachable(UNREACHABLE_BY_DISCOVERY[resolution.reason], resolution.detail);
  let answer: PeerAnswer = unreachable('dns_failure', 'no target');
  for (const endpoint of resolution.targets) {
    const received = await sendTo(options, endpoint, { request, body });
    answer = readOutcome(received);
    if (received.kind !== 'not_sent') break;
  }
  return answer;
}

async function sendTo(
  options: PeerClientOptions,
  endpoint: PeerEndpoint,
  content: { readonly request: PeerRequest; readonly body: Uint8Array },
): Promise<GuardedAnswer> {
  const answer = await sendOnce(options, endpoint, content);
  // The peer closed a kept connection at the same moment: nothing says that it failed.
  const stale = answer.kind === 'broken' && answer.reason === 'stale_connection';
  return stale ? sendOnce(options, endpoint, content) : answer;
}

function sendOnce(
  { guardedRequest, ownKeys, clock, randomBytes }: PeerClientOptions,
  endpoint: PeerEndpoint,
  { request, body }: { readonly request: PeerRequest; readonly body: Uint8Array },
): Promise<GuardedAnswer> {
  const { destination, method, target } = request;
  const created = Math.floor(clock.now().getTime() / 1000);
  const nonce = encodeBase64Url(randomBytes(NONCE_BYTES));
  const hasBody = request.body !== undefined;
  return guardedRequest({
    ...endpoint,
    poolKey: destination,
    method,
    target,
    headers: {
      [SIGNATURE_HEADER]: signRequest({ ownKeys, destination, method, target, body, created, nonce }),
      ...(hasBody && { 'content-type': 'application/json' }),
    },
    body: hasBody ? body : undefined,
    maxAnswerBytes: MAX_ANSWER_BYTES,
  });
}

function readOutcome(received: GuardedAnswer): PeerAnswer {
  switch (received.kind) {
    case 'answer':
      return readPeerAnswer(received);
    case 'not_sent':
      return unreachable(received.reason === 'address_refused' ? 'connect_failed' : received.reason, received.detail);
    case 'broken':
      return unreachable(received.reason === 'timeout' ? 'timeout' : 'bad_answer', `${received.reason}: ${received.detail}`);
  }
}

function unreachable(reason: UnreachableReason, detail: string): PeerAnswer {
  return { kind: 'unreachable', reason, detail, retryAfterSeconds: null };
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
