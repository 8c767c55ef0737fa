import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Place, RawAnswer, RawRequest } from './raw-exchange.ts';

/** An answer, and whether it came over a connection that had carried another one before. */
interface KeptAnswer extends RawAnswer {
  readonly reused: boolean;
}

/** One HTTP/1.1 connection that is kept between requests. */
export interface KeptConnection {
  send(message: RawRequest): Promise<KeptAnswer>;
  /** Sends the body in parts of unstated length (RFC 9112 section 7.1). */
  sendChunked(message: RawRequest, partBytes: number): Promise<KeptAnswer>;
  close(): void;
}

/** Opens a connection to a place with TLS, over which requests follow one another; `localAddress` is where it comes from. */
export function keepConnection(place: Required<Place>, localAddress?: string): KeptConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ALPNProtocols: ['http/1.1'] });
  const open = ({ method, target, headers = [] }: RawRequest, framing: Readonly<Record<string, string>>) => {
    const { tls, host, port } = place;
    const lines = Object.fromEntries([['Host', tls.servername], ...headers, ...Object.entries(framing)]);
    return request({ agent, host, port, ...tls, ...(localAddress === undefined ? {} : { localAddress }), method, path: target, headers: lines });
  };
  return {
    async send(message) {
      const bytes = Buffer.from(message.body ?? '');
      const sent = open(message, message.body === undefined ? {} : { 'Content-Length': String(bytes.length) });
      sent.end(bytes);
      return readAnswer(sent);
    },
    async sendChunked(message, partBytes) {
      const bytes = Buffer.from(message.body ?? '');
      const sent = open(message, { 'Transfer-Encoding': 'chunked' });
      const answer = readAnswer(sent);
      for (let at = 0; at < bytes.length; at += partBytes) sent.write(bytes.subarray(at, at + partBytes));
      sent.end();
      return answer;
    },
    close: () => agent.destroy(),
  };
}

async function readAnswer(sent: ReturnType<typeof request>): Promise<KeptAnswer> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8'), reused: sent.reusedSocket };
}
