import type { UserId } from '../../protocol/ids.ts';
import type { ConversationSummary } from '../domain/ports.ts';
import type { PrismaClient } from './generated/client.ts';
import { parseStoredConversationId, parseStoredDomain, parseStoredUserId } from './stored-id.ts';
import { toStoredMessage } from './stored-message.ts';

interface SummaryRow {
  readonly conversationId: string;
  readonly ownerDomain: string;
  readonly epoch: number;
  readonly participants: readonly string[];
  readonly removedAtEpoch: number | null;
  readonly acceptedAt: Date | null;
  readonly lastPosition: bigint;
  readonly lastReadPosition: bigint;
  readonly deliveredPosition: bigint;
  readonly acceptedBy: readonly string[] | null;
  readonly createdAt: Date;
  readonly unreadCount: bigint;
  readonly position: bigint | null;
  readonly messageId: string;
  readonly senderId: string;
  readonly payload: string;
  readonly timestamp: string;
  readonly receivedAt: Date;
}

/**
 * Reads a user's conversations, the last active first, or the one of a key. A removed user is shown epoch and members
 * as their removal left them.
 */
export async function readSummaries(
  prisma: PrismaClient,
  of: { readonly userId: UserId; readonly conversationKey: bigint | null },
): Promise<readonly ConversationSummary[]> {
  const rows = await prisma.$queryRaw<SummaryRow[]>`
    SELECT c.id AS "conversationId", c.owner_domain AS "ownerDomain", c.created_at AS "createdAt",
      COALESCE(p.removed_at_epoch, c.epoch) AS epoch, p.removed_at_epoch AS "removedAtEpoch", p.accepted_at AS "acceptedAt",
      COALESCE(removal.all_participants, present.members, '{}') AS participants,
      COALESCE(p.last_visible_position, c.last_position) AS "lastPosition", p.last_read_position AS "lastReadPosition",
      GREATEST(p.joined_after_position, p.delivered_position) AS "deliveredPosition", present."acceptedBy",
      unread.count AS "unreadCount",
      m.position, m.message_id AS "messageId", m.sender_id AS "senderId", m.payload, m.timestamp, m.received_at AS "receivedAt"
    FROM participants p
    JOIN conversations c ON c.key = p.conversation_key
    LEFT JOIN conversation_changes removal ON removal.id = p.removed_by_change
    LEFT JOIN LATERAL (
      SELECT array_agg(user_id ORDER BY user_id) AS members, array_agg(user_id ORDER BY user_id) FILTER (WHERE accepted_at IS NOT NULL) AS "acceptedBy"
      FROM participants WHERE conversation_key = c.key AND removed_at_epoch IS NULL) present ON true
    LEFT JOIN LATERAL (
      SELECT * FROM messages
      WHERE conversation_key = c.key AND position > p.joined_after_position AND position <= COALESCE(p.last_visible_position, c.last_position)
      ORDER BY position DESC LIMIT 1) m ON true
    CROSS JOIN LATERAL (
      SELECT count(*) AS count FROM messages
      WHERE conversation_key = c.key AND position > GREATEST(p.joined_after_position, p.last_read_position)
        AND position <= COALESCE(p.last_visible_position, c.last_position) AND sender_id <> p.user_id) unread
    WHERE p.user_id = ${of.userId} AND (${of.conversationKey}::bigint IS NULL OR c.key = ${of.conversationKey}::bigint)
    ORDER BY COALESCE(m.received_at, c.created_at) DESC, c.key DESC`;
  return rows.map(toSummary);
}

function toSummary(row: SummaryRow): ConversationSummary {
  const conversationId = parseStoredConversationId(row.conversationId);
  const { participants } = row;
  return {
    conversationId,
    ownerDomain: parseStoredDomain(row.ownerDomain),
    epoch: row.epoch,
    participants: participants.map(parseStoredUserId),
    standing: row.removedAtEpoch === null ? 'member' : 'removed',
    accepted: row.acceptedAt !== null,
    lastPosition: Number(row.lastPosition),
    lastReadPosition: Number(row.lastReadPosition),
    deliveredPosition: Number(row.deliveredPosition),
    // Whoever came after a removed user is nobody to them.
    acceptedBy: (row.acceptedBy ?? []).filter((userId) => participants.includes(userId)).map(parseStoredUserId),
    lastMessage: row.position === null ? null : toStoredMessage(conversationId, { ...row, position: row.position }),
    unreadCount: Number(row.unreadCount),
    createdAt: row.createdAt,
  };
}
