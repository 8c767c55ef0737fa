import type { ConversationId, Domain, UserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import type { Acknowledgement, AcknowledgementStore } from '../domain/receipts/acknowledgement-store.ts';
import { Prisma, type PrismaClient } from './generated/client.ts';
import { toReceipt, type ReceiptRow } from './receipt-row.ts';
import { parseStoredDomain, parseStoredUserId } from './stored-id.ts';

/** Creates the store of what local users acknowledge on PostgreSQL: each of its verbs is one statement. */
export function createPrismaAcknowledgementStore(prisma: PrismaClient): AcknowledgementStore {
  return {
    async acknowledge(acknowledgement, at) {
      const rows = await prisma.$queryRaw<(ReceiptRow | DueRow | KnownRow)[]>(acknowledgeStatement(acknowledgement, at));
      if (rows.length === 0) return null;
      return {
        receipts: rows.filter((row) => row.kind === 'receipt').map(toReceipt),
        domains: rows.filter((row) => row.kind === 'due').map(({ domain }) => parseStoredDomain(domain)),
      };
    },
    async accept(userId, conversationId, at) {
      const rows = await prisma.$queryRaw<(ReceiptRow | DueRow | MemberRow | KnownRow)[]>(acceptStatement(userId, conversationId, at));
      if (rows.length === 0) return null;
      return {
        conversationId,
        userId,
        localMembers: rows.filter((row) => row.kind === 'member').map((row) => parseStoredUserId(row.userId)),
        domains: rows.filter((row) => row.kind === 'due').map(({ domain }) => parseStoredDomain(domain)),
        receipts: rows.filter((row) => row.kind === 'receipt').map(toReceipt),
      };
    },
    async findAudience(userId, conversationId, localDomain) {
      const [row] = await prisma.$queryRaw<AudienceRow[]>`
        WITH mine AS (
          SELECT p.conversation_key AS key, p.removed_at_epoch, p.accepted_at IS NOT NULL AND COALESCE(a.typing, true) AS tells ${participation(userId, conversationId)} LIMIT 1),
        company AS (
          SELECT o.user_id, split_part(o.user_id, '@', 2) AS domain, COALESCE(a.typing, true) AS is_shown
          FROM mine JOIN participants o ON o.conversation_key = mine.key LEFT JOIN accounts a ON a.user_id = o.user_id
          WHERE mine.tells AND o.removed_at_epoch IS NULL AND o.user_id <> ${userId})
        SELECT ARRAY(SELECT user_id FROM company WHERE domain = ${localDomain} AND is_shown ORDER BY user_id) AS members,
          ARRAY(SELECT DISTINCT domain FROM company WHERE domain <> ${localDomain} ORDER BY domain) AS domains
        FROM mine WHERE mine.removed_at_epoch IS NULL`;
      return row === undefined ? null : { localMembers: row.members.map(parseStoredUserId), remoteDomains: row.domains.map(parseStoredDomain) };
    },
  };
}

/** A user's part in the conversation of an id, `p`, with it, `c`, and their account, `a`; a present part before former ones. */
function participation(userId: string, conversationId: string): Prisma.Sql {
  return Prisma.sql`
    FROM participants p JOIN conversations c ON c.key = p.conversation_key LEFT JOIN accounts a ON a.user_id = p.user_id
    WHERE c.id = ${conversationId} AND p.user_id = ${userId}
    ORDER BY p.removed_at_epoch DESC NULLS FIRST, p.conversation_key`;
}

/** What is told of stays silent while the conversation is a request: only how far the devices got is stored. */
function acknowledgeStatement({ userId, conversationId, delivered, read }: Acknowledgement, at: At): Prisma.Sql {
  const bound = (position: number): Prisma.Sql => Prisma.sql`LEAST(${BigInt(position)}, COALESCE(p.last_visible_position, c.last_position))`;
  return Prisma.sql`
    WITH mine AS MATERIALIZED (
      SELECT p.conversation_key AS key, p.user_id, c.id,
        p.removed_at_epoch IS NULL AND p.accepted_at IS NOT NULL AND COALESCE(a.receipts, true) AS tells,
        GREATEST(p.joined_after_position, p.delivered_position) AS delivered_from, ${bound(Math.max(delivered ?? 0, read ?? 0))} AS delivered_to,
        GREATEST(p.joined_after_position, p.last_read_position) AS read_from, ${bound(read ?? 0)} AS read_to
      ${participation(userId, conversationId)}
      LIMIT 1 FOR NO KEY UPDATE OF p),
    raised AS (
      UPDATE participants p SET
        delivered_position = GREATEST(p.delivered_position, mine.delivered_to), last_read_position = GREATEST(p.last_read_position, mine.read_to)
      FROM mine
      WHERE p.conversation_key = mine.key AND p.user_id = mine.user_id AND (mine.delivered_to > p.delivered_position OR mine.read_to > p.last_read_position)),
    ${whatFollows(at)},
    noted AS (${noteDues(Prisma.sql`NULL::timestamptz`, Prisma.sql`due`, at)})
    ${KNOWN}
    UNION ALL
    SELECT 'due', domain, NULL, NULL, NULL, NULL, NULL FROM due
    UNION ALL ${RECEIPTS}`;
}

/** Who takes up a conversation tells that, and how far their devices got in it until then. */
function acceptStatement(userId: UserId, conversationId: ConversationId, at: At): Prisma.Sql {
  return Prisma.sql`
    WITH mine AS MATERIALIZED (
      SELECT p.conversation_key AS key, p.user_id, c.id, p.accepted_at IS NULL AS is_new, p.removed_at_epoch IS NULL AS is_member,
        p.accepted_at IS NULL AND p.removed_at_epoch IS NULL AND COALESCE(a.receipts, true) AS tells,
        p.joined_after_position AS delivered_from, GREATEST(p.delivered_position, p.last_read_position) AS delivered_to,
        p.joined_after_position AS read_from, p.last_read_position AS read_to
      ${participation(userId, conversationId)}
      LIMIT 1 FOR NO KEY UPDATE OF p),
    taken AS (
      UPDATE participants p SET accepted_at = ${at.now}::timestamptz FROM mine
      WHERE p.conversation_key = mine.key AND p.user_id = mine.user_id AND mine.is_new),
    ${whatFollows(at)},
    company AS MATERIALIZED (
      SELECT o.user_id, split_part(o.user_id, '@', 2) AS domain
      FROM mine JOIN participants o ON o.conversation_key = mine.key AND o.user_id <> mine.user_id
      WHERE mine.is_new AND mine.is_member AND o.removed_at_epoch IS NULL),
    others AS (SELECT DISTINCT domain, ${at.now}::timestamptz AS accepted_at FROM company WHERE domain <> ${at.localDomain}),
    noted AS (${noteDues(Prisma.sql`accepted_at`, Prisma.sql`due FULL JOIN others USING (domain)`, at)} RETURNING destination)
    ${KNOWN}
    UNION ALL
    SELECT 'due', destination, NULL, NULL, NULL, NULL, NULL FROM noted
    UNION ALL
    SELECT 'member', NULL, NULL, user_id, NULL, NULL, NULL FROM company WHERE domain = ${at.localDomain}
    UNION ALL ${RECEIPTS}`;
}

/**
 * Of `mine`, the user's part, which is locked, so that two devices come one after the other: `news` are the messages of
 * others that the marks pass over, `stored` what authors of this server are told, `due` what other domains are.
 */
function whatFollows({ localDomain, now }: At): Prisma.Sql {
  const time = formatTimestamp(now);
  return Prisma.sql`
    news AS MATERIALIZED (
      SELECT mine.key, mine.user_id, m.position, m.origin_domain, m.message_id, m.sender_id,
        m.position > mine.delivered_from AND m.position <= mine.delivered_to AS is_delivered, m.position > mine.read_from AND m.position <= mine.read_to AS is_read
      FROM mine JOIN messages m ON m.conversation_key = mine.key AND m.position <= GREATEST(mine.delivered_to, mine.read_to)
        AND m.position > LEAST(CASE WHEN mine.delivered_to > mine.delivered_from THEN mine.delivered_from END, CASE WHEN mine.read_to > mine.read_from THEN mine.read_from END)
      WHERE mine.tells AND m.sender_id <> mine.user_id),
    stored AS (
      INSERT INTO message_receipts AS r (conversation_key, position, user_id, delivered_at, read_at)
      SELECT key, position, user_id, ${time}::text, CASE WHEN is_read THEN ${time}::text END FROM news
      WHERE origin_domain = ${localDomain} AND (is_delivered OR is_read) ORDER BY position
      ON CONFLICT (conversation_key, position, user_id) DO UPDATE SET read_at = EXCLUDED.read_at
        WHERE r.read_at IS NULL AND EXCLUDED.read_at IS NOT NULL
      RETURNING position, read_at IS NOT NULL AS is_read),
    due AS (
      SELECT origin_domain AS domain, max(position) FILTER (WHERE is_delivered) AS delivered_to, max(position) FILTER (WHERE is_read) AS read_to
      FROM news WHERE origin_domain <> ${localDomain} AND (is_delivered OR is_read)
      GROUP BY origin_domain)`;
}

/**
 * A due that waits already keeps where it begins and learns where it ends; what is read needs no telling that it came,
 * and is named by the last message of that domain.
 */
function noteDues(acceptedAt: Prisma.Sql, dues: Prisma.Sql, { now }: At): Prisma.Sql {
  return Prisma.sql`
      INSERT INTO receipt_dues AS d (
        destination, conversation_key, user_id, delivered_after, delivered_up_to, delivered_at, read_after, read_up_to, read_at, accepted_at, due_since)
      SELECT domain, mine.key, mine.user_id, GREATEST(mine.delivered_from, due.read_to), COALESCE(due.delivered_to, mine.delivered_from), t.now,
        mine.read_from, COALESCE(due.read_to, mine.read_from), t.now, ${acceptedAt}, t.now
      FROM ${dues} CROSS JOIN mine CROSS JOIN (SELECT ${now}::timestamptz AS now) t ORDER BY domain
      ON CONFLICT (destination, conversation_key, user_id) DO UPDATE SET
        delivered_after = GREATEST(EXCLUDED.read_up_to, CASE WHEN d.delivered_up_to > d.delivered_after THEN d.delivered_after ELSE EXCLUDED.delivered_after END),
        delivered_up_to = GREATEST(d.delivered_up_to, EXCLUDED.delivered_up_to),
        delivered_at = CASE WHEN EXCLUDED.delivered_up_to > d.delivered_up_to THEN EXCLUDED.delivered_at ELSE d.delivered_at END,
        read_after = CASE WHEN d.read_up_to > d.read_after THEN d.read_after ELSE EXCLUDED.read_after END,
        read_up_to = CASE WHEN EXCLUDED.read_up_to > EXCLUDED.read_after THEN GREATEST(d.read_up_to, EXCLUDED.read_up_to) ELSE d.read_up_to END,
        read_at = CASE WHEN EXCLUDED.read_up_to > EXCLUDED.read_after THEN EXCLUDED.read_at ELSE d.read_at END,
        accepted_at = COALESCE(EXCLUDED.accepted_at, d.accepted_at)`;
}

const KNOWN = Prisma.sql`
    SELECT 'known' AS kind, NULL AS domain, NULL AS "conversationId", NULL AS "userId", NULL AS "authorId", NULL::boolean AS "isRead", NULL::text[] AS "messageIds" FROM mine`;

const RECEIPTS = Prisma.sql`
    SELECT 'receipt', NULL, mine.id, mine.user_id, n.sender_id, s.is_read, array_agg(n.message_id ORDER BY n.position)
    FROM stored s JOIN news n USING (position) CROSS JOIN mine LEFT JOIN accounts author ON author.user_id = n.sender_id
    WHERE COALESCE(author.receipts, true)
    GROUP BY mine.id, mine.user_id, n.sender_id, s.is_read`;

interface At {
  readonly localDomain: Domain;
  readonly now: Date;
}

interface KnownRow {
  readonly kind: 'known';
}

interface DueRow {
  readonly kind: 'due';
  readonly domain: string;
}

interface MemberRow {
  readonly kind: 'member';
  readonly userId: string;
}

interface AudienceRow {
  readonly members: readonly string[];
  readonly domains: readonly string[];
}
