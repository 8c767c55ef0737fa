import type { ConversationId } from '../../protocol/ids.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { StoredMessage } from '../domain/messages/message-store.ts';
import type { MessageModel } from './generated/models.ts';
import { parseStoredMessageId, parseStoredUserId } from './stored-id.ts';
import { parseStoredPayload } from './stored-json.ts';

/** Reads a message from its row. */
export function toStoredMessage(
  conversationId: ConversationId,
  row: Pick<MessageModel, 'messageId' | 'senderId' | 'payload' | 'timestamp' | 'position' | 'receivedAt'>,
): StoredMessage {
  return {
    conversationId,
    messageId: parseStoredMessageId(row.messageId),
    senderId: parseStoredUserId(row.senderId),
    payload: parseStoredPayload(row.payload),
    timestamp: parseTimestamp(row.timestamp),
    position: Number(row.position),
    receivedAt: row.receivedAt,
  };
}
