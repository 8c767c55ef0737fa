import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { StoredMessage } from '../domain/messages/message-store.ts';
import type { DomainEvent } from '../domain/ports.ts';
import { newConversationId } from '../domain/testing/changes.ts';
import { newMessageId, payloadOf } from '../domain/testing/messages.ts';
import { alice, bob, dave, local, peer } from '../domain/testing/people.ts';
import type { ClientToServerEvents, ServerToClientEvents, WireEvent } from './events.ts';
import { createRealtime } from './realtime.ts';
import type { Realtime } from './realtime.ts';
import { createLinkedBuses } from './testing/linked-buses.ts';

const ORIGIN = 'https://a.test';
type Client = Socket<ServerToClientEvents, ClientToServerEvents>;

let server: Server;
let realtime: Realtime;
let clients: Client[];
let buses: ReturnType<typeof createLinkedBuses>;
/** The second process on the same database; nobody is connected to it. */
let elsewhere: Realtime;
/** What the database has, and how often it was asked. */
let stored: StoredMessage[];
let loads: number;
/** The live sessions: cookie header → whose. */
let sessions: Map<string, { readonly userId: typeof alice; readonly sessionId: string }>;

beforeEach(async () => {
  clients = [];
  sessions = new Map([
    ['alice at home', { userId: alice, sessionId: 'home' }],
    ['alice at work', { userId: alice, sessionId: 'work' }],
    ['dave', { userId: dave, sessionId: 'dave' }],
  ]);
  [buses, stored, loads] = [createLinkedBuses(), [], 0];
  realtime = createProcess();
  elsewhere = createProcess();
  server = createServer((_request, response) => void response.end());
  realtime.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await realtime.close();
  await elsewhere.close();
  await new Promise((resolve) => server.close(resolve));
});

function createProcess(): Realtime {
  return createRealtime({
    authenticate: async (cookie) => {
      if (cookie === 'broken') throw new Error('the database is away');
      return sessions.get(cookie) ?? null;
    },
    allowedOrigin: ORIGIN,
    bus: buses.join(),
    async loadMessages(references) {
      loads += 1;
      return stored.filter(({ messageId }) => references.some((reference) => reference.messageId === messageId));
    },
    now: () => 0,
    newId: () => 'ring',
    logger: pino({ level: 'silent' }),
  });
}

function open(headers: Readonly<Record<string, string>>, transport: 'websocket' | 'polling' = 'websocket'): Client {
  const { port } = server.address() as AddressInfo;
  const client: Client = io(`http://127.0.0.1:${port}`, { transports: [transport], reconnection: false, extraHeaders: { ...headers }, forceNew: true });
  clients.push(client);
  return client;
}

/** Connects, or gives the message of the refusal. */
function outcomeOf(client: Client): Promise<string> {
  return new Promise((resolve) => {
    client.on('connect', () => resolve('connected'));
    client.on('connect_error', (error) => resolve(error.message));
  });
}

/** Connects as the owner of a cookie and notes every event that comes. */
async function connectAs(cookie: string) {
  const client = open({ cookie, origin: ORIGIN });
  const received: (readonly [name: string, event: unknown])[] = [];
  client.on('events', (events) => void received.push(...events.map(({ name, payload }) => [name, payload] as const)));
  expect(await outcomeOf(client)).toBe('connected');
  return {
    client,
    received,
    /** Waits until this socket has everything that was sent to its user before. */
    async settled(userId = alice): Promise<void> {
      const conversationId = newConversationId(local);
      const isIt = ({ name, payload }: WireEvent): boolean => name === 'conversation:new' && payload.conversationId === conversationId;
      const came = new Promise<void>((resolve) => client.on('events', (events) => void (events.some(isIt) && resolve())));
      realtime.notify([userId], { kind: 'conversation', conversationId });
      await came;
      received.splice(received.findIndex(([, event]) => (event as { conversationId: string }).conversationId === conversationId), 1);
    },
  };
}

const conversationId = newConversationId(local);
const messageId = newMessageId();
const receivedAt = new Date('2026-03-01T10:00:00.000Z');
const message = { conversationId, messageId, senderId: bob, payload: payloadOf('hello'), timestamp: parseTimestamp('2026-03-01T10:00:00.000Z'), position: 1, receivedAt };
const delivery = { conversationId, messageId, senderId: alice, domain: peer, state: 'queued', attempts: 1, errorCode: null, nextAttemptAt: receivedAt } as const;
const { senderId: _author, ...wireDelivery } = delivery;

describe('a handshake', () => {
  test.each(['websocket', 'polling'] as const)('with a live session is accepted over %s', async (transport) => {
    expect(await outcomeOf(open({ cookie: 'dave', origin: ORIGIN }, transport))).toBe('connected');
  });

  test('from what is no page, and so states no origin, is accepted', async () => {
    expect(await outcomeOf(open({ cookie: 'dave' }))).toBe('connected');
  });

  test.each([{ origin: ORIGIN }, { cookie: 'made up', origin: ORIGIN }])('without a live session is refused: %j', async (headers) => {
    expect(await outcomeOf(open(headers))).toBe('unauthorized');
  });

  test.each(['https://evil.test', 'http://a.test', 'https://a.test.evil.test', 'https://a.test:8443', 'null'])('from a page of %s is refused, session or not', async (origin) => {
    for (const transport of ['websocket', 'polling'] as const) {
      expect(await outcomeOf(open({ cookie: 'dave', origin }, transport))).toMatch(/^(websocket|xhr poll) error$/);
    }
  });

  test('while the database is away is refused as unavailable, which does not sign anybody out', async () => {
    expect(await outcomeOf(open({ cookie: 'broken', origin: ORIGIN }))).toBe('unavailable');
  });
});

describe('an event', () => {
  test('reaches every browser of the people named, nobody else', async () => {
    const [home, work, other] = [await connectAs('alice at home'), await connectAs('alice at work'), await connectAs('dave')];
    realtime.notify([alice], { kind: 'conversation', conversationId });
    await Promise.all([home.settled(), work.settled(), other.settled(dave)]);
    expect(home.received.filter(([, event]) => (event as { conversationId: string }).conversationId === conversationId)).toHaveLength(1);
    expect(work.received.filter(([, event]) => (event as { conversationId: string }).conversationId === conversationId)).toHaveLength(1);
    expect(other.received).toEqual([]);
  });

  test('to nobody reaches nobody', async () => {
    const home = await connectAs('alice at home');
    realtime.notify([], { kind: 'conversation', conversationId });
    await home.settled();
    expect(home.received).toEqual([]);
  });

  test.each<[DomainEvent, WireEvent['name'], object]>([
    [{ kind: 'message', message }, 'message:new', { ...message, receivedAt: '2026-03-01T10:00:00.000Z' }],
    [{ kind: 'conversation', conversationId }, 'conversation:new', { conversationId }],
    [{ kind: 'membership', conversationId, epoch: 3 }, 'conversation:membership', { conversationId, epoch: 3 }],
    [{ kind: 'receipt', conversationId, userId: bob, messageIds: [messageId], state: 'read' }, 'message:receipt', { conversationId, userId: bob, messageIds: [messageId], state: 'read' }],
    [{ kind: 'typing', conversationId, userId: bob }, 'conversation:typing', { conversationId, userId: bob }],
    [{ kind: 'accepted', conversationId, userId: bob }, 'conversation:accepted', { conversationId, userId: bob }],
    [{ kind: 'delivery', delivery }, 'delivery:changed', { ...wireDelivery, nextAttemptAt: '2026-03-01T10:00:00.000Z' }],
  ])('%j is %s on the wire', async (event, name, wire) => {
    const home = await connectAs('alice at home');
    realtime.notify([alice], event);
    await home.settled();
    expect(home.received).toEqual([[name, wire]]);
  });
});

describe('what another process tells', () => {
  const second = { ...message, messageId: newMessageId(), position: 2 };

  test('of messages is read from the store, all of one moment at once and in order, and reaches those connected here', async () => {
    const [home, other] = [await connectAs('alice at home'), await connectAs('dave')];
    stored = [second, message];
    elsewhere.notify([alice], { kind: 'message', message });
    elsewhere.notify([alice], { kind: 'conversation', conversationId });
    elsewhere.notify([alice], { kind: 'message', message: second });
    await expect.poll(() => home.received.map(([name]) => name)).toEqual(['message:new', 'conversation:new', 'message:new']);
    expect(home.received.flatMap(([, event]) => ('position' in (event as object) ? [(event as { position: number }).position] : []))).toEqual([1, 2]);
    expect(loads).toBeLessThanOrEqual(2);
    await other.settled(dave);
    expect(other.received).toEqual([]);
  });

  test('carries no content between processes', () => {
    realtime.notify([alice, dave], { kind: 'message', message });
    expect(buses.published).toEqual([{ kind: 'event', userIds: [alice, dave], event: { kind: 'message', conversationId, position: 1, messageId } }]);
  });

  test('of people who are not connected here costs no reading', async () => {
    const home = await connectAs('alice at home');
    elsewhere.notify([dave, bob], { kind: 'message', message });
    await home.settled();
    expect(loads).toBe(0);
  });

  test('and cannot be read makes those concerned ask for themselves', async () => {
    const home = await connectAs('alice at home');
    elsewhere.notify([alice], { kind: 'message', message });
    await expect.poll(() => home.received).toEqual([['resync', {}]]);
  });

  test('was missed, so everybody asks', async () => {
    const home = await connectAs('alice at home');
    buses.tellAll({ kind: 'gap' });
    await expect.poll(() => home.received).toEqual([['resync', {}]]);
  });

  test('of a revoked session ends its sockets here', async () => {
    const home = await connectAs('alice at home');
    const lost = new Promise((resolve) => home.client.on('disconnect', resolve));
    elsewhere.disconnectSession('home');
    expect(await lost).toMatch(/^(io server disconnect|transport close)$/);
  });
});

describe('a revoked session', () => {
  test("loses its socket at once; the person's other browsers keep theirs", async () => {
    const [home, work] = [await connectAs('alice at home'), await connectAs('alice at work')];
    const lost = new Promise((resolve) => home.client.on('disconnect', resolve));
    sessions.delete('alice at home');
    realtime.disconnectSession('home');
    expect(await lost).toMatch(/^(io server disconnect|transport close)$/);
    await work.settled();
    expect(work.client.connected).toBe(true);
    expect(await outcomeOf(open({ cookie: 'alice at home', origin: ORIGIN }))).toBe('unauthorized');
  });
});

test('closing ends every socket and leaves the HTTP server to its owner', async () => {
  const home = await connectAs('alice at home');
  const lost = new Promise((resolve) => home.client.on('disconnect', resolve));
  await realtime.close();
  await lost;
  expect(server.listening).toBe(true);
});

test('closing before anything was attached is no fault', async () => {
  await createProcess().close();
  expect(server.listening).toBe(true);
});
