import type { Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import { Server } from 'socket.io';
import type { UserId } from '../../protocol/ids.ts';
import { assertNever } from '../domain/assert-never.ts';
import type { DomainEvent, Notifier } from '../domain/ports.ts';
import { toWireDelivery, toWireMessage } from '../domain/wire.ts';
import type { ClientToServerEvents, ServerToClientEvents } from './events.ts';

interface SignedInSocket {
  readonly userId: UserId;
  readonly sessionId: string;
}

export interface Realtime extends Notifier {
  attach(server: HttpServer): void;
  /** Closes the sockets of a browser whose session was revoked. */
  disconnectSession(sessionId: string): void;
  close(): Promise<void>;
}

interface RealtimeOptions {
  readonly authenticate: (cookieHeader: string) => Promise<SignedInSocket | null>;
  readonly allowedOrigin: string;
  readonly logger: Logger;
}

type SocketServer = Server<ClientToServerEvents, ServerToClientEvents, Record<never, never>, SignedInSocket>;

/** A socket outlives its handshake, so its session is looked at again this often. */
const RECHECK_MS = 60_000;

/**
 * Creates the socket side of the Notifier. Only the server joins rooms: one per user, one per session. A handshake
 * without a live session is refused with the message `unauthorized`, one from a page of another origin before that.
 */
export function createRealtime(options: RealtimeOptions): Realtime {
  const io: SocketServer = new Server({
    path: '/socket.io',
    serveClient: false,
    maxHttpBufferSize: 65_536,
    allowRequest: (request, answer) => {
      const { origin } = request.headers;
      answer(null, origin === undefined || origin === options.allowedOrigin);
    },
  });

  io.use((socket, next) => {
    void admit(socket.handshake.headers.cookie ?? '', options).then((outcome) => {
      if (!(outcome instanceof Error)) Object.assign(socket.data, outcome);
      // oxlint-disable-next-line promise/no-callback-in-promise -- socket.io middleware knows only callbacks
      next(outcome instanceof Error ? outcome : undefined);
    });
  });

  io.on('connection', (socket) => {
    const { userId, sessionId } = socket.data;
    void socket.join([userRoom(userId), sessionRoom(sessionId)]);
    const recheck = setInterval(() => {
      options.authenticate(socket.handshake.headers.cookie ?? '').then(
        (signedIn) => {
          if (signedIn === null) socket.disconnect(true);
        },
        (error: unknown) => options.logger.warn({ err: error }, 'a session could not be rechecked'),
      );
    }, RECHECK_MS);
    recheck.unref();
    socket.on('disconnect', () => clearInterval(recheck));
  });

  return {
    attach: (server) => {
      io.attach(server);
    },
    notify(userIds, event) {
      // To no room at all means to everybody.
      if (userIds.length > 0) emit(io.to(userIds.map(userRoom)), event);
    },
    disconnectSession: (sessionId) => io.in(sessionRoom(sessionId)).disconnectSockets(true),
    async close() {
      // Closes the sockets only: the HTTP server belongs to its listener.
      io.disconnectSockets(true);
      io.engine?.close();
    },
  };
}

/** Gives who a handshake is from, or the error that the client is told: `unauthorized`, or `unavailable`. */
async function admit(cookieHeader: string, options: Pick<RealtimeOptions, 'authenticate' | 'logger'>): Promise<SignedInSocket | Error> {
  try {
    return (await options.authenticate(cookieHeader)) ?? new Error('unauthorized');
  } catch (error) {
    options.logger.error({ err: error }, 'a socket could not be authenticated');
    return new Error('unavailable');
  }
}

function emit(room: ReturnType<SocketServer['to']>, event: DomainEvent): void {
  switch (event.kind) {
    case 'message':
      room.emit('message:new', toWireMessage(event.message));
      return;
    case 'conversation':
      room.emit('conversation:new', { conversationId: event.conversationId });
      return;
    case 'membership':
      room.emit('conversation:membership', { conversationId: event.conversationId, epoch: event.epoch });
      return;
    case 'delivery':
      room.emit('delivery:changed', toWireDelivery(event.delivery));
      return;
    case 'receipt': {
      const { conversationId, userId, messageIds, state } = event;
      room.emit('message:receipt', { conversationId, userId, messageIds, state });
      return;
    }
    case 'typing':
      room.emit('conversation:typing', { conversationId: event.conversationId, userId: event.userId });
      return;
    case 'accepted':
      room.emit('conversation:accepted', { conversationId: event.conversationId, userId: event.userId });
      return;
    default:
      assertNever(event);
  }
}

function userRoom(userId: UserId): string {
  return `user ${userId}`;
}

function sessionRoom(sessionId: string): string {
  return `session ${sessionId}`;
}
