import { domainOf } from '../../protocol/ids.ts';
import type { OutboxItem, OutboxStore } from '../domain/outbox/outbox-store.ts';
import type { Database } from './database.ts';
import { createOutboxClaims } from './outbox-claims.ts';
import { isBlocked } from './outbox-blocking.ts';
import { type ItemRow, toOutboxItem } from './outbox-item.ts';
import { type StateRow, stateColumns, toDeliveryState } from './outbox-state.ts';
import type { Sql, Statement } from './sql.ts';

/** Walks the queue in order from its front; what waits for its instant is found by an index of such alone. */
const LIST_DUE: Statement = {
  name: 'outbox_list_due',
  text: `
    WITH due AS MATERIALIZED (
      SELECT o.* FROM outbox_items o
      WHERE o.destination = $1 AND o.state = 'queued' AND (o.next_attempt_at IS NULL OR o.next_attempt_at <= $2::timestamptz)
        AND o.conversation_key <> ALL($4::bigint[])
        AND NOT ${isBlocked('$1', '$2::timestamptz')}
      ORDER BY o.id LIMIT $3)
    SELECT o.id, o.destination, o.conversation_key AS "conversationKey", o.position, o.sender_id AS "senderId", o.method, o.target, o.body,
      o.full_only AS "fullOnly", o.attempts, o.created_at AS "createdAt", o.first_refused_at AS "firstRefusedAt", c.id AS "conversationId",
      m.message_id AS "messageId", m.sender_id AS "messageSenderId", m.payload, m.timestamp
    FROM due o
    LEFT JOIN LATERAL (SELECT id FROM conversations WHERE key = o.conversation_key LIMIT 1) c ON true
    LEFT JOIN LATERAL (
      SELECT message_id, sender_id, payload, timestamp FROM messages
      WHERE conversation_key = o.conversation_key AND position = o.position LIMIT 1) m ON true
    ORDER BY o.id`,
};

const DELIVERED: Statement = {
  name: 'outbox_delivered',
  text: `DELETE FROM outbox_items WHERE destination = $1 AND state = 'queued' AND id = ANY($2::bigint[]) RETURNING id`,
};

const RETRY: Statement = {
  name: 'outbox_retry',
  text: `
    UPDATE outbox_items SET attempts = attempts + 1, next_attempt_at = $3::timestamptz, last_error_code = $4, first_refused_at = $5::timestamptz
    WHERE destination = $1 AND state = 'queued' AND id = $2`,
};

const FAILED: Statement = {
  name: 'outbox_failed',
  text: `
    UPDATE outbox_items SET state = 'failed', attempts = attempts + 1, next_attempt_at = NULL, settled_at = $3::timestamptz, last_error_code = $4
    WHERE destination = $1 AND state = 'queued' AND id = $2`,
};

/** What waits behind it is refused for the same reason, and has been for as long. */
const FAILED_AS_UNKNOWN: Statement = {
  name: 'outbox_failed_as_unknown',
  text: `
    WITH failed AS (
      UPDATE outbox_items SET state = 'failed', attempts = attempts + 1, next_attempt_at = NULL, settled_at = $3::timestamptz, last_error_code = $4
      WHERE destination = $1 AND state = 'queued' AND id = $2 RETURNING conversation_key),
    later AS (
      UPDATE outbox_items SET first_refused_at = $5::timestamptz FROM failed
      WHERE outbox_items.conversation_key = failed.conversation_key AND destination = $1 AND state = 'queued' AND id > $2 AND first_refused_at IS NULL)
    SELECT conversation_key FROM failed`,
};

const FIRST_QUEUED: Statement = {
  name: 'outbox_first_queued',
  text: `
    SELECT ${stateColumns('o.destination')}
    FROM (SELECT * FROM outbox_items WHERE destination = $1 AND state = 'queued' ORDER BY id LIMIT $2) o
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE conversation_key = o.conversation_key AND position = o.position LIMIT 1) m
    CROSS JOIN LATERAL (SELECT id FROM conversations WHERE key = o.conversation_key LIMIT 1) c
    LEFT JOIN LATERAL (SELECT * FROM peers WHERE domain = $1 LIMIT 1) p ON true
    ORDER BY o.id`,
};

/** A new life: schedule, count and the seven days begin again. */
const REQUEUE: Statement = {
  name: 'outbox_requeue',
  text: `
    WITH m AS (SELECT * FROM messages WHERE origin_domain = $1 AND message_id = $2 AND sender_id = $3),
    o AS (
      UPDATE outbox_items SET state = 'queued', attempts = 0, next_attempt_at = NULL, created_at = $5::timestamptz, first_refused_at = NULL,
        last_error_code = NULL, settled_at = NULL
      FROM m WHERE outbox_items.conversation_key = m.conversation_key AND outbox_items.position = m.position
        AND outbox_items.destination = $4 AND outbox_items.state = 'failed'
      RETURNING outbox_items.*)
    SELECT ${stateColumns('o.destination')}
    FROM o CROSS JOIN m
    CROSS JOIN LATERAL (SELECT id FROM conversations WHERE key = o.conversation_key LIMIT 1) c
    LEFT JOIN LATERAL (SELECT * FROM peers WHERE domain = o.destination LIMIT 1) p ON true`,
};

const STATES: Statement = {
  name: 'outbox_states',
  text: `
    SELECT ${stateColumns('d.destination')}
    FROM unnest($3::text[]) AS named(id)
    CROSS JOIN LATERAL (SELECT * FROM messages WHERE origin_domain = $1 AND message_id = named.id AND sender_id = $2 LIMIT 1) m
    CROSS JOIN LATERAL unnest(m.destinations) AS d(destination)
    CROSS JOIN LATERAL (SELECT id FROM conversations WHERE key = m.conversation_key LIMIT 1) c
    LEFT JOIN LATERAL (
      SELECT * FROM outbox_items
      WHERE conversation_key = m.conversation_key AND position = m.position AND destination = d.destination LIMIT 1) o ON true
    LEFT JOIN LATERAL (SELECT * FROM peers WHERE domain = d.destination LIMIT 1) p ON true
    ORDER BY m.message_id COLLATE "C", d.destination COLLATE "C"`,
};

/** Creates the outbox on PostgreSQL. */
export function createPostgresOutboxStore({ sql }: Pick<Database, 'sql'>): OutboxStore {
  return {
    ...createOutboxClaims(sql),
    listDue: (domain, { now, limit, without = [] }) => listDue(sql, [domain, now, limit, without]),
    async markDelivered(domain, ids) {
      if (ids.length === 0) return [];
      return (await sql.all<{ readonly id: bigint }>(DELIVERED, [domain, ids])).map(({ id }) => id);
    },
    markRetry: async ({ destination, id }, { firstRefusedAt, nextAttemptAt, errorCode }) =>
      (await sql.count(RETRY, [destination, id, nextAttemptAt, errorCode, firstRefusedAt])) === 1,
    async markFailed({ destination, id }, { now, errorCode, firstRefusedAt = null }) {
      const values = [destination, id, now, errorCode];
      if (firstRefusedAt === null) return (await sql.count(FAILED, values)) === 1;
      return (await sql.all(FAILED_AS_UNKNOWN, [...values, firstRefusedAt])).length === 1;
    },
    async noteQueueFailure(domain, { errorCode, nextAttemptAt, limit }) {
      // The peer's own row holds the queue back and says why, so that hearing from the peer frees every item at once.
      const rows = await sql.all<StateRow>(FIRST_QUEUED, [domain, limit]);
      return rows.map((row) => ({ ...toDeliveryState(row), errorCode, nextAttemptAt: laterOf(row.nextAttemptAt, nextAttemptAt) }));
    },
    async requeueFailed({ senderId, messageId, domain, now }) {
      const [row] = await sql.all<StateRow>(REQUEUE, [domainOf(senderId), messageId, senderId, domain, now]);
      return row === undefined ? null : toDeliveryState(row);
    },
    async deliveryStates(viewer, messageIds) {
      if (messageIds.length === 0) return [];
      return (await sql.all<StateRow>(STATES, [domainOf(viewer), viewer, [...new Set(messageIds)]])).map(toDeliveryState);
    },
  };
}

async function listDue(sql: Sql, values: Parameters<Sql['all']>[1]): Promise<readonly OutboxItem[]> {
  const rows = await sql.all<ItemRow>(LIST_DUE, values);
  const items = rows.map(toOutboxItem);
  const lost = rows.filter((_, index) => items[index] === null);
  // A message is never taken away while it waits; should somebody have done so, there is nothing left to send.
  if (lost.length > 0) await sql.count(DELIVERED, [lost[0]?.destination ?? null, lost.map(({ id }) => id)]);
  return lost.length === rows.length && rows.length > 0 ? listDue(sql, values) : items.filter((item) => item !== null);
}

function laterOf(a: Date | null, b: Date): Date {
  return a !== null && a > b ? a : b;
}
