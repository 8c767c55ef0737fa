import type { ChangeAction, ConversationStore, StoredChange } from '../domain/ports.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { PrismaClient } from './generated/client.ts';
import type { ConversationChangeModel, ParticipantModel } from './generated/models.ts';
import { parseStoredUserId } from './stored-id.ts';
import { parseStoredMembership } from './stored-json.ts';

type History = NonNullable<Awaited<ReturnType<ConversationStore['historyFor']>>>;

/** Reads the changes from the one that added this participant up to the one that removed them, and their own keys of that time. */
export async function readHistory(prisma: PrismaClient, participation: ParticipantModel): Promise<History> {
  const { conversationKey, userId, joinedByChange, removedByChange, joinedAtEpoch } = participation;
  const [changes, sessionKeys] = await Promise.all([
    prisma.conversationChange.findMany({
      where: { conversationKey, id: { gte: joinedByChange, ...(removedByChange === null ? {} : { lte: removedByChange }) } },
      orderBy: { id: 'asc' },
    }),
    prisma.wrappedSessionKey.findMany({
      where: { conversationKey, userId, epoch: { gte: joinedAtEpoch } },
      orderBy: { epoch: 'asc' },
      select: { epoch: true, encryptedSessionKey: true },
    }),
  ]);
  return { changes: changes.map(toStoredChange), sessionKeys };
}

function toStoredChange(row: ConversationChangeModel): StoredChange {
  return {
    epoch: row.epoch,
    action: toAction(row.action),
    initiatorId: parseStoredUserId(row.initiatorId),
    allParticipants: row.allParticipants.map(parseStoredUserId),
    membership: row.membership === null ? null : parseStoredMembership(row.membership),
    membershipSignature: row.membershipSignature,
    leaveSignature: row.leaveSignature,
    timestamp: parseTimestamp(row.timestamp),
    afterPosition: Number(row.afterPosition),
  };
}

function toAction(text: string): ChangeAction {
  if (text === 'create' || text === 'add_participant' || text === 'rotate_key' || text === 'leave') return text;
  throw new Error('The database holds a change of a kind that this version does not know.');
}
