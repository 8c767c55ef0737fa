import { MAX_EVENT_MESSAGES } from '../../protocol/limits.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import type { OutgoingReceipt, OutgoingReceiptQueue } from '../domain/receipts/outgoing-receipts.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { parseStoredConversationId, parseStoredMessageId, parseStoredUserId } from './stored-id.ts';

/**
 * Creates the queue of what other domains are still to be told on PostgreSQL. A due names the stretches of positions
 * that are to be told; the events are made from them when they are listed, with the ids of messages of that domain's
 * own users alone.
 */
export function createPrismaOutgoingReceiptQueue(prisma: PrismaClient): OutgoingReceiptQueue {
  return {
    async listDue(domain, limit) {
      const rows = await prisma.$queryRaw<DueRow[]>`
        SELECT d.conversation_key AS key, c.id AS "conversationId", d.user_id AS "userId", d.accepted_at AS "acceptedAt",
          d.delivered_at AS "deliveredAt", came.ids AS "deliveredIds", came.last AS "deliveredUpTo",
          d.read_at AS "readAt", seen.message_id AS "readId", d.read_up_to AS "readUpTo"
        FROM receipt_dues d JOIN conversations c ON c.key = d.conversation_key
        LEFT JOIN LATERAL (
          SELECT array_agg(m.message_id ORDER BY m.position) AS ids, max(m.position) AS last
          FROM (
            SELECT message_id, position FROM messages
            WHERE conversation_key = d.conversation_key AND position > d.delivered_after AND position <= d.delivered_up_to AND origin_domain = ${domain}
            ORDER BY position LIMIT ${MAX_EVENT_MESSAGES}) m) came ON true
        LEFT JOIN messages seen ON seen.conversation_key = d.conversation_key AND seen.position = d.read_up_to AND d.read_up_to > d.read_after
        WHERE d.destination = ${domain}
        ORDER BY d.due_since, d.conversation_key, d.user_id LIMIT ${limit}`;
      return rows.flatMap(toOutgoing).slice(0, limit);
    },
    async settle(domain, told) {
      if (told.length === 0) return;
      await prisma.$executeRaw(settleStatement(domain, told));
    },
  };
}

/**
 * Moves the beginnings of what is due behind what was told and takes out what has nothing left. `told` tells of one due
 * whatever it holds of it by now, so what came since stays.
 */
function settleStatement(domain: string, told: readonly OutgoingReceipt[]): Prisma.Sql {
  const marks = JSON.stringify(told.map(({ event, mark }) => ({ type: event.type, userId: event.userId, ...parseMark(mark) })));
  return Prisma.sql`
    WITH told AS (
      SELECT t.key, t."userId" AS user_id, COALESCE(max(t.position) FILTER (WHERE t.type = 'delivered'), 0) AS delivered,
        COALESCE(max(t.position) FILTER (WHERE t.type = 'read'), 0) AS read, bool_or(t.type = 'accepted') AS accepted
      FROM json_to_recordset(${marks}::json) AS t(type text, "userId" text, key bigint, position bigint)
      GROUP BY t.key, t."userId"),
    here AS MATERIALIZED (
      SELECT d.conversation_key, d.user_id, GREATEST(d.delivered_after, t.delivered, t.read) AS delivered_after, d.delivered_up_to,
        GREATEST(d.read_after, t.read) AS read_after, d.read_up_to, CASE WHEN t.accepted THEN NULL ELSE d.accepted_at END AS accepted_at
      FROM receipt_dues d JOIN told t ON t.key = d.conversation_key AND t.user_id = d.user_id
      WHERE d.destination = ${domain}
      ORDER BY d.conversation_key, d.user_id FOR UPDATE OF d),
    done AS (
      DELETE FROM receipt_dues d USING here h
      WHERE d.destination = ${domain} AND d.conversation_key = h.conversation_key AND d.user_id = h.user_id
        AND h.accepted_at IS NULL AND h.delivered_after >= h.delivered_up_to AND h.read_after >= h.read_up_to)
    UPDATE receipt_dues d SET delivered_after = h.delivered_after, read_after = h.read_after, accepted_at = h.accepted_at
    FROM here h
    WHERE d.destination = ${domain} AND d.conversation_key = h.conversation_key AND d.user_id = h.user_id
      AND NOT (h.accepted_at IS NULL AND h.delivered_after >= h.delivered_up_to AND h.read_after >= h.read_up_to)`;
}

interface DueRow {
  readonly key: bigint;
  readonly conversationId: string;
  readonly userId: string;
  readonly acceptedAt: Date | null;
  readonly deliveredAt: Date;
  readonly deliveredIds: readonly string[] | null;
  readonly deliveredUpTo: bigint | null;
  readonly readAt: Date;
  readonly readId: string | null;
  readonly readUpTo: bigint;
}

function toOutgoing(row: DueRow): readonly OutgoingReceipt[] {
  const who = { conversationId: parseStoredConversationId(row.conversationId), userId: parseStoredUserId(row.userId) };
  const outgoing: OutgoingReceipt[] = [];
  if (row.acceptedAt !== null) {
    outgoing.push({ event: { type: 'accepted', ...who, timestamp: formatTimestamp(row.acceptedAt) }, mark: formatMark(row.key, 0n) });
  }
  if (row.deliveredIds !== null && row.deliveredUpTo !== null) {
    const messageIds = row.deliveredIds.map(parseStoredMessageId);
    outgoing.push({ event: { type: 'delivered', ...who, timestamp: formatTimestamp(row.deliveredAt), messageIds }, mark: formatMark(row.key, row.deliveredUpTo) });
  }
  if (row.readId !== null) {
    const upTo = parseStoredMessageId(row.readId);
    outgoing.push({ event: { type: 'read', ...who, timestamp: formatTimestamp(row.readAt), upTo }, mark: formatMark(row.key, row.readUpTo) });
  }
  return outgoing;
}

/** A mark names a due by its conversation, and the position up to which one event tells of it. */
function formatMark(key: bigint, position: bigint): string {
  return `${key} ${position}`;
}

/** Digits only, since a JSON number is exact up to 2^53 alone. */
function parseMark(mark: string): { readonly key: string; readonly position: string } {
  const [key = '0', position = '0'] = mark.split(' ');
  return { key, position };
}
