import type { Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import { Server } from 'socket.io';
import type { UserId } from '../../protocol/ids.ts';
import type { WireEvent } from '../domain/wire-event.ts';
import type { ClientToServerEvents, ServerToClientEvents } from './events.ts';
import { createBundles } from './event-bundles.ts';
import { RECHECK_MS } from './signed-in.ts';
import type { SignedIn } from './signed-in.ts';

/** The sockets that are connected to this process, in a room for each user and one for each session. */
interface SocketRooms {
  attach(server: HttpServer): void;
  /** Whether this user has a socket here. */
  has(userId: UserId): boolean;
  /** Sends to every socket of these users, encoded once, together with what else comes for them in the same turn. */
  send(userIds: readonly UserId[], event: WireEvent): void;
  sendToAll(event: WireEvent): void;
  disconnectSession(sessionId: string): void;
  close(): void;
}

interface SocketOptions {
  readonly authenticate: (cookieHeader: string) => Promise<SignedIn | null>;
  readonly allowedOrigin: string;
  readonly logger: Logger;
}

type SocketServer = Server<ClientToServerEvents, ServerToClientEvents, Record<never, never>, SignedIn>;

/**
 * Creates the socket side. Only the server joins rooms. A handshake without a live session is refused with the message
 * `unauthorized`, one from a page of another origin before that.
 */
export function createSocketRooms(options: SocketOptions): SocketRooms {
  const io: SocketServer = new Server({
    path: '/socket.io',
    serveClient: false,
    maxHttpBufferSize: 65_536,
    // Ciphertext does not shrink; trying costs more than everything else that is done for an event.
    perMessageDeflate: false,
    httpCompression: false,
    allowRequest: (request, answer) => {
      const { origin } = request.headers;
      answer(null, origin === undefined || origin === options.allowedOrigin);
    },
  });
  const { rooms } = io.of('/').adapter;

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

  const has = (userId: UserId): boolean => rooms.has(userRoom(userId));
  const bundles = createBundles((names, events) => io.to([...names]).emit('events', events));
  return {
    attach: (server) => void io.attach(server),
    has,
    send(userIds, event) {
      const here = userIds.filter(has);
      // To no room at all means to everybody.
      if (here.length > 0) bundles.add(here.map(userRoom), event);
    },
    sendToAll: (event) => void io.emit('events', [event]),
    disconnectSession: (sessionId) => io.in(sessionRoom(sessionId)).disconnectSockets(true),
    close() {
      // Closes the sockets only: the HTTP server belongs to its listener.
      io.disconnectSockets(true);
      io.engine?.close();
    },
  };
}

/** Gives who a handshake is from, or the error that the client is told: `unauthorized`, or `unavailable`. */
async function admit(cookieHeader: string, options: Pick<SocketOptions, 'authenticate' | 'logger'>): Promise<SignedIn | Error> {
  try {
    return (await options.authenticate(cookieHeader)) ?? new Error('unauthorized');
  } catch (error) {
    options.logger.error({ err: error }, 'a socket could not be authenticated');
    return new Error('unavailable');
  }
}

function userRoom(userId: UserId): string {
  return `user:${userId}`;
}

function sessionRoom(sessionId: string): string {
  return `session:${sessionId}`;
}
