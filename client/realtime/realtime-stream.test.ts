import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseConversationId, parseUserId } from '../../protocol/ids.ts';
import type { AuthSessions } from '../../server/domain/accounts/auth-sessions.ts';
import type { AuthSession } from '../../server/domain/ports.ts';
import { createRealtime } from '../../server/realtime/realtime.ts';
import type { Realtime } from '../../server/realtime/realtime.ts';
import { createLinkedBuses } from '../../server/realtime/testing/linked-buses.ts';
import type { TrpcServices } from '../../server/trpc/context.ts';
import { createTrpcNodeHandler, TRPC_PREFIX } from '../../server/trpc/mount.ts';
import { createSystemClock } from '../headless/clock.ts';
import type { EventSourceClass } from '../trpc/instance-client.ts';
import { createConnectionOpener } from './realtime-connection.ts';
import { createSocketOpener } from './realtime-socket.ts';
import { createStreamOpener } from './realtime-stream.ts';
import { createNotingHandlers } from './testing/noting-handlers.ts';

const alice = parseUserId('alice@a.test');
const conversation = (name: string) => ({ kind: 'conversation', conversationId: parseConversationId(`${name}:a.test`) }) as const;

let server: Server;
let baseUrl: string;
let realtime: Realtime;
let isLive: boolean;
let isStarting: boolean;
let streamMs: number;
let requests: string[];
let closes: (() => void)[];

/** A server as a function platform is one: procedures, no socket. */
beforeEach(async () => {
  [isLive, isStarting, streamMs, requests, closes] = [true, false, 60_000, [], []];
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url?.startsWith(TRPC_PREFIX) === true && !isStarting) void handle(request, response);
    else response.writeHead(404).end();
  });
  const sessions = { check: async (_id: string) => (isLive ? ({} as AuthSession) : null) } as AuthSessions;
  const handle = createTrpcNodeHandler({
    createContext: async () => ({
      services: { sessions, openEventStream: (request) => realtime.openStream(request) } as TrpcServices,
      signedIn: isLive ? { userId: alice, sessionId: 'home' } : null,
      sourceAddress: '192.0.2.1',
      fromClient: false,
    }),
    sourceAddressOf: () => '192.0.2.1',
    logger: pino({ level: 'silent' }),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  startRealtime();
});
afterEach(async () => {
  for (const close of closes) close();
  await realtime.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function startRealtime(ringId = 'ring'): void {
  realtime = createRealtime({
    authenticate: async () => null, allowedOrigin: 'https://a.test', bus: createLinkedBuses().join(), loadMessages: async () => [],
    now: () => performance.now(), newId: () => ringId, logger: pino({ level: 'silent' }), streamMs,
  });
}

const openStream = () => createStreamOpener({ baseUrl, EventSource: EventSource as EventSourceClass, clock: createSystemClock() });

function listen() {
  const { told, handlers } = createNotingHandlers();
  closes.push(openStream()(handlers));
  return told;
}

test('the stream comes online and passes on each event', async () => {
  const told = listen();
  await expect.poll(() => told).toEqual(['online']);
  realtime.notify([alice], conversation('c'));
  realtime.notify([alice], { ...conversation('c'), kind: 'membership', epoch: 2 });
  await expect.poll(() => told.slice(1)).toEqual(['conversation:new c:a.test', 'conversation:membership c:a.test']);
});

test('a stream that ended in time goes on where it was, without a word', async () => {
  streamMs = 1_100;
  await realtime.close();
  startRealtime();
  const told = listen();
  await expect.poll(() => told).toEqual(['online']);
  const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
  for (const name of names) {
    const before = told.length;
    realtime.notify([alice], conversation(name));
    await expect.poll(() => told.length).toBeGreaterThan(before);
  }
  expect(told).toEqual(['online', ...names.map((name) => `conversation:new ${name}:a.test`)]);
  expect(requests.length).toBeGreaterThan(1);
});

test('a server that ends every stream at once is not asked without a pause', async () => {
  await realtime.close();
  const told = listen();
  await expect.poll(() => requests.length).toBe(1);
  await expect.poll(() => requests.length, { timeout: 4_000 }).toBe(2);
  expect(told).toEqual([]);
});

test('where the server cannot go on, the client is to ask for everything', async () => {
  const told = listen();
  await expect.poll(() => told).toEqual(['online']);
  const before = realtime;
  startRealtime('another ring');
  await before.close();
  await expect.poll(() => told, { timeout: 5_000 }).toEqual(['online', 'resync']);
});

test('the end of the session is told as such', async () => {
  const told = listen();
  await expect.poll(() => told).toEqual(['online']);
  isLive = false;
  realtime.disconnectSession('home');
  await expect.poll(() => told).toEqual(['online', 'unauthorized']);
});

test('a server that has no stream at the moment is asked again', async () => {
  isStarting = true;
  const told = listen();
  await expect.poll(() => told).toEqual(['offline']);
  isStarting = false;
  await expect.poll(() => told, { timeout: 5_000 }).toEqual(['offline', 'online']);
});

test('a client of a server without sockets comes to the stream by itself', async () => {
  const { told, handlers } = createNotingHandlers();
  const openSocket = createSocketOpener({ baseUrl, retryMs: 10 });
  const schedule = () => () => undefined;
  closes.push(createConnectionOpener({ openSocket, openStream: openStream(), schedule })(handlers));
  await expect.poll(() => told, { timeout: 5_000 }).toEqual(['offline', 'offline', 'offline', 'online']);
  realtime.notify([alice], conversation('c'));
  await expect.poll(() => told.at(-1)).toBe('conversation:new c:a.test');
  expect(requests.some((url) => url.startsWith('/socket.io/'))).toBe(true);
});
