import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { KEY_DOCUMENT_PATH } from '../../protocol/endpoints.ts';
import type { JsonValue } from '../../protocol/json.ts';
import { createForeignKeys, keyDocumentJson } from './foreign-signer.ts';
import type { ForeignKeys } from './foreign-signer.ts';
import type { TlsCertificate } from './test-authority.ts';

/** A request as it reached the foreign server. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  /** The names of the header lines in order, in lower case. */
  readonly headerNames: readonly string[];
  readonly body: string;
}

/** What the foreign server answers. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `never` leaves the request without an answer, `drip` sends the body at a byte a second. */
  readonly pace?: 'never' | 'drip';
}

/** A scripted server of another domain, on loopback over real TLS. */
export interface ForeignServer {
  readonly domain: string;
  readonly host: string;
  readonly port: number;
  readonly keys: ForeignKeys;
  /** The signed requests, oldest first; those for the key document are not among them. */
  readonly received: readonly ReceivedRequest[];
  /** How many bytes came through TLS, on all connections together. */
  receivedBytes(): number;
  /** Serves with this certificate from now on, or those alone who ask for one name; connections made before are closed. */
  useCertificate(certificate: TlsCertificate, name?: string): void;
  /** Answers from now on by this rule; null leaves it to the rule before. */
  answer(rule: (request: ReceivedRequest) => ScriptedAnswer | null): void;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Writes a JSON answer. */
export function json(status: number, body: object): ScriptedAnswer {
  return { status, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

/** Writes a refusal of the registry's form [ERR-1]. */
export function problem(status: number, code: string): ScriptedAnswer {
  const body = { type: `urn:securechat:error:${code}`, title: code, status, detail: code, code, requestId: 'foreign-request-0001' };
  return { ...json(status, body), headers: { 'content-type': 'application/problem+json' } };
}

/**
 * Starts the server of a domain; until it has a certificate every handshake fails, and without a rule it answers 404.
 * `describe` gives what its key document says beside the required members.
 */
export async function startForeignServer(
  domain: string,
  describe: (port: number) => Readonly<Record<string, JsonValue>> = () => ({}),
): Promise<ForeignServer> {
  const keys = createForeignKeys();
  const received: ReceivedRequest[] = [];
  const rules: ((request: ReceivedRequest) => ScriptedAnswer | null)[] = [];
  let bytes = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrived = await readRequest(request);
    if (arrived.target === KEY_DOCUMENT_PATH) return write(response, { status: 200, body: keyDocumentJson(domain, keys, describe(port)), headers: { 'cache-control': 'max-age=3600' } });
    received.push(arrived);
    const answers = rules.toReversed().map((rule) => rule(arrived));
    write(response, answers.find((answer) => answer !== null) ?? problem(404, 'not_found'));
  }

  const server = createServer({ ALPNProtocols: ['http/1.1'] }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('secureConnection', (socket) => socket.on('data', (chunk: Buffer) => (bytes += chunk.length)));
  server.on('tlsClientError', () => undefined);
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    domain,
    host: HOST,
    port,
    keys,
    received,
    receivedBytes: () => bytes,
    useCertificate(certificate, name) {
      if (name === undefined) server.setSecureContext(certificate);
      else server.addContext(name, certificate);
      server.closeAllConnections();
    },
    answer: (rule) => void rules.push(rule),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.headers,
    headerNames: request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function write(response: ServerResponse, { status, body, headers, pace }: ScriptedAnswer): void {
  if (pace === 'never') return;
  response.writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': String(Buffer.byteLength(body)) });
  if (pace === 'drip') drip(response, body);
  else response.end(body);
}

function drip(response: ServerResponse, body: string): void {
  let sent = 0;
  const timer = setInterval(() => response.write(body.charAt(sent++)), 1_000);
  response.once('close', () => clearInterval(timer));
}
