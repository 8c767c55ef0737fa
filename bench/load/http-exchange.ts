import { request as requestHttp } from 'node:http';
import type { Agent, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { RequestOptions } from 'node:https';

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request of a load; `options.agent` keeps its connections. */
export interface HttpCall {
  readonly secure: boolean;
  readonly options: RequestOptions & { readonly agent: Agent };
  readonly body: string | Buffer;
}

const TIMEOUT_MS = 30_000;

/** Sends a request and reads the whole answer; rejects where the connection breaks or nothing comes for 30 s. */
export function exchange({ secure, options, body }: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage): void => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      answer.on('error', reject);
    };
    const headers = { ...options.headers, 'content-length': Buffer.byteLength(body) };
    const outgoing = (secure ? requestHttps : requestHttp)({ method: 'POST', ...options, headers }, onAnswer);
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error('no answer came in 30 s')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
