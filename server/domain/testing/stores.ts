import { createPrismaAccountStore } from '../../persistence/account-store.ts';
import { createPrismaConversationStore } from '../../persistence/conversation-store.ts';
import { createPrismaMessageStore } from '../../persistence/message-store.ts';
import { createPrismaOutboxStore } from '../../persistence/outbox-store.ts';
import { createPrismaReceiptStore } from '../../persistence/receipt-store.ts';
import { createTestDatabase } from '../../persistence/testing-database.ts';
import { parseUserId } from '../../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../../protocol/ids.ts';
import { accountOf, vaultOf } from './people.ts';

/** What waits to be sent, as far as tests of the rules look at it. */
export interface QueuedRequest {
  readonly destination: string;
  readonly method: string;
  readonly target: string;
  readonly messageId: string | null;
  readonly fullOnly: boolean;
  readonly body: { readonly [member: string]: unknown };
}

/** Opens a database of the test's own with the stores of the rules on it. */
export async function openStores() {
  const db = await createTestDatabase();
  const { prisma } = db.database;
  const accounts = createPrismaAccountStore(prisma);
  return {
    prisma,
    accounts,
    conversations: createPrismaConversationStore(prisma),
    messages: createPrismaMessageStore(prisma),
    outbox: createPrismaOutboxStore(prisma),
    receipts: createPrismaReceiptStore(prisma),
    stop: () => db.stop(),
    async addAccounts(...userIds: readonly UserId[]): Promise<void> {
      for (const userId of userIds) await accounts.insert(accountOf(userId), vaultOf(1));
    },
    /** Everything queued for the peers about one conversation, by destination. */
    async queued(conversationId: ConversationId): Promise<readonly QueuedRequest[]> {
      const rows = await prisma.outboxItem.findMany({ orderBy: [{ id: 'asc' }] });
      const items = rows.map(({ destination, method, target, messageId, fullOnly, body }) => ({ destination, method, target, messageId, fullOnly, body: JSON.parse(body) }));
      return items.filter(({ body }) => body.conversationId === conversationId).toSorted((a, b) => (a.destination < b.destination ? -1 : 1));
    },
    /** How much is stored of a conversation: to see that a refusal left nothing. */
    async rowsOf(conversationId: ConversationId) {
      const where = { conversation: { id: conversationId } };
      const [conversation, changes, keys, messages, participants] = await Promise.all([
        prisma.conversation.findMany({ where: { id: conversationId }, select: { ownerDomain: true, epoch: true, revision: true, lastPosition: true } }),
        prisma.conversationChange.count({ where }),
        prisma.wrappedSessionKey.count({ where }),
        prisma.message.count({ where }),
        prisma.participant.findMany({ where, orderBy: { userId: 'asc' }, select: { userId: true, removedAtEpoch: true } }),
      ]);
      const present = participants.filter(({ removedAtEpoch }) => removedAtEpoch === null).map(({ userId }) => parseUserId(userId));
      return { conversation, changes, keys, messages, present };
    },
  };
}

export type TestStores = Awaited<ReturnType<typeof openStores>>;
