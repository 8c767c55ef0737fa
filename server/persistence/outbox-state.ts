import type { DeliveryState } from '../domain/ports.ts';
import { Prisma } from './generated/client.ts';
import { parseStoredConversationId, parseStoredDomain, parseStoredMessageId, parseStoredUserId } from './stored-id.ts';

/** The columns of a delivery's state, from outbox item `o` and, where they are there, its conversation `c` and the peer `p`. */
export const STATE_COLUMNS = Prisma.sql`
  o.id, c.id AS "conversationId", o.message_id AS "messageId", o.sender_id AS "senderId", o.destination, o.state, o.attempts,
  o.last_error_code AS "errorCode", GREATEST(o.next_attempt_at, p.next_attempt_at) AS "nextAttemptAt"`;

/** A row of {@link STATE_COLUMNS}. */
export interface StateRow {
  readonly id: bigint;
  readonly conversationId: string | null;
  readonly messageId: string | null;
  readonly senderId: string;
  readonly destination: string;
  readonly state: string;
  readonly attempts: number;
  readonly errorCode: string | null;
  readonly nextAttemptAt: Date;
}

/** Reads the state of a message's delivery; null for the delivery of a conversation change, and where nobody has the conversation any more. */
export function toDeliveryState(row: StateRow): DeliveryState | null {
  if (row.messageId === null || row.conversationId === null) return null;
  const state = row.state === 'delivered' || row.state === 'failed' ? row.state : 'queued';
  return {
    conversationId: parseStoredConversationId(row.conversationId),
    messageId: parseStoredMessageId(row.messageId),
    senderId: parseStoredUserId(row.senderId),
    domain: parseStoredDomain(row.destination),
    state,
    attempts: row.attempts,
    errorCode: row.errorCode,
    nextAttemptAt: state === 'queued' ? row.nextAttemptAt : null,
  };
}

/** Reads the states of the messages among these rows, in order of their place in the queue. */
export function toDeliveryStates(rows: readonly StateRow[]): readonly DeliveryState[] {
  const ordered = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  return ordered.map(toDeliveryState).filter((state) => state !== null);
}
