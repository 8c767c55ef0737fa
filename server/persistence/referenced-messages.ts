import type pg from 'pg';
import type { StoredMessage } from '../domain/messages/message-store.ts';
import type { MessageReference } from '../domain/process-bus.ts';
import { parseStoredConversationId } from './stored-id.ts';
import { toStoredMessage } from './stored-message.ts';

interface Row {
  readonly conversationId: string;
  readonly messageId: string;
  readonly senderId: string;
  readonly payload: string;
  readonly timestamp: string;
  readonly position: string;
  readonly receivedAt: Date;
}

/** Creates the reader of messages that another process told of; gives those that there are, in one statement. */
export function createReferencedMessageReader(
  pool: Pick<pg.Pool, 'query'>,
): (references: readonly MessageReference[]) => Promise<readonly StoredMessage[]> {
  return async (references) => {
    // Two owners may have used one conversation id; the message id tells whose is meant.
    const { rows } = await pool.query<Row>(
      `SELECT c.id AS "conversationId", m.message_id AS "messageId", m.sender_id AS "senderId", m.payload, m.timestamp,
         m.position, m.received_at AS "receivedAt"
       FROM unnest($1::text[], $2::bigint[], $3::text[]) AS r(conversation_id, position, message_id)
       JOIN conversations c ON c.id = r.conversation_id
       JOIN messages m ON m.conversation_key = c.key AND m.position = r.position AND m.message_id = r.message_id`,
      [references.map((one) => one.conversationId), references.map((one) => one.position), references.map((one) => one.messageId)],
    );
    return rows.map(({ conversationId, position, ...row }) =>
      toStoredMessage(parseStoredConversationId(conversationId), { ...row, position: BigInt(position) }),
    );
  };
}
