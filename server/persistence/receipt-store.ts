import { domainOf } from '../../protocol/ids.ts';
import type { Domain, MessageId, UserId } from '../../protocol/ids.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { Company, LastingEvent, ReceiptStore } from '../domain/receipts/receipt-store.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { toReceipt, type ReceiptRow } from './receipt-row.ts';
import { parseStoredConversationId, parseStoredMessageId, parseStoredUserId } from './stored-id.ts';

/** Creates the store of receipts on PostgreSQL: a request of events is one statement, however many it holds. */
export function createPrismaReceiptStore(prisma: PrismaClient): ReceiptStore {
  return {
    async record(events, { localDomain, now }) {
      const rows = await prisma.$queryRaw<(ReceiptRow | AcceptedRow)[]>(recordStatement(events, localDomain, now));
      return {
        receipts: rows.filter((row) => row.kind === 'receipt').map(toReceipt),
        accepted: rows.filter((row) => row.kind === 'accepted').map((row) => toCompany(row, localDomain)),
      };
    },
    async findCompany(events, localDomain) {
      const rows = await prisma.$queryRaw<CompanyRow[]>`
        SELECT c.id AS "conversationId", p.user_id AS "userId", ${presentMembers(Prisma.sql`c.key`, Prisma.sql`COALESCE(a.typing, true)`)} AS members
        FROM participants p JOIN conversations c ON c.key = p.conversation_key
        WHERE p.removed_at_epoch IS NULL AND (c.id, p.user_id) IN (
          SELECT e."conversationId", e."userId"
          FROM json_to_recordset(${JSON.stringify(events)}::json) AS e("conversationId" text, "userId" text))
        ORDER BY p.conversation_key, p.user_id`;
      return rows.map((row) => toCompany(row, localDomain));
    },
    async receiptsOf(author, messageIds) {
      if (messageIds.length === 0) return [];
      const rows = await prisma.$queryRaw<ReceiptRow[]>`
        SELECT 'receipt' AS kind, c.id AS "conversationId", r.user_id AS "userId", m.sender_id AS "authorId", r.read_at IS NOT NULL AS "isRead",
          array_agg(m.message_id ORDER BY m.position) AS "messageIds"
        ${receiptsTo(author, messageIds)}
        GROUP BY c.id, m.conversation_key, r.user_id, m.sender_id, r.read_at IS NOT NULL
        ORDER BY m.conversation_key, r.user_id, "isRead"`;
      return rows.map(toReceipt).map(({ authorId: _self, ...receipt }) => receipt);
    },
    async datedReceiptsOf(author, messageIds) {
      if (messageIds.length === 0) return [];
      const rows = await prisma.$queryRaw<DatedRow[]>`
        SELECT m.message_id AS "messageId", r.user_id AS "userId", r.delivered_at AS "deliveredAt", r.read_at AS "readAt"
        ${receiptsTo(author, messageIds)}
        ORDER BY m.conversation_key, m.position, r.user_id`;
      return rows.map(({ messageId, userId, deliveredAt, readAt }) => ({
        messageId: parseStoredMessageId(messageId),
        userId: parseStoredUserId(userId),
        deliveredAt: parseTimestamp(deliveredAt),
        readAt: readAt === null ? null : parseTimestamp(readAt),
      }));
    },
  };
}

/**
 * `here` holds the participations that the events are about, locked: so membership is that of the insert, and two
 * requests about one participation come one after the other. How far a user has read is kept on their participation,
 * so that `read` looks only at what follows.
 */
function recordStatement(events: readonly LastingEvent[], localDomain: Domain, now: Date): Prisma.Sql {
  const stated = JSON.stringify(events.map((event, place) => ({ place, ...event })));
  return Prisma.sql`
    WITH stated AS (
      SELECT * FROM json_to_recordset(${stated}::json) AS e(
        place int, type text, "conversationId" text, "userId" text, timestamp text, "messageIds" text[], "upTo" text)),
    here AS MATERIALIZED (
      SELECT c.key, c.id, p.user_id, p.joined_after_position AS joined_after, p.last_read_position AS read_to, p.accepted_at
      FROM participants p JOIN conversations c ON c.key = p.conversation_key
      WHERE p.removed_at_epoch IS NULL AND (c.id, p.user_id) IN (SELECT "conversationId", "userId" FROM stated)
      ORDER BY c.key, p.user_id FOR NO KEY UPDATE OF p),
    told AS (
      SELECT h.key, h.user_id, h.joined_after, h.read_to, s.place, s.type, s.timestamp, s."messageIds", s."upTo"
      FROM stated s JOIN here h ON h.id = s."conversationId" AND h.user_id = s."userId"),
    furthest AS (
      SELECT DISTINCT ON (t.key, t.user_id) t.key, t.user_id, t.timestamp, GREATEST(t.joined_after, t.read_to) AS after, named.position
      FROM told t CROSS JOIN LATERAL (
        SELECT min(m.position) AS position
        FROM (SELECT DISTINCT split_part(user_id, '@', 2) AS domain FROM participants WHERE conversation_key = t.key) origin
        JOIN messages m ON m.origin_domain = origin.domain AND m.message_id = t."upTo"
        WHERE m.conversation_key = t.key) named
      WHERE t.type = 'read' AND named.position > GREATEST(t.joined_after, t.read_to)
      ORDER BY t.key, t.user_id, named.position DESC, t.place),
    facts AS (
      SELECT t.key, m.position, t.user_id, t.timestamp, t.place, false AS is_read
      FROM told t CROSS JOIN LATERAL unnest(t."messageIds") AS named(id)
      JOIN messages m ON m.origin_domain = ${localDomain} AND m.message_id = named.id
      WHERE t.type = 'delivered' AND m.conversation_key = t.key AND m.position > t.joined_after
      UNION ALL
      SELECT f.key, m.position, f.user_id, f.timestamp, 0, true
      FROM furthest f JOIN messages m ON m.conversation_key = f.key AND m.position > f.after AND m.position <= f.position
      WHERE m.origin_domain = ${localDomain}),
    stored AS (
      INSERT INTO message_receipts AS r (conversation_key, position, user_id, delivered_at, read_at)
      SELECT key, position, user_id, (array_agg(timestamp ORDER BY is_read, place))[1], max(timestamp) FILTER (WHERE is_read)
      FROM facts GROUP BY key, position, user_id ORDER BY key, position, user_id
      ON CONFLICT (conversation_key, position, user_id) DO UPDATE SET read_at = EXCLUDED.read_at
        WHERE r.read_at IS NULL AND EXCLUDED.read_at IS NOT NULL
      RETURNING conversation_key AS key, position, user_id, read_at IS NOT NULL AS is_read),
    accepting AS (
      SELECT DISTINCT t.key, t.user_id FROM told t JOIN here h USING (key, user_id)
      WHERE t.type = 'accepted' AND h.accepted_at IS NULL),
    noted AS (
      UPDATE participants p SET
        last_read_position = GREATEST(p.last_read_position, f.position),
        accepted_at = CASE WHEN a.key IS NULL THEN p.accepted_at ELSE ${now}::timestamptz END
      FROM here h LEFT JOIN furthest f USING (key, user_id) LEFT JOIN accepting a USING (key, user_id)
      WHERE p.conversation_key = h.key AND p.user_id = h.user_id AND (f.key IS NOT NULL OR a.key IS NOT NULL))
    SELECT 'receipt' AS kind, h.id AS "conversationId", h.user_id AS "userId", m.sender_id AS "authorId", s.is_read AS "isRead",
      array_agg(m.message_id ORDER BY m.position) AS "messageIds", NULL::text[] AS members
    FROM stored s JOIN here h USING (key, user_id) JOIN messages m ON m.conversation_key = s.key AND m.position = s.position
      LEFT JOIN accounts author ON author.user_id = m.sender_id
    WHERE COALESCE(author.receipts, true)
    GROUP BY h.key, h.id, h.user_id, m.sender_id, s.is_read
    UNION ALL
    SELECT 'accepted', h.id, h.user_id, NULL, NULL, NULL, ${presentMembers(Prisma.sql`h.key`)}
    FROM accepting a JOIN here h USING (key, user_id)`;
}

/** The present members of a conversation whose account, `a`, fits. */
function presentMembers(key: Prisma.Sql, fits: Prisma.Sql = Prisma.sql`true`): Prisma.Sql {
  return Prisma.sql`ARRAY(
    SELECT m.user_id FROM participants m LEFT JOIN accounts a ON a.user_id = m.user_id
    WHERE m.conversation_key = ${key} AND m.removed_at_epoch IS NULL AND ${fits} ORDER BY m.user_id)`;
}

/** The receipts `r` of an author's messages `m`, with their conversation `c`; none where the author gives none. */
function receiptsTo(author: UserId, messageIds: readonly MessageId[]): Prisma.Sql {
  return Prisma.sql`
    FROM messages m JOIN message_receipts r ON r.conversation_key = m.conversation_key AND r.position = m.position
      JOIN conversations c ON c.key = m.conversation_key LEFT JOIN accounts a ON a.user_id = m.sender_id
    WHERE m.origin_domain = ${domainOf(author)} AND m.message_id = ANY(${[...messageIds]}::text[]) AND m.sender_id = ${author} AND COALESCE(a.receipts, true)`;
}

interface DatedRow {
  readonly messageId: string;
  readonly userId: string;
  readonly deliveredAt: string;
  readonly readAt: string | null;
}

interface CompanyRow {
  readonly conversationId: string;
  readonly userId: string;
  readonly members: readonly string[];
}

interface AcceptedRow extends CompanyRow {
  readonly kind: 'accepted';
}

function toCompany(row: CompanyRow, localDomain: Domain): Company {
  return {
    conversationId: parseStoredConversationId(row.conversationId),
    userId: parseStoredUserId(row.userId),
    localMembers: row.members.map(parseStoredUserId).filter((member) => domainOf(member) === localDomain),
  };
}
