import { exchangeHttp } from './http-exchange.ts';
import type { ExchangeOutcome, HttpExchange } from './http-exchange.ts';
import { createConnectionPool } from './connection-pool.ts';
import { createPeerConnector } from './peer-connector.ts';
import type { PeerConnectorOptions } from './peer-connector.ts';

/**
 * One request to a peer. `host` and `port` say where it goes, `serverName` is sent as SNI and checked against the
 * certificate. Connections are kept and shared only inside one `poolKey`, which is the domain of the peer.
 * @see docs/protocol.md [DISC-4] [DISC-5]
 */
export interface GuardedRequestInput extends HttpExchange {
  readonly poolKey: string;
  readonly host: string;
}

/** What became of a request; only `not_sent` lets another target be tried. @see docs/protocol.md [DISC-2] */
export type GuardedAnswer = ExchangeOutcome;

/** Sends one request to a peer. */
export type GuardedRequest = (request: GuardedRequestInput) => Promise<GuardedAnswer>;

/**
 * Creates the one way out to peers: every address dialled passes the egress guard, every connection is TLS 1.2 or
 * newer with the peer's name checked before the first byte of a request, redirects and encodings are refused.
 * @see docs/protocol.md [DISC-4] [DISC-5] [DISC-6]
 */
export function createGuardedRequest(options: PeerConnectorOptions): GuardedRequest {
  const pool = createConnectionPool(createPeerConnector(options));
  return (request) => exchangeHttp(pool.agentFor(request), request);
}
