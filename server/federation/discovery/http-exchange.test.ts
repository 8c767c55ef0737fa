import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { exchangeHttp } from './http-exchange.ts';

const ANSWER_BEGUN = 'http.client.response.finish';
const agent = new Agent();
let asked: Promise<ServerResponse>;
let port: number;
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  const reached = Promise.withResolvers<ServerResponse>();
  asked = reached.promise;
  server = createServer((_, response) => reached.resolve(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

it('[DISC-5] the chunks of an answer are copied as they come, not kept: what becomes of their memory changes nothing', async () => {
  const wiped = Promise.withResolvers<void>();
  const wipeChunks = (message: unknown): void => {
    const { response } = message as { response: IncomingMessage };
    response.on('data', (chunk: Buffer) => setImmediate(() => {
      chunk.fill(0);
      wiped.resolve();
    }));
  };
  subscribe(ANSWER_BEGUN, wipeChunks);
  const answer = exchangeHttp(agent, { serverName: '127.0.0.1', port, method: 'GET', target: '/', headers: {}, maxAnswerBytes: 4 });
  const response = await asked;
  response.write('ab');
  await wiped.promise;
  response.end('cd');
  expect(await answer).toMatchObject({ kind: 'answer', status: 200, body: Uint8Array.from(Buffer.from('abcd')) });
  unsubscribe(ANSWER_BEGUN, wipeChunks);
});
