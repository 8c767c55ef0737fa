import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTRPCClient, httpSubscriptionLink } from '@trpc/client';
import type { TRPCClient } from '@trpc/client';
import { EventSource } from 'eventsource';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuthSessions } from '../../domain/accounts/auth-sessions.ts';
import { newConversationId } from '../../domain/testing/changes.ts';
import { alice, local } from '../../domain/testing/people.ts';
import type { AuthSession } from '../../domain/ports.ts';
import { createRealtime } from '../../realtime/realtime.ts';
import type { Realtime } from '../../realtime/realtime.ts';
import { createLinkedBuses } from '../../realtime/testing/linked-buses.ts';
import type { AppRouter } from '../app-router.ts';
import type { TrpcContext, TrpcServices } from '../context.ts';
import { createTrpcNodeHandler, TRPC_PREFIX } from '../mount.ts';

const logger = pino({ level: 'silent' });
const session: AuthSession = {
  id: 'home', userId: alice, label: 'Firefox · Linux', createdAt: new Date(0), lastSeenAt: new Date(0), expiresAt: new Date(1), revokedAt: null,
};
let isLive: boolean;
let server: Server;
let realtime: Realtime;
let client: TRPCClient<AppRouter>;
let closes: (() => void)[];

beforeEach(async () => {
  closes = [];
  isLive = true;
  let rings = 0;
  realtime = createRealtime({
    authenticate: async () => null, allowedOrigin: 'https://a.test', bus: createLinkedBuses().join(), loadMessages: async () => [],
    now: () => performance.now(), newId: () => `ring${(rings += 1)}`, logger, streamMs: 100,
  });
  const sessions = { check: async (_id: string) => (isLive ? session : null) } as AuthSessions;
  const services = { sessions, openEventStream: realtime.openStream } as TrpcServices;
  const createContext = async ({ cookieHeader }: { readonly cookieHeader: string }): Promise<TrpcContext> => ({
    services, signedIn: cookieHeader === 'session' ? { userId: alice, sessionId: 'home' } : null, sourceAddress: '192.0.2.1', fromClient: false,
  });
  const handle = createTrpcNodeHandler({ createContext, sourceAddressOf: () => '192.0.2.1', logger });
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = clientOf('session');
});
afterEach(async () => {
  for (const close of closes) close();
  await realtime.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A client as it is under Node: the cookie travels with every request. */
function clientOf(cookie: string): TRPCClient<AppRouter> {
  const { port } = server.address() as AddressInfo;
  class CookieEventSource extends EventSource {
    constructor(url: string | URL) {
      super(url, { fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, cookie } }) });
    }
  }
  return createTRPCClient<AppRouter>({ links: [httpSubscriptionLink({ url: `http://127.0.0.1:${port}${TRPC_PREFIX}`, EventSource: CookieEventSource })] });
}

/** Follows the stream from a cursor until it ends, and says how it ended. */
function follow(options: { readonly cursor?: string; readonly from?: TRPCClient<AppRouter> } = {}) {
  const events: { readonly id: string; readonly name: string; readonly payload: object }[] = [];
  const outcome = new Promise<string>((resolve) => {
    const subscription = (options.from ?? client).events.stream.subscribe(options.cursor === undefined ? {} : { lastEventId: options.cursor }, {
      onData: ({ id, data }) => void events.push({ id, ...data }),
      onComplete: () => resolve('ended'),
      onError: (error) => resolve(error.data?.code ?? 'refused'),
    });
    closes.push(() => subscription.unsubscribe());
  });
  return { events, outcome };
}

describe('the stream of events', () => {
  test('begins with resync, gives what comes, and ends by itself', async () => {
    const { events, outcome } = follow();
    await expect.poll(() => events.map(({ name }) => name)).toEqual(['resync']);
    const conversationId = newConversationId(local);
    realtime.notify([alice], { kind: 'conversation', conversationId });
    expect(await outcome).toBe('ended');
    expect(events.slice(1)).toEqual([{ id: expect.any(String), name: 'conversation:new', payload: { conversationId } }]);
  });

  test('goes on by cursor from stream to stream without loss or double', async () => {
    const sent: string[] = [];
    const got: object[] = [];
    const first = follow();
    await expect.poll(() => first.events).toHaveLength(1);
    const ticking = setInterval(() => {
      const conversationId = newConversationId(local);
      sent.push(conversationId);
      realtime.notify([alice], { kind: 'conversation', conversationId });
    }, 2);
    closes.push(() => clearInterval(ticking));
    await first.outcome;
    got.push(...first.events.slice(1));
    let cursor = first.events.at(-1)?.id ?? '';
    for (let round = 0; round < 4; round += 1) {
      const next = follow({ cursor });
      await next.outcome;
      got.push(...next.events);
      cursor = next.events.at(-1)?.id ?? cursor;
    }
    clearInterval(ticking);
    const rest = follow({ cursor });
    await rest.outcome;
    got.push(...rest.events);
    expect(got.map((event) => (event as { payload: { conversationId: string } }).payload.conversationId)).toEqual(sent);
    expect(sent.length).toBeGreaterThan(20);
  });

  test('begins with resync where the cursor names nothing here', async () => {
    const { events, outcome } = follow({ cursor: 'another process.7' });
    await outcome;
    expect(events.map(({ name }) => name)).toEqual(['resync']);
  });

  test('is for those signed in', async () => {
    expect(await follow({ from: clientOf('nobody') }).outcome).toBe('UNAUTHORIZED');
  });

  test('ends as unauthorized with its session', async () => {
    const { events, outcome } = follow();
    await expect.poll(() => events).toHaveLength(1);
    isLive = false;
    realtime.disconnectSession('home');
    expect(await outcome).toBe('UNAUTHORIZED');
  });
});
