import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClientToServerEvents, ServerToClientEvents } from '../../server/realtime/events.ts';
import { parseConversationId } from '../../protocol/ids.ts';
import { createSocketOpener } from './realtime-socket.ts';

let io: Server<ClientToServerEvents, ServerToClientEvents>;
let baseUrl: string;

beforeEach(async () => {
  const server = createServer();
  io = new Server(server);
  io.use((socket, next) => next(socket.handshake.headers.cookie === 'session=1' ? undefined : new Error('unauthorized')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => io.close());

function listen(cookie: string) {
  const told: string[] = [];
  const note = (name: string) => (event: object) => void told.push(`${name} ${Object.values(event)[0]}`);
  const close = createSocketOpener({ baseUrl, headers: () => ({ cookie }) })({
    onOnline: () => told.push('online'),
    onOffline: () => told.push('offline'),
    onUnauthorized: () => told.push('unauthorized'),
    events: {
      'message:new': note('message:new'),
      'conversation:new': note('conversation:new'),
      'conversation:membership': note('conversation:membership'),
      'delivery:changed': note('delivery:changed'),
    },
  });
  return { told, close };
}

test('a socket with the session’s cookie is online and passes on each event', async () => {
  const { told, close } = listen('session=1');
  await expect.poll(() => told).toEqual(['online']);
  io.emit('conversation:new', { conversationId: parseConversationId('c:a.test') });
  io.emit('conversation:membership', { conversationId: parseConversationId('c:a.test'), epoch: 2 });
  await expect.poll(() => told.slice(1)).toEqual(['conversation:new c:a.test', 'conversation:membership c:a.test']);
  close();
});

test('a handshake without a session says that it is over', async () => {
  const { told, close } = listen('session=2');
  await expect.poll(() => told).toEqual(['unauthorized']);
  close();
});

test('a connection that the server ends is opened again', async () => {
  const { told, close } = listen('session=1');
  await expect.poll(() => told).toEqual(['online']);
  io.disconnectSockets();
  await expect.poll(() => told).toEqual(['online', 'offline', 'online']);
  close();
});
