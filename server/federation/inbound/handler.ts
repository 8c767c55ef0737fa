import type { Logger } from 'pino';
import { ProtocolError } from '../../../protocol/errors.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { parseStrictJson, StrictJsonError } from '../../../protocol/json.ts';
import type { JsonValue } from '../../../protocol/json.ts';
import { MAX_JSON_DEPTH } from '../../../protocol/limits.ts';
import type { FederationSignature } from '../../../protocol/signature-header.ts';
import type { Clock, DeliveryWaker, NonceStore, PeerStore } from '../../domain/ports.ts';
import type { TrafficObserver } from '../../domain/traffic-observer.ts';
import type { PeerKeys } from '../keys/peer-keys.ts';
import type { StrictEd25519 } from '../keys/strict-ed25519.ts';
import { authenticateRequest, readSignature } from './authenticate-request.ts';
import type { AuthenticationOptions } from './authenticate-request.ts';
import { checkFraming } from './check-framing.ts';
import { jsonAnswer } from './federation-exchange.ts';
import type { FederationAnswer, FederationRequest, Refusal, RouteResult } from './federation-exchange.ts';
import { createRateLimits } from './rate-limits.ts';
import type { RateLimitSettings } from './rate-limits.ts';
import { createRefusals } from './refusals.ts';
import type { Refusals, Trace } from './refusals.ts';
import { createNoteAuthenticatedPeer } from './note-authenticated-peer.ts';
import { createNonceTicket } from './nonce-ticket.ts';
import type { SpendableNonce } from './nonce-ticket.ts';
import { createBatchRoute } from './routes/batch.ts';
import { createConversationsRoute } from './routes/conversations.ts';
import { createEventsRoute } from './routes/events.ts';
import { findRoute } from './routes/find-route.ts';
import { createHelloRoute } from './routes/hello.ts';
import { createMediaRoute } from './routes/media.ts';
import { createMessagesRoute } from './routes/messages.ts';
import { createPublicKeyRoute } from './routes/public-key.ts';
import type { FederationVerbs, Route } from './routes/route.ts';
import { createSessionKeyRoute } from './routes/session-key.ts';
import { createSignAnswer } from './sign-answer.ts';
import type { AnsweringKeys } from './sign-answer.ts';

interface FederationHandlerOptions {
  /** The domains that this server is. */
  readonly servedDomains: ReadonlySet<Domain>;
  /** Sign what is answered to authenticated requests. */
  readonly ownKeys: AnsweringKeys;
  readonly verbs: FederationVerbs;
  /** Tells whether local policy refuses to federate with a domain. */
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  readonly peerKeys: PeerKeys;
  readonly ed25519: StrictEd25519;
  readonly nonces: NonceStore;
  readonly peers: PeerStore;
  /** Wakes the deliveries to a peer that shows itself alive. */
  readonly waker: DeliveryWaker;
  readonly traffic: TrafficObserver;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly logger: Logger;
  /** Where they differ from those of the text [API-10]. */
  readonly rateLimits?: Partial<RateLimitSettings>;
}

/** A request on its way, and what is known of it so far. */
interface Exchange {
  readonly request: FederationRequest;
  readonly trace: Trace;
  /** Its signature, once its nonce is stored: from then on every answer is signed [SIG-8]. */
  authenticated: FederationSignature | null;
}

/**
 * Creates the one function behind `/federation/v1`, whatever listener mounts it: checks in the order of the text,
 * calls one verb, answers. It never throws; what nobody foresaw is `internal_error`.
 * @see docs/protocol.md [ERR-3] [SIG-8] [SIG-10]
 */
export function createFederationHandler(options: FederationHandlerOptions): (request: FederationRequest) => Promise<FederationAnswer> {
  const refusals = createRefusals(options);
  const serve = createServe(options, refusals);
  const signAnswer = createSignAnswer(options);
  return async (request) => {
    const trace: Trace = { requestId: refusals.newRequestId(), method: request.method, route: null, keyId: null, isAuthentic: false };
    const exchange: Exchange = { request, trace, authenticated: null };
    try {
      const answer = jsonAnswer(await serve(exchange).catch((error: unknown) => refusals.refuse(error, trace)));
      return exchange.authenticated === null ? answer : signAnswer(answer, exchange.authenticated);
    } catch (error) {
      // Without a signature it is not believed, and what it answers is asked for again [SIG-9].
      return jsonAnswer(refusals.refuse(error, trace));
    }
  };
}

function createServe(options: FederationHandlerOptions, refusals: Refusals): (exchange: Exchange) => Promise<RouteResult> {
  const { servedDomains, isBlocked, peerKeys, ed25519, nonces, clock, logger } = options;
  const routes = createRoutes(options.verbs);
  const rateLimits = createRateLimits({ clock, settings: options.rateLimits ?? {} });
  const authentication: AuthenticationOptions = { servedDomains, isBlocked, peerKeys, ed25519, rateLimits, clock };
  const notePeer = createNoteAuthenticatedPeer(options);

  return async (exchange) => {
    const { request, trace } = exchange;
    const { route, parameters } = findRoute(routes, { target: request.rawTarget, method: request.method });
    trace.route = route.name;
    const rawBody = checkFraming(request);
    const signature = readSignature(request.headers, servedDomains);
    trace.keyId = signature.keyId;
    await authenticateRequest({ request, body: rawBody, signature }, authentication);
    const ticket = createNonceTicket(signature, { nonces, clock });
    try {
      return await serveOnce({ exchange, route, parameters, rawBody, signature, ticket });
    } finally {
      if (ticket.isSpent()) {
        // Bookkeeping only: that it fails is no reason to refuse what is authentic.
        await notePeer(signature.keyId).catch((err: unknown) => logger.warn({ ...trace, err }, 'peer not noted'));
      }
    }
  };

  /** Answers an authentic request, unless its nonce turns out to be spent: that comes before whatever else there is to say [ERR-3]. */
  async function serveOnce({ exchange, route, parameters, rawBody, signature, ticket }: AuthenticCall): Promise<RouteResult> {
    const { trace } = exchange;
    const { keyId: origin, destination } = signature;
    const settled = async (): Promise<void> => {
      await ticket.spend();
      trace.isAuthentic = true;
      exchange.authenticated = signature;
    };
    try {
      checkRate(rateLimits.takeRequest(origin));
      if (route.spendsNonce !== true) await settled();
      const body = route.method === 'GET' ? null : readJson(rawBody, route.maxJsonDepth ?? MAX_JSON_DEPTH);
      const refuseItem = (error: unknown, item: number): Refusal => refusals.refuse(error, { ...trace, requestId: refusals.newRequestId(), item });
      const result = await route.answer({ parameters, body, origin, destination, ticket, refuseItem });
      await settled();
      if (logger.isLevelEnabled('debug')) logger.debug({ ...trace, status: result.status }, 'federation request served');
      return result;
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'replay_detected') {
        // Or whoever repeats what was overheard would use up the rate of its author.
        rateLimits.giveBackRequest(origin);
        throw error;
      }
      await settled();
      throw error;
    }
  }
}

/** A request whose signature holds, on its way to its route. */
interface AuthenticCall {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly parameters: readonly string[];
  readonly rawBody: Uint8Array;
  readonly signature: FederationSignature;
  readonly ticket: SpendableNonce;
}

function createRoutes(verbs: FederationVerbs): readonly Route[] {
  const batched = [createMessagesRoute(verbs), createConversationsRoute(verbs), createSessionKeyRoute(verbs), createEventsRoute(verbs)];
  return [...batched, createBatchRoute(batched, verbs), createPublicKeyRoute(verbs), createHelloRoute(), createMediaRoute()];
}

function readJson(body: Uint8Array, maxDepth: number): JsonValue {
  try {
    return parseStrictJson(body, { maxDepth });
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw new ProtocolError('invalid_json', { cause });
    throw cause;
  }
}

function checkRate(retryAfterSeconds: number | null): void {
  if (retryAfterSeconds !== null) throw new ProtocolError('rate_limited', { retryAfterSeconds });
}
