import type { UserId } from '../../protocol/ids.ts';
import type { ChangeDecision, ChangeWrite, ConversationState, ConversationStore, FoundConversation } from '../domain/ports.ts';
import { readStandings } from './account-standings.ts';
import type { Prisma } from './generated/client.ts';
import { parseStoredConversationId, parseStoredDomain, parseStoredUserId } from './stored-id.ts';

type Find = Parameters<ConversationStore['change']>[0];
type Decide<Refusal> = (found: FoundConversation) => ChangeDecision<Refusal> | Promise<ChangeDecision<Refusal>>;

/** Locks the conversation, lets `decide` judge the change and writes what it decides, all inside the given transaction. */
export async function changeConversation<Refusal>(
  transaction: Prisma.TransactionClient,
  find: Find,
  decide: Decide<Refusal>,
): Promise<ChangeDecision<Refusal>> {
  const row = await lock(transaction, find);
  const state = row === null ? null : await readState(transaction, row, find.actor);
  const repeat = state !== null && (await wasAccepted(transaction, state.key, find.contentHash));
  const decision = await decide({ state, repeat, findStandings: (userIds) => readStandings(transaction, userIds) });
  if (decision.kind === 'apply') await write(transaction, state, decision.write);
  return decision;
}

interface LockedRow {
  readonly key: bigint;
  readonly ownerDomain: string;
  readonly id: string;
  readonly epoch: number;
}

/** Where there is no row of the preferred owner to lock, the id itself is: of two foundings at once the second sees the first. */
async function lock(transaction: Prisma.TransactionClient, find: Find): Promise<LockedRow | null> {
  const row = await lockRow(transaction, find);
  // Without a preferred owner nothing is founded.
  if (find.preferredOwner === null || row?.ownerDomain === find.preferredOwner) return row;
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${find.conversationId}, 0))`;
  return lockRow(transaction, find);
}

async function lockRow(transaction: Prisma.TransactionClient, find: Find): Promise<LockedRow | null> {
  const rows = await transaction.$queryRaw<LockedRow[]>`
    SELECT c.key, c.owner_domain AS "ownerDomain", c.id, c.epoch
    FROM conversations c
    WHERE c.id = ${find.conversationId}
    ORDER BY EXISTS (SELECT 1 FROM conversation_changes h WHERE h.conversation_key = c.key AND h.content_hash = ${find.contentHash}) DESC,
      c.owner_domain = COALESCE(${find.preferredOwner}, '') DESC,
      EXISTS (SELECT 1 FROM participants p WHERE p.conversation_key = c.key AND p.user_id = ${find.actor} AND p.removed_at_epoch IS NULL) DESC,
      c.key
    LIMIT 1
    FOR NO KEY UPDATE OF c`;
  return rows[0] ?? null;
}

async function readState(transaction: Prisma.TransactionClient, row: LockedRow, actor: UserId): Promise<ConversationState> {
  const members = await transaction.$queryRaw<{ readonly userId: string; readonly removedAtEpoch: number | null; readonly removedBy: string | null }[]>`
    SELECT p.user_id AS "userId", p.removed_at_epoch AS "removedAtEpoch", removal.action AS "removedBy"
    FROM participants p LEFT JOIN conversation_changes removal ON removal.id = p.removed_by_change
    WHERE p.conversation_key = ${row.key}
      AND (p.removed_at_epoch IS NULL OR p.user_id = ${actor} OR (removal.action = 'leave' AND p.removed_at_epoch = ${row.epoch}))
    ORDER BY p.user_id`;
  const idsOf = (chosen: typeof members): readonly UserId[] => chosen.map(({ userId }) => parseStoredUserId(userId));
  return {
    key: row.key,
    ownerDomain: parseStoredDomain(row.ownerDomain),
    conversationId: parseStoredConversationId(row.id),
    epoch: row.epoch,
    participants: idsOf(members.filter(({ removedAtEpoch }) => removedAtEpoch === null)),
    leftInEpoch: idsOf(members.filter(({ removedAtEpoch, removedBy }) => removedBy === 'leave' && removedAtEpoch === row.epoch)),
    actorRemovedAtEpoch: members.find(({ userId, removedBy }) => userId === actor && removedBy !== 'add_participant')?.removedAtEpoch ?? null,
  };
}

async function wasAccepted(transaction: Prisma.TransactionClient, conversationKey: bigint, contentHash: string): Promise<boolean> {
  const change = await transaction.conversationChange.findUnique({
    where: { conversationKey_contentHash: { conversationKey, contentHash } },
    select: { id: true },
  });
  return change !== null;
}

async function write(transaction: Prisma.TransactionClient, state: ConversationState | null, change: ChangeWrite): Promise<void> {
  const known = state?.ownerDomain === change.ownerDomain ? state : null;
  const { key, lastPosition } = await writeConversation(transaction, known?.key ?? null, change);
  const { id: changeId } = await transaction.conversationChange.create({
    data: {
      conversationKey: key,
      epoch: change.epoch,
      action: change.action,
      initiatorId: change.initiatorId,
      allParticipants: [...change.participantsAfter],
      membership: change.membership === null ? null : JSON.stringify(change.membership),
      membershipSignature: change.membershipSignature,
      leaveSignature: change.leaveSignature,
      timestamp: change.timestamp,
      contentHash: change.contentHash,
      afterPosition: lastPosition,
      acceptedAt: change.now,
    },
    select: { id: true },
  });
  const before = new Set(known?.participants ?? []);
  const after = new Set(change.participantsAfter);
  const at = { key, changeId, lastPosition };
  await removeParticipants(transaction, at, { epoch: change.epoch, userIds: [...before].filter((userId) => !after.has(userId)) });
  await addParticipants(transaction, at, { epoch: change.epoch, userIds: [...after].filter((userId) => !before.has(userId)) });
  await transaction.participant.updateMany({
    where: { conversationKey: key, userId: { in: [...change.acceptedBy] }, acceptedAt: null },
    data: { acceptedAt: change.now },
  });
  await writeSessionKeys(transaction, key, change);
  await queueDeliveries(transaction, key, change);
}

async function writeConversation(
  transaction: Prisma.TransactionClient,
  key: bigint | null,
  change: ChangeWrite,
): Promise<{ readonly key: bigint; readonly lastPosition: bigint }> {
  const select = { key: true, lastPosition: true };
  if (key !== null) {
    return transaction.conversation.update({ where: { key }, data: { epoch: change.epoch, revision: { increment: 1 } }, select });
  }
  return transaction.conversation.create({
    data: { ownerDomain: change.ownerDomain, id: change.conversationId, epoch: change.epoch, createdAt: change.now },
    select,
  });
}

interface ChangePlace {
  readonly key: bigint;
  readonly changeId: bigint;
  readonly lastPosition: bigint;
}

interface Movement {
  readonly epoch: number;
  readonly userIds: readonly string[];
}

async function removeParticipants(transaction: Prisma.TransactionClient, at: ChangePlace, { epoch, userIds }: Movement): Promise<void> {
  if (userIds.length === 0) return;
  await transaction.participant.updateMany({
    where: { conversationKey: at.key, userId: { in: [...userIds] } },
    data: { removedAtEpoch: epoch, removedByChange: at.changeId, lastVisiblePosition: at.lastPosition },
  });
}

/** Adds the new and the returning; what a returning user had read stays read, what passed in their absence stays closed to them. */
async function addParticipants(transaction: Prisma.TransactionClient, at: ChangePlace, { epoch, userIds }: Movement): Promise<void> {
  if (userIds.length === 0) return;
  await transaction.$executeRaw`
    INSERT INTO participants (conversation_key, user_id, joined_at_epoch, joined_by_change, joined_after_position)
    SELECT ${at.key}, user_id, ${epoch}, ${at.changeId}, ${at.lastPosition} FROM unnest(${[...userIds]}::text[]) AS user_id
    ON CONFLICT (conversation_key, user_id) DO UPDATE SET
      joined_at_epoch = EXCLUDED.joined_at_epoch, joined_by_change = EXCLUDED.joined_by_change,
      joined_after_position = EXCLUDED.joined_after_position,
      removed_at_epoch = NULL, removed_by_change = NULL, last_visible_position = NULL`;
}

async function writeSessionKeys(transaction: Prisma.TransactionClient, key: bigint, change: ChangeWrite): Promise<void> {
  if (change.sessionKeys.length === 0) return;
  await transaction.$executeRaw`
    INSERT INTO wrapped_session_keys (conversation_key, epoch, user_id, encrypted_session_key)
    SELECT ${key}, ${change.epoch}, k."userId", k."encryptedSessionKey"
    FROM json_to_recordset(${JSON.stringify(change.sessionKeys)}::json) AS k("userId" text, "encryptedSessionKey" text)
    ON CONFLICT (conversation_key, epoch, user_id) DO UPDATE SET encrypted_session_key = EXCLUDED.encrypted_session_key`;
}

async function queueDeliveries(transaction: Prisma.TransactionClient, key: bigint, change: ChangeWrite): Promise<void> {
  if (change.deliveries.length === 0) return;
  await transaction.outboxItem.createMany({
    data: change.deliveries.map(({ destination, senderId, method, target, body, fullOnly }) => ({
      destination, senderId, method, target, body, fullOnly, conversationKey: key, createdAt: change.now,
    })),
  });
}
