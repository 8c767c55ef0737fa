import { request as httpsRequest } from 'node:https';
import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { answerHealthz, createReadyzHandler } from './health.ts';
import { readBody } from './read-body.ts';
import { connectRaw, exchangeRaw } from './testing/raw-client.ts';
import { listenForServers, listenForWeb } from './web-listener.ts';
import type { Listener, NodeHandler, WebRoutes } from './web-listener.ts';

const logger = pino({ level: 'silent' });
const open: Listener[] = [];
afterEach(() => Promise.all(open.splice(0).map((listener) => listener.close())));

const say =
  (text: string): NodeHandler =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': String(text.length) }).end(text);
  };

async function listen(routes: Partial<WebRoutes>): Promise<Listener> {
  const listener = await listenForWeb(
    { federation: async () => false, exact: new Map(), prefixes: [], fallback: say('fallback'), ...routes },
    { host: '127.0.0.1', port: 0, tls: null, logger },
  );
  open.push(listener);
  return listener;
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`;

describe('routing', () => {
  test('an exact path wins, then a prefix, then the fallback; the query counts for none', async () => {
    const { port } = await listen({ exact: new Map([['/healthz', say('exact')]]), prefixes: [['/api/trpc/', say('prefix')]] });
    const bodies = await Promise.all(['/healthz', '/healthz?x', '/healthz/', '/api/trpc/x?y', '/api/trpc', '/'].map((target) => exchangeRaw(port, get(target))));
    expect(bodies.map(({ body }) => body)).toEqual(['exact', 'exact', 'fallback', 'prefix', 'fallback', 'fallback']);
  });

  test('a target that is no path names nothing here', async () => {
    const { port } = await listen({});
    expect(await exchangeRaw(port, 'OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n')).toMatchObject({ status: 400, body: '' });
  });

  test('/healthz says alive; /readyz names what is missing', async () => {
    let fault: string | null = null;
    const { port } = await listen({ exact: new Map([['/healthz', answerHealthz], ['/readyz', createReadyzHandler(async () => fault)]]) });
    const raw = (target: string) => exchangeRaw(port, `GET ${target} HTTP/1.0\r\n\r\n`);
    expect((await raw('/healthz')).status).toBe(200);
    expect((await raw('/readyz')).status).toBe(200);
    fault = 'database';
    expect((await raw('/readyz')).status).toBe(503);
  });
});

describe('a handler that fails', () => {
  const fail: NodeHandler = () => {
    throw new Error('an inner secret');
  };

  test('is answered 500 without a word of why', async () => {
    const { port } = await listen({ fallback: fail });
    expect(await exchangeRaw(port, get('/'))).toMatchObject({ status: 500, body: '' });
  });

  test('is answered 500 also after the whole body was read', async () => {
    const { port } = await listen({
      fallback: async (request) => {
        await readBody(request, 100);
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('an inner secret');
      },
    });
    expect(await exchangeRaw(port, 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello')).toMatchObject({ status: 500, body: '' });
  });

  test('because its sender went away is nothing to log', async () => {
    const lines: string[] = [];
    const listener = await listenForWeb(
      { federation: async () => false, exact: new Map(), prefixes: [], fallback: async (request) => void (await readBody(request, 100)) },
      { host: '127.0.0.1', port: 0, tls: null, logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }) },
    );
    const connection = await connectRaw(listener.port);
    connection.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50\r\n\r\nhalf');
    connection.socket.resetAndDestroy();
    await connection.closed();
    await listener.close();
    expect(lines).toEqual([]);
  });

  test('in the middle of its answer cuts the answer off', async () => {
    const { port } = await listen({
      fallback: (_request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('half');
        throw new Error('an inner secret');
      },
    });
    await expect(exchangeRaw(port, get('/'))).rejects.toThrow('the connection ended');
  });
});

describe('a graceful close', () => {
  test('lets a request under way finish, takes no other, and then does not wait for the idle connection', async () => {
    let finish = (): void => undefined;
    let began = (): void => undefined;
    const underWay = new Promise<void>((resolve) => (began = resolve));
    const listener = await listen({
      fallback: async (request, response) => {
        began();
        await new Promise<void>((resolve) => (finish = resolve));
        await say('finished')(request, response);
      },
    });
    const connection = await connectRaw(listener.port);
    connection.write(get('/'));
    await underWay;
    const startedAt = performance.now();
    const closed = listener.close();
    await expect(connectRaw(listener.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    finish();
    expect((await connection.answer()).body).toBe('finished');
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('ends connections that are idle', async () => {
    const listener = await listen({});
    const connection = await connectRaw(listener.port);
    connection.write(get('/'));
    await connection.answer();
    await listener.close();
    await connection.closed();
  });
});

test('a port in use is an error, not a silence', async () => {
  const { port } = await listen({});
  await expect(listenForServers(async () => false, { host: '127.0.0.1', port, tls: null, logger })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('[DISC-4] with a certificate the listener speaks TLS 1.2 or newer', async () => {
  const authority = await createCertificateAuthority();
  const { certificateChainPem, privateKeyPem } = await authority.issue({ names: ['a.test'] });
  const tls = { certificatePem: certificateChainPem, keyPem: privateKeyPem };
  const listener = await listenForServers(async () => false, { host: '127.0.0.1', port: 0, tls, logger });
  open.push(listener);
  const ask = (maxVersion: 'TLSv1.1' | 'TLSv1.3'): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: listener.port, servername: 'a.test', ca: authority.certificatePem, agent: false, minVersion: 'TLSv1' as const, maxVersion };
      httpsRequest(options, (response) => resolve(response.resume().statusCode)).on('error', reject).end();
    });
  expect(await ask('TLSv1.3')).toBe(404);
  await expect(ask('TLSv1.1')).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SSL_/) });
});

describe('[SIG-10] what a stranger can occupy', () => {
  test('a request has 20 s for its headers and a minute for the whole', async () => {
    const { server } = await listen({});
    expect([server.headersTimeout, server.requestTimeout]).toEqual([20_000, 60_000]);
  });

  test('connections are bounded: generously where every page keeps one, less so for servers', async () => {
    const web = await listen({});
    const servers = await listenForServers(async () => false, { host: '127.0.0.1', port: 0, tls: null, logger });
    open.push(servers);
    expect([web.server.maxConnections, servers.server.maxConnections]).toEqual([10_000, 2_000]);
  });
});
