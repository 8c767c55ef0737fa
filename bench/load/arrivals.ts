import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../../server/realtime/events.ts';

/** When each message reached a receiver's socket, in milliseconds of `performance.now()`, by message id. */
export interface Arrivals {
  readonly atMs: ReadonlyMap<string, number>;
  /** How many events told of a message that had been told before. */
  doubles(): number;
  /** Resolves with the moment when the message arrives. */
  next(messageId: string): Promise<number>;
  close(): void;
}

type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** Connects people's sockets and notes every message that others wrote; resolves when all are connected. */
export async function openArrivals(people: readonly { readonly url: string; readonly cookie: string; readonly userId: string }[]): Promise<Arrivals> {
  const atMs = new Map<string, number>();
  const awaited = new Map<string, (atMs: number) => void>();
  let doubles = 0;
  const note = (messageId: string, now: number): void => {
    if (atMs.has(messageId)) doubles += 1;
    else atMs.set(messageId, now);
    awaited.get(messageId)?.(now);
    awaited.delete(messageId);
  };
  const sockets = await Promise.all(
    people.map(async ({ url, cookie, userId }) => {
      const socket: ClientSocket = io(url, { transports: ['websocket'], forceNew: true, extraHeaders: { cookie } });
      socket.on('events', (events) => {
        const now = performance.now();
        for (const { name, payload } of events) {
          if (name === 'message:new' && payload.senderId !== userId) note(payload.messageId, now);
        }
      });
      await connected(socket, userId);
      return socket;
    }),
  );
  return {
    atMs,
    doubles: () => doubles,
    next: (messageId) =>
      new Promise((resolve) => {
        const arrived = atMs.get(messageId);
        if (arrived === undefined) awaited.set(messageId, resolve);
        else resolve(arrived);
      }),
    close() {
      for (const socket of sockets) socket.disconnect();
    },
  };
}

function connected(socket: ClientSocket, userId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => reject(new Error(`${userId}'s socket was refused`, { cause: error })));
  });
}
