import { MESSAGES_TARGET } from '../../protocol/endpoints.ts';
import type { OutboxItem } from '../domain/outbox/outbox-store.ts';
import { parseStoredConversationId, parseStoredDomain, parseStoredMessageId, parseStoredUserId } from './stored-id.ts';

/** An outbox item with the id of its conversation and, for a message, what the message holds. */
export interface ItemRow {
  readonly id: bigint;
  readonly destination: string;
  readonly conversationKey: bigint;
  readonly position: bigint | null;
  readonly senderId: string | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly body: string | null;
  readonly fullOnly: boolean;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly firstRefusedAt: Date | null;
  readonly conversationId: string | null;
  readonly messageId: string | null;
  readonly messageSenderId: string | null;
  readonly payload: string | null;
  readonly timestamp: string | null;
}

/** Reads what is to be sent; null for the delivery of a message that is no longer there. */
export function toOutboxItem(row: ItemRow): OutboxItem | null {
  const { id, conversationKey, fullOnly, attempts, createdAt, firstRefusedAt } = row;
  const request = row.position === null ? changeOf(row) : messageOf(row);
  if (request === null) return null;
  return {
    id, conversationKey, fullOnly, attempts, createdAt, firstRefusedAt, ...request,
    destination: parseStoredDomain(row.destination),
    conversationId: row.conversationId === null ? null : parseStoredConversationId(row.conversationId),
  };
}

type Request = Pick<OutboxItem, 'messageId' | 'senderId' | 'method' | 'target' | 'body'>;

function changeOf({ senderId, method, target, body }: ItemRow): Request | null {
  if (senderId === null || target === null || body === null) return null;
  return { messageId: null, senderId: parseStoredUserId(senderId), method: method === 'PUT' ? 'PUT' : 'POST', target, body };
}

/** The body is JSON text put together from its members, of which the payload is JSON text already [API-2]. */
function messageOf({ destination, conversationId, messageId, messageSenderId, payload, timestamp }: ItemRow): Request | null {
  if (conversationId === null || messageId === null || messageSenderId === null || payload === null || timestamp === null) return null;
  const [id, conversation, sender, domain, time] = [messageId, conversationId, messageSenderId, destination, timestamp].map((text) => JSON.stringify(text));
  return {
    messageId: parseStoredMessageId(messageId),
    senderId: parseStoredUserId(messageSenderId),
    method: 'POST',
    target: MESSAGES_TARGET,
    body: `{"messageId":${id},"conversationId":${conversation},"senderId":${sender},"recipientServerDomain":${domain},"payload":${payload},"timestamp":${time}}`,
  };
}
