import type { ConversationId } from '../../protocol/ids.ts';
import type { WireDelivery, WireMessage } from '../domain/wire.ts';

export type { WireDelivery, WireMessage };

/**
 * The typed contract of the socket. The server puts a socket into the room of its user after checking the session
 * cookie at the handshake; clients send nothing. An event may be missed: after each connect the client asks tRPC for
 * what follows the last position that it saw.
 */
export interface ServerToClientEvents {
  'message:new': (message: WireMessage) => void;
  'conversation:new': (event: { readonly conversationId: ConversationId }) => void;
  'conversation:membership': (event: { readonly conversationId: ConversationId; readonly epoch: number }) => void;
  'delivery:changed': (delivery: WireDelivery) => void;
}

export type ClientToServerEvents = Record<never, never>;
