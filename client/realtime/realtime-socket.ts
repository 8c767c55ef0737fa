import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../../server/realtime/events.ts';
import { dispatchEvent } from './realtime-handlers.ts';
import type { OpenSocket, RealtimeHandlers } from './realtime-handlers.ts';

/** How the server names a handshake without a session. */
const UNAUTHORIZED = 'unauthorized';

/**
 * Creates the opener of the socket of `baseUrl` (empty: the page's own origin). `headers` gives what a browser sends by
 * itself and Node does not: the cookie at the moment of opening. `retryMs` is the wait before the second attempt.
 */
export function createSocketOpener(options: {
  readonly baseUrl: string;
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly retryMs?: number;
}): OpenSocket {
  return (handlers) => {
    const extraHeaders: Record<string, string> = { ...options.headers?.() };
    const reconnectionDelay = options.retryMs ?? 1_000;
    const settings = { withCredentials: true, transports: ['websocket', 'polling'], tryAllTransports: true, extraHeaders, reconnectionDelay, forceNew: true };
    const socket: Socket<ServerToClientEvents, ClientToServerEvents> = options.baseUrl === '' ? io(settings) : io(options.baseUrl, settings);
    listen(socket, handlers);
    return () => socket.disconnect();
  };
}

function listen(socket: Socket<ServerToClientEvents, ClientToServerEvents>, handlers: RealtimeHandlers): void {
  socket.on('connect', () => handlers.onOnline());
  socket.on('disconnect', (reason) => {
    handlers.onOffline();
    // The server ended this connection on purpose; socket.io then waits to be told. The next handshake says why.
    if (reason === 'io server disconnect') socket.connect();
  });
  socket.on('connect_error', (error) => {
    if (error.message === UNAUTHORIZED) handlers.onUnauthorized();
    else handlers.onOffline();
  });
  socket.on('events', (events) => {
    for (const event of events) dispatchEvent(handlers, event);
  });
}
