import type { WireDelivery, WireMessage } from '../domain/wire.ts';
import type { WireEvent } from '../domain/wire-event.ts';

export type { WireDelivery, WireEvent, WireMessage };

/**
 * The typed contract of the socket; the stream of server-sent events carries the same events. The server puts a socket
 * into the room of its user after checking the session cookie at the handshake; clients send nothing. An event may be
 * missed: after each connect, and after each `resync`, the client asks tRPC for what follows the last position that it
 * saw.
 */
export interface ServerToClientEvents {
  /** One event or more, in the order in which they happened. */
  readonly events: (events: readonly WireEvent[]) => void;
}

export type ClientToServerEvents = Record<never, never>;
