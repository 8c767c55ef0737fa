import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where a request goes, and for TLS whom it expects there. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly servername: string; readonly ca: string };
}

/** A request whose every byte is the caller's; only `Host`, `Content-Length` and `Connection: close` are added. */
export interface RawRequest {
  readonly method: string;
  /** Stands in the request line as it is. */
  readonly target: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

/** An answer as it came; header names in lower case. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends one request over a connection of its own and reads the answer to its end; rejects where there is none. */
export async function exchange(place: Place, { method, target, headers = [], body }: RawRequest): Promise<RawAnswer> {
  const bytes = Buffer.from(body ?? '');
  const host = place.tls?.servername ?? `${place.host}:${place.port}`;
  const framing: (readonly [string, string])[] = body === undefined ? [] : [['Content-Length', String(bytes.length)]];
  const lines = [['Host', host] as const, ...headers, ...framing, ['Connection', 'close'] as const];
  const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

  const { tls, ...address } = place;
  const socket = tls === undefined ? connectPlain(address) : connectTls({ ...address, ...tls, ALPNProtocols: ['http/1.1'] });
  const chunks: Buffer[] = [];
  let failure: unknown = null;
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  // A server may answer and close before it has read everything: what counts is whether an answer came.
  socket.on('error', (error) => (failure = error));
  socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]));
  await once(socket, 'close').catch(() => undefined);
  const answer = parseAnswer(Buffer.concat(chunks).toString('utf8'));
  if (answer === null) throw new Error('no answer came', { cause: failure });
  return answer;
}

function parseAnswer(text: string): RawAnswer | null {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...headerLines] = text.slice(0, end).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1];
  if (end === -1 || status === undefined) return null;
  const headers = headerLines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status), headers: Object.fromEntries(headers), body: text.slice(end + 4) };
}
