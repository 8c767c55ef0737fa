import type { StoredMessage } from './messages/message-store.ts';
import type { DeliveryState } from './outbox/outbox-store.ts';
import type { ConversationSummary } from './ports.ts';

/** A stored message as the browser receives it, over the socket and over tRPC alike; `receivedAt` is ISO 8601. */
export interface WireMessage extends Omit<StoredMessage, 'receivedAt'> {
  readonly receivedAt: string;
}

/** How one delivery stands [DEL-6]; `nextAttemptAt` is ISO 8601 or null. */
export interface WireDelivery extends Omit<DeliveryState, 'senderId' | 'nextAttemptAt'> {
  readonly nextAttemptAt: string | null;
}

/** A conversation as the browser lists it; instants are ISO 8601. */
export interface WireConversation extends Omit<ConversationSummary, 'lastMessage' | 'createdAt'> {
  readonly lastMessage: WireMessage | null;
  readonly createdAt: string;
}

/** Turns a stored message into what browsers receive. */
export function toWireMessage(message: StoredMessage): WireMessage {
  return { ...message, receivedAt: message.receivedAt.toISOString() };
}

/** Turns the state of a delivery into what its author's browsers receive. */
export function toWireDelivery({ senderId: _author, ...delivery }: DeliveryState): WireDelivery {
  return { ...delivery, nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null };
}

/** Turns a conversation into what browsers list. */
export function toWireConversation(summary: ConversationSummary): WireConversation {
  return {
    ...summary,
    lastMessage: summary.lastMessage === null ? null : toWireMessage(summary.lastMessage),
    createdAt: summary.createdAt.toISOString(),
  };
}
