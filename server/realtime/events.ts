import type { ConversationId, UserId } from '../../protocol/ids.ts';
import type { Receipt } from '../domain/receipts/receipt-store.ts';
import type { WireDelivery, WireMessage } from '../domain/wire.ts';

export type { WireDelivery, WireMessage };

/** Somebody elsewhere, in a conversation that both are in. */
interface RemoteMember {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
}

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
  /** Own messages are on a device of `userId`, or read by them [DEL-6]. */
  'message:receipt': (receipt: Receipt) => void;
  'conversation:typing': (event: RemoteMember) => void;
  'conversation:accepted': (event: RemoteMember) => void;
}

export type ClientToServerEvents = Record<never, never>;
