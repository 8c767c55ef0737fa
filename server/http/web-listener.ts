import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Logger } from 'pino';
import { StoreUnavailableError } from '../domain/store-unavailable-error.ts';
import type { FederationMount } from './federation-mount.ts';

/** How long a graceful stop waits for requests under way: of the 10 s that it has, what comes after them needs its part too. */
const DRAIN_MS = 7_000;
/** Longer than reverse proxies keep an idle connection (Caddy 2 minutes, nginx 60 s): it is theirs to close, or a request could meet a closing one. */
const KEEP_ALIVE_MS = 130_000;
const MAX_HEADER_BYTES = 16_384;
/** A request that trickles in holds its memory and its connection no longer. An answer, and a connection that became a WebSocket, may take their time. */
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 60_000;
const TIMEOUT_CHECK_MS = 5_000;
/** Every open page keeps a WebSocket: this bounds file descriptors and memory, not how many people may be here. */
const MAX_WEB_CONNECTIONS = 10_000;
/** A peer needs few connections and keeps them, but anyone may open some and send a body of 1 MiB on each before it is known who they are. */
const MAX_SERVER_CONNECTIONS = 2_000;
/** Who scrapes is one, or a few. */
const MAX_METRICS_CONNECTIONS = 100;

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Ways for paths that begin with a text, looked at in order before everything else. */
export interface WebRoutes {
  readonly federation: FederationMount;
  readonly exact: ReadonlyMap<string, NodeHandler>;
  readonly prefixes: readonly (readonly [prefix: string, handler: NodeHandler])[];
  readonly fallback: NodeHandler;
}

export interface Listener {
  readonly server: Server;
  /** The port it listens on. */
  readonly port: number;
  /** Stops accepting at once, lets requests under way finish for 7 s, then cuts them off. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | null;
  readonly logger: Logger;
}

/** Listens for browsers, and for servers that share the port. */
export function listenForWeb(routes: WebRoutes, options: ListenOptions): Promise<Listener> {
  const handle: NodeHandler = async (request, response) => {
    if (await routes.federation(request, response)) return;
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    // `*` and the authority form name no page.
    if (!path.startsWith('/')) return void response.writeHead(400, { 'content-length': '0' }).end();
    const exact = routes.exact.get(path);
    if (exact !== undefined) return exact(request, response);
    const mounted = routes.prefixes.find(([prefix]) => path.startsWith(prefix));
    await (mounted === undefined ? routes.fallback : mounted[1])(request, response);
  };
  return listen(handle, { ...options, maxConnections: MAX_WEB_CONNECTIONS });
}

/** Listens for servers only: whatever is not theirs is 404. */
export function listenForServers(federation: FederationMount, options: ListenOptions): Promise<Listener> {
  const handle: NodeHandler = async (request, response) => {
    if (await federation(request, response)) return;
    response.writeHead(404, { 'content-length': '0' }).end();
  };
  return listen(handle, { ...options, maxConnections: MAX_SERVER_CONNECTIONS });
}

/** Listens for whoever collects metrics: every other path is 404. */
export function listenForMetrics(path: string, handler: NodeHandler, options: Omit<ListenOptions, 'tls'>): Promise<Listener> {
  const handle: NodeHandler = (request, response) => {
    if ((request.url ?? '').split('?', 1)[0] === path) return handler(request, response);
    response.writeHead(404, { 'content-length': '0' }).end();
  };
  return listen(handle, { ...options, tls: null, maxConnections: MAX_METRICS_CONNECTIONS });
}

function listen(handle: NodeHandler, options: ListenOptions & { readonly maxConnections: number }): Promise<Listener> {
  const { host, port, tls, logger } = options;
  const onRequest: RequestListener = (request, response) => {
    // Whoever asks on a connection from before the stop is told to make its next one elsewhere.
    if (!server.listening) response.setHeader('connection', 'close');
    // A connection that becomes idle during a stop is not waited for.
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections();
    });
    void answer(handle, { request, response, logger });
  };
  const settings = {
    keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  const server: Server =
    tls === null
      ? createHttpServer(settings, onRequest)
      : createHttpsServer({ ...settings, minVersion: 'TLSv1.2', cert: tls.certificatePem, key: tls.keyPem, ALPNProtocols: ['http/1.1'] }, onRequest);
  server.maxConnections = options.maxConnections;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : port, close: () => close(server) });
    });
  });
}

async function answer(handle: NodeHandler, exchange: { request: IncomingMessage; response: ServerResponse; logger: Logger }): Promise<void> {
  const { request, response, logger } = exchange;
  try {
    await handle(request, response);
  } catch (error) {
    // A request that its sender cut off is no fault of ours, and there is nobody to answer.
    if (request.errored !== null || response.destroyed) return;
    if (error instanceof StoreUnavailableError) logger.warn({ err: error, method: request.method }, 'a request was not served');
    else logger.error({ err: error, method: request.method }, 'a request failed');
    if (response.headersSent) response.destroy();
    else response.writeHead(error instanceof StoreUnavailableError ? 503 : 500, { 'content-length': '0' }).end();
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
    server.closeIdleConnections();
  });
}
