import type { ConversationId, UserId } from '../../protocol/ids.ts';
import type { Prisma, PrismaClient } from './generated/client.ts';
import type { ParticipantModel } from './generated/models.ts';

/** Finds a user's part in the conversation of this id, now or before; a present one where several owners use the id. */
export function findParticipation(
  prisma: PrismaClient | Prisma.TransactionClient,
  userId: UserId,
  conversationId: ConversationId,
): Promise<ParticipantModel | null> {
  return prisma.participant.findFirst({
    where: { userId, conversation: { id: conversationId } },
    orderBy: [{ removedAtEpoch: { sort: 'desc', nulls: 'first' } }, { conversationKey: 'asc' }],
  });
}
