import { createPrismaAccountStore } from '../../persistence/account-store.ts';
import { createPrismaAcknowledgementStore } from '../../persistence/acknowledgement-store.ts';
import { createPrismaConversationStore } from '../../persistence/conversation-store.ts';
import { createPostgresMessageStore } from '../../persistence/message-store.ts';
import { createPostgresOutboxStore } from '../../persistence/outbox-store.ts';
import { createPrismaOutgoingReceiptQueue } from '../../persistence/outgoing-receipt-queue.ts';
import { createPrismaPrivacyStore } from '../../persistence/privacy-store.ts';
import { createPrismaReceiptStore } from '../../persistence/receipt-store.ts';
import { createTestDatabase } from '../../persistence/testing-database.ts';
import { parseDomain, parseUserId } from '../../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../../protocol/ids.ts';
import { accountOf, vaultOf } from './people.ts';

const LATE = new Date('2100-01-01T00:00:00.000Z');
const MANY = 10_000;

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
  const { database } = db;
  const { prisma } = database;
  const outbox = createPostgresOutboxStore(database);
  const accounts = createPrismaAccountStore(prisma);
  return {
    database,
    prisma,
    accounts,
    conversations: createPrismaConversationStore(prisma),
    messages: createPostgresMessageStore(database),
    outbox,
    receipts: createPrismaReceiptStore(prisma),
    acknowledgements: createPrismaAcknowledgementStore(prisma),
    outgoingReceipts: createPrismaOutgoingReceiptQueue(prisma),
    privacy: createPrismaPrivacyStore(prisma),
    stop: () => db.stop(),
    async addAccounts(...userIds: readonly UserId[]): Promise<void> {
      for (const userId of userIds) await accounts.insert(accountOf(userId), vaultOf(1));
    },
    /** Everything queued for the peers about one conversation, by destination. */
    async queued(conversationId: ConversationId): Promise<readonly QueuedRequest[]> {
      const queues = await prisma.outboxItem.groupBy({ by: ['destination'], orderBy: { destination: 'asc' } });
      const items = await Promise.all(queues.map(({ destination }) => outbox.listDue(parseDomain(destination), { now: LATE, limit: MANY })));
      return items
        .flat()
        .filter((item) => item.conversationId === conversationId)
        .map(({ destination, method, target, messageId, fullOnly, body }) => ({ destination, method, target, messageId, fullOnly, body: JSON.parse(body) }));
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
