import { domainOf } from '../../protocol/ids.ts';
import type { InsertMessageOutcome, MessageDraft, MessageStore, OutboxDraft } from '../domain/ports.ts';
import type { PrismaClient } from './generated/client.ts';
import { findParticipation } from './participation.ts';
import { isUniqueViolation } from './prisma-error.ts';
import { parseStoredConversationId, parseStoredUserId } from './stored-id.ts';
import { toStoredMessage } from './stored-message.ts';

/** Each turn is lost only to another commit, of the same message or of a change of membership. */
const MAX_TURNS = 50;

type InsertOptions = Parameters<MessageStore['insert']>[1];

/**
 * Creates the store of messages on PostgreSQL. An insert is one reading and one writing statement; the writing one
 * holds the conversation's row only while it runs and does nothing if the membership that was read has changed.
 */
export function createPrismaMessageStore(prisma: PrismaClient): MessageStore {
  return {
    async insert(draft, options) {
      for (let turn = 0; turn < MAX_TURNS; turn += 1) {
        const outcome = await tryInsert(prisma, draft, options);
        if (outcome !== null) return outcome;
      }
      throw new Error('A message could not be stored: its conversation changed all the time.');
    },
    async list(userId, conversationId, { after, before, limit }) {
      const participation = await findParticipation(prisma, userId, conversationId);
      if (participation === null) return null;
      const forward = after !== undefined;
      const from = maxOf(participation.joinedAfterPosition, BigInt(after ?? 0));
      const rows = await prisma.message.findMany({
        where: {
          conversationKey: participation.conversationKey,
          position: {
            gt: from,
            ...(participation.lastVisiblePosition === null ? {} : { lte: participation.lastVisiblePosition }),
            ...(before === undefined ? {} : { lt: BigInt(before) }),
          },
        },
        orderBy: { position: forward ? 'asc' : 'desc' },
        take: limit,
      });
      const messages = rows.map((row) => toStoredMessage(conversationId, row));
      return forward ? messages : messages.reverse();
    },
  };
}

/** Null where another commit came in between and everything must be read again. */
async function tryInsert(prisma: PrismaClient, draft: MessageDraft, options: InsertOptions): Promise<InsertMessageOutcome | null> {
  const found = await readBefore(prisma, draft);
  if (found.position !== null) return toRepeat(draft, { ...found, position: found.position });
  const members = found.members.map(parseStoredUserId);
  const localMembers = members.filter((member) => domainOf(member) === options.localDomain);
  const isInbound = domainOf(draft.senderId) !== options.localDomain;
  // To a peer, a conversation that nobody here is in any more is unknown [ERR-3].
  if (found.conversationKey === null || (isInbound && localMembers.length === 0)) return { kind: 'unknown_conversation' };
  if (!members.includes(draft.senderId)) return { kind: 'not_a_member' };
  const remoteDomains = [...new Set(members.map(domainOf))].filter((domain) => domain !== options.localDomain).sort();
  const { deliveryFor } = options;
  const deliveries = deliveryFor === null ? [] : remoteDomains.map((domain) => deliveryFor(domain));
  const position = await write(prisma, { draft, key: found.conversationKey, revision: found.revision ?? 0, deliveries, now: options.now });
  if (position === null) return null;
  return {
    kind: 'stored',
    message: {
      conversationId: draft.conversationId, messageId: draft.messageId, senderId: draft.senderId, payload: draft.payload,
      timestamp: draft.timestamp, position: Number(position), receivedAt: options.now,
    },
    localMembers,
    remoteDomains,
  };
}

interface FoundBefore {
  readonly position: bigint | null;
  readonly existingConversationId: string;
  readonly contentHash: string;
  readonly messageId: string;
  readonly senderId: string;
  readonly payload: string;
  readonly timestamp: string;
  readonly receivedAt: Date;
  readonly conversationKey: bigint | null;
  readonly revision: number | null;
  readonly members: readonly string[];
}

/** Reads at one instant the message of this id, if any, and the conversation with its present members; always one row. */
async function readBefore(prisma: PrismaClient, draft: MessageDraft): Promise<FoundBefore> {
  const rows = await prisma.$queryRaw<FoundBefore[]>`
    SELECT m.position, mc.id AS "existingConversationId", m.content_hash AS "contentHash", m.message_id AS "messageId",
      m.sender_id AS "senderId", m.payload, m.timestamp, m.received_at AS "receivedAt",
      c.key AS "conversationKey", c.revision, COALESCE(c.members, '{}') AS members
    FROM (SELECT 1) AS one
    LEFT JOIN messages m ON m.origin_domain = ${draft.originDomain} AND m.message_id = ${draft.messageId}
    LEFT JOIN conversations mc ON mc.key = m.conversation_key
    LEFT JOIN LATERAL (
      SELECT c.key, c.revision, p.members
      FROM conversations c
      CROSS JOIN LATERAL (
        SELECT array_agg(user_id ORDER BY user_id) AS members
        FROM participants WHERE conversation_key = c.key AND removed_at_epoch IS NULL) p
      WHERE c.id = ${draft.conversationId}
      ORDER BY COALESCE(${draft.senderId} = ANY(p.members), false) DESC, c.key
      LIMIT 1) c ON true`;
  const [row] = rows;
  if (row === undefined) throw new Error('The database gave no row where there is always one.');
  return row;
}

function toRepeat(draft: MessageDraft, found: FoundBefore & { readonly position: bigint }): InsertMessageOutcome {
  if (found.contentHash !== draft.contentHash) return { kind: 'conflict' };
  return { kind: 'duplicate', message: toStoredMessage(parseStoredConversationId(found.existingConversationId), found) };
}

interface Write {
  readonly draft: MessageDraft;
  readonly key: bigint;
  readonly revision: number;
  readonly deliveries: readonly OutboxDraft[];
  readonly now: Date;
}

/** Stores the message at the next position with its deliveries; null where the membership or the message id was overtaken. */
async function write(prisma: PrismaClient, { draft, key, revision, deliveries, now }: Write): Promise<bigint | null> {
  const queue = JSON.stringify(deliveries);
  try {
    // `revision` is checked on the row as it is once the lock is held, and outbox ids are drawn under that lock.
    const rows = await prisma.$queryRaw<{ readonly position: bigint }[]>`
      WITH moved AS (
        UPDATE conversations SET last_position = last_position + 1
        WHERE key = ${key} AND revision = ${revision} RETURNING last_position),
      stored AS (
        INSERT INTO messages (conversation_key, position, origin_domain, message_id, sender_id, payload, timestamp, content_hash, received_at)
        SELECT ${key}, last_position, ${draft.originDomain}, ${draft.messageId}, ${draft.senderId}, ${JSON.stringify(draft.payload)},
          ${draft.timestamp}, ${draft.contentHash}, ${now}::timestamptz
        FROM moved RETURNING position),
      drafts AS (
        SELECT d.* FROM stored, json_to_recordset(${queue}::json)
          AS d(destination text, "messageId" text, "senderId" text, method text, target text, body text, "fullOnly" boolean)),
      known AS (
        INSERT INTO peers (domain) SELECT destination FROM drafts ON CONFLICT DO NOTHING),
      queued AS (
        INSERT INTO outbox_items (destination, conversation_key, message_id, sender_id, method, target, body, full_only, next_attempt_at, created_at)
        SELECT destination, ${key}, "messageId", "senderId", method, target, body, "fullOnly", ${now}::timestamptz, ${now}::timestamptz FROM drafts)
      SELECT position FROM stored`;
    return rows[0]?.position ?? null;
  } catch (error) {
    if (isUniqueViolation(error)) return null;
    throw error;
  }
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
