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
  };
}
