import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as openRequest } from 'node:https';
import type { TlsCertificate } from '../../support/test-authority.ts';

/** A request as it reached the front; `target` stands as it was sent. */
export interface FrontRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the front answers; a length is added, `Date` only where none is given. */
export interface FrontAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Decides what a front answers. */
export type Serve = (request: FrontRequest) => FrontAnswer | Promise<FrontAnswer>;

/** A TLS server on loopback that stands where a domain is expected. */
export interface Front {
  readonly host: string;
  readonly port: number;
  /** Every request, oldest first, and whether it was signed. */
  readonly seen: readonly { readonly line: string; readonly signed: boolean }[];
  stop(): Promise<void>;
}

/** Where a real instance listens, and the root that vouches for it. */
export interface Backend {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  readonly ca: string;
}

const HOST = '127.0.0.1';

/** Starts a front. */
export async function startFront(certificate: TlsCertificate, serve: Serve): Promise<Front> {
  const seen: Front['seen'][number][] = [];
  const server = createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (request, response) => {
    seen.push({ line: `${request.method ?? ''} ${request.url ?? ''}`, signed: request.headers['x-federation-signature'] !== undefined });
    handle(serve, request, response).catch(() => response.destroy());
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  return {
    host: HOST,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function handle(serve: Serve, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readAll(request);
  const answer = await serve({ method: request.method ?? '', target: request.url ?? '', headers: request.headers, body });
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(Buffer.byteLength(answer.body)) });
  response.end(answer.body);
}

/** Hands requests on to a real instance, with another target where `rewrite` gives one. */
export function forward({ serverName, ...backend }: Backend, rewrite: (target: string) => string = (target) => target): Serve {
  return async ({ method, target, headers, body }) => {
    const outgoing = openRequest({ ...backend, servername: serverName, method, path: rewrite(target), headers, agent: false });
    outgoing.end(body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const { 'transfer-encoding': _, connection: __, 'keep-alive': ___, 'content-length': ____, ...kept } = incoming.headers;
    const lines = Object.entries(kept).map(([name, value]) => [name, String(value)]);
    return { status: incoming.statusCode ?? 0, headers: Object.fromEntries(lines), body: (await readAll(incoming)).toString('utf8') };
  };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
