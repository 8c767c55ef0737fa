import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClientToServerEvents, ServerToClientEvents } from '../../server/realtime/events.ts';
import { parseConversationId } from '../../protocol/ids.ts';
import { createSocketOpener } from './realtime-socket.ts';
import { createNotingHandlers } from './testing/noting-handlers.ts';

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
  const { told, handlers } = createNotingHandlers();
  return { told, close: createSocketOpener({ baseUrl, headers: () => ({ cookie }) })(handlers) };
}

test('a socket with the session’s cookie is online and passes on each event', async () => {
  const { told, close } = listen('session=1');
  await expect.poll(() => told).toEqual(['online']);
  const conversationId = parseConversationId('c:a.test');
  io.emit('events', [{ name: 'conversation:new', payload: { conversationId } }, { name: 'conversation:membership', payload: { conversationId, epoch: 2 } }]);
  io.emit('events', [{ name: 'resync', payload: {} }]);
  await expect.poll(() => told.slice(1)).toEqual(['conversation:new c:a.test', 'conversation:membership c:a.test', 'resync']);
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
