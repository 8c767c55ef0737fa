import type { AuthorReceipt } from '../domain/receipts/receipt-store.ts';
import { parseStoredConversationId, parseStoredMessageId, parseStoredUserId } from './stored-id.ts';

/** Receipts of one state by one user for messages of one author, as the statements give them. */
export interface ReceiptRow {
  readonly kind: 'receipt';
  readonly conversationId: string;
  readonly userId: string;
  readonly authorId: string;
  readonly isRead: boolean;
  readonly messageIds: readonly string[];
}

/** Reads receipts from their row. */
export function toReceipt(row: ReceiptRow): AuthorReceipt {
  return {
    conversationId: parseStoredConversationId(row.conversationId),
    userId: parseStoredUserId(row.userId),
    authorId: parseStoredUserId(row.authorId),
    messageIds: row.messageIds.map(parseStoredMessageId),
    state: row.isRead ? 'read' : 'on_device',
  };
}
