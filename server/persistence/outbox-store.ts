import type { DeliveryState, OutboxItem, OutboxStore } from '../domain/ports.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import type { OutboxItemModel } from './generated/models.ts';
import { createOutboxClaims } from './outbox-claims.ts';
import { STATE_COLUMNS, type StateRow, toDeliveryState, toDeliveryStates } from './outbox-state.ts';
import { parseStoredDomain, parseStoredMessageId, parseStoredUserId } from './stored-id.ts';

/** Creates the outbox on PostgreSQL. */
export function createPrismaOutboxStore(prisma: PrismaClient): OutboxStore {
  /** Changes the items that `where` names, also where their conversation is gone, and gives the states of those that are messages. */
  const change = async (set: Prisma.Sql, where: Prisma.Sql): Promise<readonly DeliveryState[]> => {
    const rows = await prisma.$queryRaw<StateRow[]>`
      UPDATE outbox_items o SET ${set}
      FROM outbox_items same LEFT JOIN conversations c ON c.key = same.conversation_key LEFT JOIN peers p ON p.domain = same.destination
      WHERE same.id = o.id AND ${where}
      RETURNING ${STATE_COLUMNS}`;
    return toDeliveryStates(rows);
  };
  const changeQueued = async (id: bigint, set: Prisma.Sql): Promise<DeliveryState | null> =>
    (await change(set, Prisma.sql`o.id = ${id} AND o.state = 'queued'`))[0] ?? null;

  return {
    ...createOutboxClaims(prisma),
    async listDue(domain, now, limit) {
      const rows = await prisma.$queryRaw<ItemRow[]>`
        SELECT o.id, o.destination, o.conversation_key AS "conversationKey", o.message_id AS "messageId", o.sender_id AS "senderId",
          o.method, o.target, o.body, o.full_only AS "fullOnly", o.attempts, o.created_at AS "createdAt", o.first_refused_at AS "firstRefusedAt"
        FROM outbox_items o
        WHERE o.destination = ${domain} AND o.state = 'queued' AND o.next_attempt_at <= ${now}::timestamptz
          AND NOT EXISTS (
            SELECT 1 FROM outbox_items earlier
            WHERE earlier.state = 'queued' AND earlier.destination = ${domain} AND earlier.conversation_key = o.conversation_key
              AND earlier.id < o.id AND earlier.next_attempt_at > ${now}::timestamptz)
        ORDER BY o.id LIMIT ${limit}`;
      return rows.map(toItem);
    },
    markDeliveredAll: (ids, now) =>
      change(
        Prisma.sql`state = 'delivered', body = '', attempts = o.attempts + 1, last_error_code = NULL, settled_at = ${now}::timestamptz`,
        Prisma.sql`o.id = ANY(${[...ids]}::bigint[]) AND o.state = 'queued'`,
      ),
    markRetry: (id, { firstRefusedAt, nextAttemptAt, errorCode }) =>
      changeQueued(id, Prisma.sql`attempts = o.attempts + 1, next_attempt_at = ${nextAttemptAt}::timestamptz, last_error_code = ${errorCode},
        first_refused_at = ${firstRefusedAt}::timestamptz`),
    markFailed: (id, { now, errorCode }) =>
      changeQueued(id, Prisma.sql`state = 'failed', attempts = o.attempts + 1, last_error_code = ${errorCode}, settled_at = ${now}::timestamptz`),
    async noteQueueFailure(domain, { errorCode, nextAttemptAt, limit }) {
      const states = await change(
        Prisma.sql`last_error_code = ${errorCode}`,
        Prisma.sql`o.id IN (SELECT id FROM outbox_items WHERE destination = ${domain} AND state = 'queued' ORDER BY id LIMIT ${limit}) AND o.state = 'queued'`,
      );
      // The peer's own row holds the queue back, so that hearing from the peer frees every item at once.
      return states.map((state) => ({ ...state, nextAttemptAt: laterOf(state.nextAttemptAt, nextAttemptAt) }));
    },
    async requeueFailed({ senderId, messageId, domain, now }) {
      // A new life: schedule, count and the seven days begin again.
      const states = await change(
        Prisma.sql`state = 'queued', attempts = 0, next_attempt_at = ${now}::timestamptz, created_at = ${now}::timestamptz,
          first_refused_at = NULL, last_error_code = NULL, settled_at = NULL`,
        Prisma.sql`o.message_id = ${messageId} AND o.sender_id = ${senderId} AND o.destination = ${domain} AND o.state = 'failed'`,
      );
      return states[0] ?? null;
    },
    async deliveryStates(viewer, messageIds) {
      const rows = await prisma.$queryRaw<StateRow[]>`
        SELECT ${STATE_COLUMNS} FROM outbox_items o
        JOIN conversations c ON c.key = o.conversation_key LEFT JOIN peers p ON p.domain = o.destination
        WHERE o.sender_id = ${viewer} AND o.message_id = ANY(${[...messageIds]}::text[])`;
      return rows.map(toDeliveryState).filter((state) => state !== null).sort(byMessageAndDomain);
    },
  };
}

type ItemRow = Pick<
  OutboxItemModel,
  'id' | 'destination' | 'conversationKey' | 'messageId' | 'senderId' | 'method' | 'target' | 'body' | 'fullOnly' | 'attempts' | 'createdAt' | 'firstRefusedAt'
>;

function toItem(row: ItemRow): OutboxItem {
  return {
    ...row,
    destination: parseStoredDomain(row.destination),
    messageId: row.messageId === null ? null : parseStoredMessageId(row.messageId),
    senderId: parseStoredUserId(row.senderId),
    method: row.method === 'PUT' ? 'PUT' : 'POST',
  };
}

function laterOf(a: Date | null, b: Date): Date {
  return a !== null && a > b ? a : b;
}

function byMessageAndDomain(a: DeliveryState, b: DeliveryState): number {
  const [left, right] = [`${a.messageId} ${a.domain}`, `${b.messageId} ${b.domain}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
