import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../../server/realtime/events.ts';

/** The events that a client acts upon. Receipts, typing and acceptance are told for clients that show them; this one does not yet. */
export type HandledEvents = Omit<ServerToClientEvents, 'message:receipt' | 'conversation:typing' | 'conversation:accepted'>;

/** What the socket tells: its own state, and each handled event of the server as it comes. */
export interface RealtimeHandlers {
  onOnline(): void;
  onOffline(): void;
  /** The server knows no session for our cookie any more. */
  onUnauthorized(): void;
  readonly events: HandledEvents;
}

/** Opens a socket that connects again by itself; the answer closes it for good. */
export type OpenSocket = (handlers: RealtimeHandlers) => () => void;

/** How the server names a handshake without a session. */
const UNAUTHORIZED = 'unauthorized';

/**
 * Creates the opener of the socket of `baseUrl` (empty: the page's own origin). `headers` gives what a browser sends by
 * itself and Node does not: the cookie at the moment of opening.
 */
export function createSocketOpener(options: {
  readonly baseUrl: string;
  readonly headers?: () => Readonly<Record<string, string>>;
}): OpenSocket {
  return (handlers) => {
    const extraHeaders: Record<string, string> = { ...options.headers?.() };
    const settings = { withCredentials: true, transports: ['websocket', 'polling'], tryAllTransports: true, extraHeaders };
    const socket: Socket<ServerToClientEvents, ClientToServerEvents> =
      options.baseUrl === '' ? io(settings) : io(options.baseUrl, { ...settings, forceNew: true });
    listen(socket, handlers);
    return () => socket.disconnect();
  };
}

function listen(socket: Socket<ServerToClientEvents, ClientToServerEvents>, handlers: RealtimeHandlers): void {
  const { events } = handlers;
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
  socket.on('message:new', (message) => events['message:new'](message));
  socket.on('conversation:new', (event) => events['conversation:new'](event));
  socket.on('conversation:membership', (event) => events['conversation:membership'](event));
  socket.on('delivery:changed', (delivery) => events['delivery:changed'](delivery));
}
