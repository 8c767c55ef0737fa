import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newConversationId } from '../domain/testing/changes.ts';
import { newMessageId, payloadOf } from '../domain/testing/messages.ts';
import { alice, bob, local } from '../domain/testing/people.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import { createProcessBus } from '../persistence/process-bus.ts';
import { createReferencedMessageReader } from '../persistence/referenced-messages.ts';
import { createTestDatabase } from '../persistence/testing-database.ts';
import type { TestDatabase } from '../persistence/testing-database.ts';
import type { ClientToServerEvents, ServerToClientEvents } from './events.ts';
import { createRealtime } from './realtime.ts';
import type { Realtime } from './realtime.ts';

const logger = pino({ level: 'silent' });
let db: TestDatabase;
let processes: { readonly realtime: Realtime; readonly url: string; stop(): Promise<void> }[];
let clients: Socket[];

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.stop());
beforeEach(async () => {
  clients = [];
  processes = [await startProcess(), await startProcess()];
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  for (const one of processes) await one.stop();
});

async function startProcess() {
  const { pool } = db.database;
  const bus = createProcessBus({ pool, url: db.url, processId: randomUUID(), logger, now: () => performance.now() });
  const realtime = createRealtime({
    authenticate: async () => ({ userId: alice, sessionId: 'home' }),
    allowedOrigin: 'https://a.test',
    bus,
    loadMessages: createReferencedMessageReader(pool),
    now: () => performance.now(),
    newId: randomUUID,
    logger,
  });
  const server = createServer();
  await bus.start();
  realtime.attach(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    realtime,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      await realtime.close();
      await bus.stop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Connects alice to each process; both sockets note what they are told. */
async function connectToEach() {
  return Promise.all(
    processes.map(async ({ url }) => {
      const client: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, { transports: ['websocket'], forceNew: true, reconnection: false });
      clients.push(client);
      const positions: number[] = [];
      let resyncs = 0;
      client.on('events', (events) => {
        for (const { name, payload } of events) {
          if (name === 'message:new') positions.push(payload.position);
          else if (name === 'resync') resyncs += 1;
        }
      });
      await new Promise<void>((resolve) => client.on('connect', resolve));
      return { client, positions, resyncs: () => resyncs };
    }),
  );
}

async function storeMessages(count: number) {
  const conversationId = newConversationId(local);
  const at = new Date('2026-03-01T10:00:00.000Z');
  const messages = Array.from({ length: count }, (_, index) => ({
    conversationId, messageId: newMessageId(), senderId: bob, payload: payloadOf(`${index}`), timestamp: parseTimestamp(at.toISOString()), position: index + 1, receivedAt: at,
  }));
  const rows = messages.map(({ conversationId: _key, position, payload, ...row }) => ({
    ...row, position: BigInt(position), payload: JSON.stringify(payload), originDomain: 'b.test', contentHash: row.messageId,
  }));
  await db.database.prisma.conversation.create({ data: { id: conversationId, ownerDomain: local, epoch: 1, createdAt: at, messages: { create: rows } } });
  return messages;
}

test('a client connected to either process is told in order what any of them stored', async () => {
  const told = await connectToEach();
  const messages = await storeMessages(300);
  for (const message of messages) processes[message.position > 150 ? 1 : 0]?.realtime.notify([alice], { kind: 'message', message });
  await expect.poll(() => told.map(({ positions }) => positions.length), { timeout: 5_000 }).toEqual([300, 300]);
  for (const { positions } of told) {
    expect(positions.filter((position) => position <= 150)).toEqual(messages.slice(0, 150).map(({ position }) => position));
    expect(positions.filter((position) => position > 150)).toEqual(messages.slice(150).map(({ position }) => position));
  }
});

test('once a process can hear again, its clients are told to ask for what they missed', async () => {
  const told = await connectToEach();
  const before = told.map(({ resyncs }) => resyncs());
  await db.database.pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'securechat-bus' AND datname = current_database()");
  await expect.poll(() => told.map(({ resyncs }, index) => resyncs() > (before[index] ?? 0)), { timeout: 5_000 }).toEqual([true, true]);
});

test('a revoked session loses its sockets at every process', async () => {
  const told = await connectToEach();
  processes[0]?.realtime.disconnectSession('home');
  await expect.poll(() => told.map(({ client }) => client.connected), { timeout: 5_000 }).toEqual([false, false]);
});
