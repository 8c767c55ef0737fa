import type { ConversationStore } from '../domain/ports.ts';
import { changeConversation } from './conversation-change.ts';
import { readSummaries } from './conversation-summaries.ts';
import type { PrismaClient } from './generated/client.ts';
import { readHistory } from './conversation-history.ts';
import { findParticipation } from './participation.ts';

/** Creates the store of conversations on PostgreSQL. */
export function createPrismaConversationStore(prisma: PrismaClient): ConversationStore {
  return {
    change: (find, decide) => prisma.$transaction((transaction) => changeConversation(transaction, find, decide)),
    listFor: (userId) => readSummaries(prisma, { userId, conversationKey: null }),
    async findFor(userId, conversationId) {
      const participation = await findParticipation(prisma, userId, conversationId);
      if (participation === null) return null;
      const [summary] = await readSummaries(prisma, { userId, conversationKey: participation.conversationKey });
      return summary ?? null;
    },
    async historyFor(userId, conversationId) {
      const participation = await findParticipation(prisma, userId, conversationId);
      return participation === null ? null : readHistory(prisma, participation);
    },
    async markRead(userId, conversationId, position) {
      const participation = await findParticipation(prisma, userId, conversationId);
      if (participation === null) return false;
      const { conversationKey } = participation;
      // Never past what there is: a position made up by a browser must not hide messages yet to come.
      await prisma.$executeRaw`
        UPDATE participants p SET last_read_position = LEAST(${BigInt(position)}, COALESCE(p.last_visible_position, c.last_position))
        FROM conversations c
        WHERE c.key = p.conversation_key AND p.conversation_key = ${conversationKey} AND p.user_id = ${userId}
          AND LEAST(${BigInt(position)}, COALESCE(p.last_visible_position, c.last_position)) > p.last_read_position`;
      return true;
    },
    async accept(userId, conversationId, now) {
      const participation = await findParticipation(prisma, userId, conversationId);
      if (participation === null) return false;
      const { conversationKey } = participation;
      await prisma.participant.updateMany({ where: { conversationKey, userId, acceptedAt: null }, data: { acceptedAt: now } });
      return true;
    },
  };
}
