import type { Logger } from 'pino';
import { ERROR_REGISTRY, ProtocolError } from '../../../protocol/errors.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { parseStrictJson, StrictJsonError } from '../../../protocol/json.ts';
import type { JsonValue } from '../../../protocol/json.ts';
import { parseRequestTarget, RequestTargetError } from '../../../protocol/request-target.ts';
import type { Clock, DeliveryWaker, NonceStore, PeerStore } from '../../domain/ports.ts';
import type { PeerKeys } from '../keys/peer-keys.ts';
import type { StrictEd25519 } from '../keys/strict-ed25519.ts';
import { authenticateRequest, readSignature } from './authenticate-request.ts';
import type { AuthenticationOptions } from './authenticate-request.ts';
import { checkFraming } from './check-framing.ts';
import { problemAnswer } from './federation-exchange.ts';
import type { FederationAnswer, FederationRequest } from './federation-exchange.ts';
import { createNoteAuthenticatedPeer } from './note-authenticated-peer.ts';
import { createRateLimits } from './rate-limits.ts';
import type { RateLimitSettings } from './rate-limits.ts';
import { createReplayGuard } from './replay-guard.ts';
import { createConversationsRoute } from './routes/conversations.ts';
import { findRoute, MethodNotAllowedError } from './routes/find-route.ts';
import { createMessagesRoute } from './routes/messages.ts';
import { createPublicKeyRoute } from './routes/public-key.ts';
import type { FederationVerbs, Route } from './routes/route.ts';
import { createSessionKeyRoute } from './routes/session-key.ts';

const REQUEST_ID_BYTES = 16;
const FIRST_SERVER_FAULT = 500;

interface FederationHandlerOptions {
  /** The domains that this server is. */
  readonly servedDomains: ReadonlySet<Domain>;
  readonly verbs: FederationVerbs;
  /** Tells whether local policy refuses to federate with a domain. */
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  readonly peerKeys: PeerKeys;
  readonly ed25519: StrictEd25519;
  readonly nonces: NonceStore;
  readonly peers: PeerStore;
  /** Wakes the deliveries to a peer that shows itself alive. */
  readonly waker: DeliveryWaker;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly logger: Logger;
  /** Where they differ from those of the text [API-10]. */
  readonly rateLimits?: Partial<RateLimitSettings>;
}

/** What the log says of a request; never its body nor its target, which names people. */
interface Trace {
  readonly requestId: string;
  readonly method: string;
  route: string | null;
  /** The domain that the signature names, proven once `isAuthentic`. */
  keyId: Domain | null;
  isAuthentic: boolean;
}

/**
 * Creates the one function behind `/federation/v1`, whatever listener mounts it: checks in the order of the text,
 * calls one verb, answers. It never throws; what nobody foresaw is `internal_error`.
 * @see docs/protocol.md [ERR-3] [SIG-10]
 */
export function createFederationHandler(options: FederationHandlerOptions): (request: FederationRequest) => Promise<FederationAnswer> {
  const { randomBytes, logger } = options;
  const serve = createServe(options);
  return async (request) => {
    const requestId = Buffer.from(randomBytes(REQUEST_ID_BYTES)).toString('hex');
    const trace: Trace = { requestId, method: request.method, route: null, keyId: null, isAuthentic: false };
    try {
      const answer = await serve(request, trace);
      logger.debug({ ...trace, status: answer.status }, 'federation request served');
      return answer;
    } catch (error) {
      return refuse(error, trace, logger);
    }
  };
}

function createServe(options: FederationHandlerOptions): (request: FederationRequest, trace: Trace) => Promise<FederationAnswer> {
  const { servedDomains, isBlocked, peerKeys, ed25519, nonces, clock, logger } = options;
  const routes = createRoutes(options.verbs);
  const rateLimits = createRateLimits({ clock, settings: options.rateLimits ?? {} });
  const replayGuard = createReplayGuard({ nonces, clock });
  const authentication: AuthenticationOptions = { servedDomains, isBlocked, peerKeys, ed25519, replayGuard, rateLimits, clock };
  const notePeer = createNoteAuthenticatedPeer(options);

  return async (request, trace) => {
    const { route, parameters } = findRoute(routes, { segments: readTarget(request.rawTarget), method: request.method });
    trace.route = route.name;
    const body = checkFraming(request);
    const signature = readSignature(request.headers, servedDomains);
    trace.keyId = signature.keyId;
    await authenticateRequest({ request, body, signature }, authentication);
    trace.isAuthentic = true;
    // Bookkeeping only: that it fails is no reason to refuse what is authentic.
    await notePeer(signature.keyId).catch((err: unknown) => logger.warn({ ...trace, err }, 'peer not noted'));
    checkRate(rateLimits.takeRequest(signature.keyId));
    const json = route.method === 'GET' ? null : readJson(body);
    const { keyId: origin, destination } = signature;
    return route.answer({ parameters, body: json, origin, destination, now: clock.now() });
  };
}

function createRoutes(verbs: FederationVerbs): readonly Route[] {
  return [createPublicKeyRoute(verbs), createMessagesRoute(verbs), createConversationsRoute(verbs), createSessionKeyRoute(verbs)];
}

function readTarget(rawTarget: string): readonly string[] {
  try {
    return parseRequestTarget(rawTarget).segments;
  } catch (cause) {
    if (cause instanceof RequestTargetError) throw new ProtocolError('bad_request_target', { cause });
    throw cause;
  }
}

function readJson(body: Uint8Array): JsonValue {
  try {
    return parseStrictJson(body);
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw new ProtocolError('invalid_json', { cause });
    throw cause;
  }
}

function checkRate(retryAfterSeconds: number | null): void {
  if (retryAfterSeconds !== null) throw new ProtocolError('rate_limited', { retryAfterSeconds });
}

function refuse(error: unknown, trace: Trace, logger: Logger): FederationAnswer {
  const refusal = error instanceof ProtocolError ? error : new ProtocolError('internal_error', { cause: error });
  const answer = problemAnswer(refusal, trace.requestId);
  const entry = { ...trace, status: answer.status, code: refusal.code };
  if (refusal.code === 'internal_error') logger.error({ ...entry, err: refusal.cause }, 'federation request failed');
  else if (ERROR_REGISTRY[refusal.code].status >= FIRST_SERVER_FAULT) logger.warn({ ...entry, err: refusal.cause }, 'federation request not served');
  else logger.info(entry, 'federation request refused');
  if (!(refusal instanceof MethodNotAllowedError)) return answer;
  return { ...answer, headers: { ...answer.headers, allow: refusal.allow } };
}
