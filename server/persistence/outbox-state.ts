import type { DeliveryState } from '../domain/outbox/outbox-store.ts';
import { parseStoredConversationId, parseStoredDomain, parseStoredMessageId, parseStoredUserId } from './stored-id.ts';

/**
 * The columns of a delivery's state, from its message `m`, the conversation `c`, the name of the destination, and where
 * they are there its outbox item `o` and the peer `p`. While the whole queue of a peer is held, that is why it waits;
 * GREATEST passes over nulls.
 */
export const stateColumns = (destination: string): string => `
  c.id AS "conversationId", m.message_id AS "messageId", m.sender_id AS "senderId", ${destination} AS destination,
  COALESCE(o.state, 'delivered') AS state, COALESCE(o.attempts, 0) AS attempts,
  CASE WHEN o.state = 'queued' AND p.next_attempt_at IS NOT NULL THEN p.last_failure_reason ELSE o.last_error_code END AS "errorCode",
  CASE WHEN o.state = 'queued' THEN GREATEST(COALESCE(o.next_attempt_at, o.created_at), p.next_attempt_at) END AS "nextAttemptAt"`;

/** A row of {@link stateColumns}. */
export interface StateRow {
  readonly conversationId: string;
  readonly messageId: string;
  readonly senderId: string;
  readonly destination: string;
  readonly state: string;
  readonly attempts: number;
  readonly errorCode: string | null;
  readonly nextAttemptAt: Date | null;
}

/** Reads the state of a message's delivery. */
export function toDeliveryState({ conversationId, messageId, senderId, destination, state, attempts, errorCode, nextAttemptAt }: StateRow): DeliveryState {
  return {
    conversationId: parseStoredConversationId(conversationId),
    messageId: parseStoredMessageId(messageId),
    senderId: parseStoredUserId(senderId),
    domain: parseStoredDomain(destination),
    state: state === 'delivered' || state === 'failed' ? state : 'queued',
    attempts,
    errorCode,
    nextAttemptAt,
  };
}
