import { request as openRequest } from 'node:http';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';

import { createByteCollector } from '../../../protocol/byte-collector.ts';
import { CONNECT_TIMEOUT_MS, EXCHANGE_TIMEOUT_MS } from '../../../protocol/limits.ts';
import { HTTPS_PORT, PeerConnectError } from './peer-connector.ts';
import type { NotSentReason } from './peer-connector.ts';

/**
 * Why a request that may have arrived has no usable answer. `stale_connection` is a kept connection that the peer
 * closed at the same moment: the request may be made again at once, signed anew.
 */
type BrokenReason = 'timeout' | 'reset' | 'stale_connection' | 'malformed' | 'too_large' | 'encoded' | 'redirect';

/**
 * One request over a connection to `serverName`: `target` is sent byte for byte, times default to 10 s for the
 * connection and 30 s for the whole.
 */
export interface HttpExchange {
  readonly serverName: string;
  readonly port: number;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly maxAnswerBytes: number;
  readonly connectTimeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
}

/**
 * An answer (header names in lower case, the values of repeated lines joined by a comma and LF), or certainly no byte
 * of the request sent, or sent and no usable answer. `detail` is a constant or an error code of the platform, never
 * text of the peer.
 */
export type ExchangeOutcome =
  | { readonly kind: 'answer'; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }
  | { readonly kind: 'not_sent'; readonly reason: NotSentReason; readonly detail: string }
  | { readonly kind: 'broken'; readonly reason: BrokenReason; readonly detail: string };

/** Makes one HTTP/1.1 exchange over a connection of this agent; rejects only a request that cannot be written. @see docs/protocol.md [DISC-5] */
export function exchangeHttp(agent: Agent, input: HttpExchange): Promise<ExchangeOutcome> {
  return new Promise((resolve) => {
    let sent = false;
    let answering = false;
    let settled = false;
    const request = startRequest(agent, input);
    const settle = (answer: ExchangeOutcome): void => {
      if (settled) return;
      settled = true;
      clearTimeout(connectTimer);
      clearTimeout(totalTimer);
      if (answer.kind !== 'answer') request.destroy();
      resolve(answer);
    };
    const giveUp = (): void =>
      settle(sent ? { kind: 'broken', reason: 'timeout', detail: 'no whole answer in time' } : { kind: 'not_sent', reason: 'timeout', detail: 'no connection in time' });
    const connectTimer = setTimeout(giveUp, input.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
    const totalTimer = setTimeout(giveUp, input.totalTimeoutMs ?? EXCHANGE_TIMEOUT_MS);
    // A request gets its socket once the certificate is checked; from then on bytes may have left.
    request.once('socket', () => {
      sent = true;
      clearTimeout(connectTimer);
    });
    request.on('error', (error) => settle(sent ? brokenBy(error, request.reusedSocket && !answering) : notSentBy(error)));
    request.on('close', () => settle({ kind: 'broken', reason: 'reset', detail: 'closed' }));
    request.on('response', (response) => {
      answering = true;
      readAnswer(response, input.maxAnswerBytes, settle);
    });
    request.end(input.body);
  });
}

function startRequest(agent: Agent, input: HttpExchange): ClientRequest {
  const { serverName, port, method, target, body } = input;
  return openRequest({
    agent,
    host: serverName,
    port,
    method,
    path: target,
    setHost: false,
    headers: {
      ...input.headers,
      host: port === HTTPS_PORT ? serverName : `${serverName}:${port}`,
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-length': String(body.length) }),
    },
  });
}

function notSentBy(error: Error): ExchangeOutcome {
  if (error instanceof PeerConnectError) return { kind: 'not_sent', reason: error.code, detail: error.detail };
  return { kind: 'not_sent', reason: 'connect_failed', detail: codeOf(error) };
}

function brokenBy(error: Error, neverAnswered: boolean): ExchangeOutcome {
  const detail = codeOf(error);
  if (detail.startsWith('HPE_')) return { kind: 'broken', reason: 'malformed', detail };
  return { kind: 'broken', reason: neverAnswered ? 'stale_connection' : 'reset', detail };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function readAnswer(response: IncomingMessage, maxBytes: number, settle: (answer: ExchangeOutcome) => void): void {
  const refuse = (reason: BrokenReason, detail: string): void => {
    response.on('error', () => {});
    settle({ kind: 'broken', reason, detail });
  };
  const status = response.statusCode ?? 0;
  const { 'content-encoding': encoding, 'transfer-encoding': transfer } = response.headers;
  if (status >= 300 && status < 400) return refuse('redirect', String(status));
  if (encoding !== undefined && encoding !== 'identity') return refuse('encoded', 'content-encoding');
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') return refuse('encoded', 'transfer-encoding');
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) return refuse('too_large', 'content-length');
  const collector = createByteCollector(maxBytes);
  response.on('data', (chunk: Buffer) => {
    if (!collector.add(chunk)) refuse('too_large', 'body');
  });
  response.on('error', (error) => settle(brokenBy(error, false)));
  response.on('end', () => settle({ kind: 'answer', status, headers: readHeaders(response), body: collector.bytes() }));
}

/** A header that came on several lines is read as its values joined by a comma and LF, which no form of one line has. */
function readHeaders(response: IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, lines] of Object.entries(response.headersDistinct)) {
    if (lines !== undefined) headers[name] = lines.join(',\n');
  }
  return headers;
}
