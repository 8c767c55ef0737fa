import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BATCH_TARGET } from '../../protocol/endpoints.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES } from '../../protocol/limits.ts';
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
    return { status: 202, headers: { 'content-type': 'text/plain', 'x-from': 'federation' }, body: bodyFor(input) };
  },
  keyDocument: (method) => ({ status: method === 'GET' || method === 'HEAD' ? 200 : 405, headers: {}, body: '{"key":"document"}' }),
};
function bodyFor({ body }: Input): string {
  if (body === 'too_large') return 'too large';
  return Buffer.from(body).toString().includes('French') ? 'reçu' : `${body.length} bytes`;
}
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
  test.each(['/', '/chat', '/federation', '/federation/v2/messages', '/x/federation/v1/messages', '/?/federation/v1/messages', '/%'])('%s', async (target) => {
    const answer = await ask(target);
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

describe('what HTTP allows besides', () => {
  const textOf = (input: Input | undefined): string => Buffer.from(input?.body === undefined || input.body === 'too_large' ? '' : input.body).toString();

  test('[SIG-8] the bytes written are the UTF-8 of the answer, and the status and headers its own', async () => {
    const answer = await ask('/federation/v1/messages', { method: 'POST', body: 'answer in French' });
    expect(Buffer.from(answer.body, 'latin1').toString('utf8')).toBe('reçu');
    expect([answer.status, answer.headers['content-length'], answer.headers['content-encoding']]).toEqual([202, '5', undefined]);
  });

  test('[SIG-11] a body in chunks is the same as one of a stated length', async () => {
    const answer = await exchangeRaw(web.port, 'POST /federation/v1/messages HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\n\r\n');
    expect([answer.status, textOf(seen[0])]).toEqual([202, 'hello']);
  });

  test('[SIG-11] a body both in chunks and of a stated length, or of two lengths, reaches nobody', async () => {
    const send = (lines: string) => exchangeRaw(web.port, `POST /federation/v1/messages HTTP/1.1\r\nHost: a.test\r\n${lines}\r\n\r\n0\r\n\r\n`).catch(() => ({ status: 400 }));
    expect((await send('Transfer-Encoding: chunked\r\nContent-Length: 5')).status).toBe(400);
    expect((await send('Content-Length: 5\r\nContent-Length: 6')).status).toBe(400);
    expect(seen).toEqual([]);
  });

  test('[SIG-11] the body of a GET is handed on too', async () => {
    await ask('/federation/v1/messages', { body: 'hello' });
    expect([seen[0]?.method, textOf(seen[0])]).toEqual(['GET', 'hello']);
  });

  test('[SIG-11] whoever expects 100 is told to go on and then answered', async () => {
    const connection = await connectRaw(web.port);
    connection.write('POST /federation/v1/messages HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
    expect((await connection.answer()).status).toBe(100);
    connection.write('hello');
    expect(await connection.answer()).toMatchObject({ status: 202, body: '5 bytes' });
    connection.socket.destroy();
  });

  test('[SIG-1] [SIG-11] repeated signatures, media types and encodings stay as many lines as they were', async () => {
    const lines = ['X-Federation-Signature: one', 'Content-Type: text/a', 'x-federation-signature: two', 'content-type: text/b', 'Content-Encoding: gzip', 'Content-Encoding: br'];
    await ask('/federation/v1/messages', { method: 'POST', lines });
    const names = /^(x-federation-signature|content-type|content-encoding)$/i;
    expect(seen[0]?.headers.filter(([name]) => names.test(name)).map((line) => line.join(': '))).toEqual(lines);
  });

  test('[API-10] every method is handed on as it stands', async () => {
    for (const method of ['DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND']) await ask('/federation/v1/messages', { method });
    expect(seen.map(({ method }) => method)).toEqual(['DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND']);
  });

  test('[SIG-10] HEAD is handed on and answered without the bytes of its body', async () => {
    const connection = await connectRaw(web.port);
    connection.write('HEAD /federation/v1/messages HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    let received = '';
    connection.socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await connection.closed();
    expect(received).toMatch(/^HTTP\/1.1 202 [^]*content-length: 7\r\n/i);
    expect(received.endsWith('\r\n\r\n')).toBe(true);
    expect(seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test.each(['a.test:443', '/federation/v1/messages'])('[SIG-10] CONNECT %s is cut off without an answer', async (target) => {
    const connection = await connectRaw(web.port);
    let received = '';
    connection.socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    connection.write(`CONNECT ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    await connection.closed();
    expect([received, seen]).toEqual(['', []]);
  });
});

describe('[SIG-11] a body', () => {
  const head = (length: string, target = '/federation/v1/messages'): string => `POST ${target} HTTP/1.1\r\nHost: a.test\r\n${length}\r\n\r\n`;

  test('of a batch may have four times as many bytes, told by the target as it was sent', async () => {
    const most = 'x'.repeat(MAX_BATCH_BODY_BYTES);
    expect(await ask(BATCH_TARGET, { method: 'POST', body: most })).toMatchObject({ body: '1048576 bytes' });
    expect(seen.map(({ body }) => body.length)).toEqual([1_048_576]);
    for (const target of [`${BATCH_TARGET}/`, `${BATCH_TARGET}?x`, '/federation/v1/Batch', `http://a.test${BATCH_TARGET}`, '/federation/v1/events']) {
      expect(await ask(target, { method: 'POST', body: 'x'.repeat(MAX_BODY_BYTES + 1) })).toMatchObject({ body: 'too large' });
    }
  });

  test.each([`Content-Length: ${MAX_BATCH_BODY_BYTES + 1}`, 'Transfer-Encoding: chunked'])('of a batch beyond that is given up: %s', async (length) => {
    const connection = await connectRaw(web.port);
    const bytes = 'x'.repeat(MAX_BATCH_BODY_BYTES + 1);
    connection.write(head(length, BATCH_TARGET) + (length.startsWith('Content') ? '' : `${bytes.length.toString(16)}\r\n${bytes}\r\n`));
    expect(await connection.answer()).toMatchObject({ body: 'too large' });
    connection.socket.destroy();
  });

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
