import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../protocol/limits.ts';
import { createFederationMount } from './federation-mount.ts';
import type { FederationHandlers } from './federation-mount.ts';
import { createSourceAddress } from './source-address.ts';
import { connectRaw, exchangeRaw } from './testing/raw-client.ts';
import { listenForServers, listenForWeb } from './web-listener.ts';
import type { Listener } from './web-listener.ts';

type Input = Parameters<FederationHandlers['handle']>[0];

const seen: Input[] = [];
const handlers: FederationHandlers = {
  async handle(input) {
    seen.push(input);
    return { status: 202, headers: { 'content-type': 'text/plain', 'x-from': 'federation' }, body: input.body === 'too_large' ? 'too large' : `${input.body.length} bytes` };
  },
  keyDocument: (method) => ({ status: method === 'GET' || method === 'HEAD' ? 200 : 405, headers: {}, body: '{"key":"document"}' }),
};
const logger = pino({ level: 'silent' });
const place = { host: '127.0.0.1', port: 0, tls: null, logger };
let web: Listener;
let servers: Listener;

beforeAll(async () => {
  const federation = createFederationMount(handlers, createSourceAddress(['127.0.0.1/32']));
  const fallback = (_: unknown, response: { end(text: string): void; setHeader(name: string, value: string): void }) => {
    response.setHeader('content-length', '4');
    response.end('page');
  };
  web = await listenForWeb({ federation, exact: new Map(), prefixes: [], fallback }, place);
  servers = await listenForServers(federation, place);
});
beforeEach(() => void seen.splice(0));
afterAll(() => Promise.all([web.close(), servers.close()]));

const ask = (target: string, options: { method?: string; lines?: readonly string[]; body?: string } = {}) => {
  const { method = 'GET', lines = [], body = '' } = options;
  return exchangeRaw(web.port, [`${method} ${target} HTTP/1.1`, 'Host: a.test', ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'));
};

describe('[SIG-3] [SIG-10] the federation handler answers, with the target as it was sent', () => {
  test.each([
    '/federation/v1/messages',
    '/federation/v1/messages/',
    '/federation/v1//messages',
    '/federation/v1/messages?x=1',
    '/federation/v1',
    '/federation/v1/users/alice%40a.test/public_key',
    '/federation/v1/../../x',
    '//federation/v1/messages',
    '/./federation/v1/messages',
    '/x/../federation/v1/messages',
    '/x/%2e%2e/federation/v1/messages',
    '/x/%2E./federation/v1/messages',
    '/federation%2Fv1/messages',
    '/%66ederation/v1/messages',
    '/%66ederation/v1/messages/%zz',
    '/%2566ederation/v1/messages',
    '/federation/%76%31/messages',
    '/federation\\v1\\messages',
    '/Federation/V1/messages',
    'http://a.test/federation/v1/messages',
    'http://other.test/x/../federation/v1/messages',
    '/federation/v1/messages#x',
    '//a.test/federation/v1/messages',
    '/\\a.test/federation/v1/messages',
    '/federation/v1;x/messages',
  ])('%s', async (target) => {
    expect((await ask(target)).headers['x-from']).toBe('federation');
    expect(seen.map(({ rawTarget }) => rawTarget)).toEqual([target]);
  });
});

describe('other paths are left to others', () => {
  test.each(['/', '/chat', '/federation', '/federation/v2/messages', '/x/federation/v1/messages', '/?/federation/v1/messages', '/%', '*'])('%s', async (target) => {
    const answer = await ask(target, target === '*' ? { method: 'OPTIONS' } : {});
    expect(answer.body).toBe('page');
    expect(seen).toEqual([]);
  });

  test('on the listener for servers they are 404', async () => {
    expect(await exchangeRaw(servers.port, 'GET /chat HTTP/1.1\r\nHost: a.test\r\n\r\n')).toMatchObject({ status: 404, body: '' });
    expect(await exchangeRaw(servers.port, 'GET /federation/v1/messages HTTP/1.1\r\nHost: a.test\r\n\r\n')).toMatchObject({ status: 202 });
  });
});

describe('a request of a server', () => {
  test('is handed on with method, every header line in order, body and source', async () => {
    await ask('/federation/v1/messages', { method: 'POST', lines: ['X-Twice: one', 'x-twice: two', 'X-Forwarded-For: 198.51.100.9'], body: 'hello' });
    const [input] = seen;
    expect(input).toMatchObject({ method: 'POST', sourceAddress: '198.51.100.9' });
    expect(input?.headers.filter(([name]) => name.toLowerCase() === 'x-twice')).toEqual([['X-Twice', 'one'], ['x-twice', 'two']]);
    expect(Buffer.from(input?.body as Uint8Array).toString()).toBe('hello');
  });

  test('[KEY-2] for the key document is answered from its own handler', async () => {
    expect(await ask('/.well-known/securechat-federation-key')).toMatchObject({ status: 200, body: '{"key":"document"}' });
    expect(await ask('/.well-known/securechat-federation-key', { method: 'POST' })).toMatchObject({ status: 405 });
    expect(seen).toEqual([]);
  });

  test('with HEAD is answered without a body but with its length', async () => {
    const connection = await connectRaw(web.port);
    connection.write('HEAD /.well-known/securechat-federation-key HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    let received = '';
    connection.socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await connection.closed();
    expect(received).toMatch(/content-length: 18\r\n/i);
    expect(received.endsWith('\r\n\r\n')).toBe(true);
  });
});

describe('[SIG-11] a body', () => {
  const head = (length: string): string => `POST /federation/v1/messages HTTP/1.1\r\nHost: a.test\r\n${length}\r\n\r\n`;

  test('of exactly the limit is read whole', async () => {
    expect(await ask('/federation/v1/messages', { method: 'POST', body: 'x'.repeat(MAX_BODY_BYTES) })).toMatchObject({ body: `${MAX_BODY_BYTES} bytes` });
  });

  test('announced as larger is answered before it is sent', async () => {
    const connection = await connectRaw(web.port);
    connection.write(head(`Content-Length: ${MAX_BODY_BYTES + 1}`));
    expect(await connection.answer()).toMatchObject({ status: 202, body: 'too large' });
    connection.socket.destroy();
  });

  test('in chunks is answered as soon as it grows too large, not when it ends', async () => {
    const connection = await connectRaw(web.port);
    connection.write(head('Transfer-Encoding: chunked'));
    connection.write(`${(MAX_BODY_BYTES + 1).toString(16)}\r\n${'x'.repeat(MAX_BODY_BYTES + 1)}\r\n`);
    expect(await connection.answer()).toMatchObject({ status: 202, body: 'too large' });
    connection.socket.destroy();
  });

  test('sent in full although it is too large does not cost its sender the answer', async () => {
    const connection = await connectRaw(web.port);
    const length = 20 * MAX_BODY_BYTES;
    connection.write(head(`Content-Length: ${length}`) + 'x'.repeat(length));
    expect(await connection.answer()).toMatchObject({ body: 'too large' });
    connection.socket.destroy();
  });

  test('without end is not read for ever', async () => {
    const connection = await connectRaw(web.port);
    connection.write(head('Transfer-Encoding: chunked'));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const flood = (): void => {
      while (!connection.socket.destroyed && connection.socket.write(chunk));
    };
    connection.socket.on('drain', flood);
    flood();
    await connection.closed();
    expect(seen.map(({ body }) => body)).toEqual(['too_large']);
  });

  test('cut off is handed to nobody', async () => {
    const connection = await connectRaw(web.port);
    connection.write(`${head('Content-Length: 100')}half`);
    connection.socket.end();
    await connection.closed();
    expect((await ask('/federation/v1/messages')).status).toBe(202);
    expect(seen).toHaveLength(1);
  });
});
