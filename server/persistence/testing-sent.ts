import { domainOf } from '../../protocol/ids.ts';
import type { ConversationId, MessageId, UserId } from '../../protocol/ids.ts';
import type { PrismaClient } from './generated/client.ts';
import { messageDraft, start } from './testing-fixtures.ts';

/** Stores one message of each of these senders, in order, as nothing but rows; gives their ids. */
export async function storeSent(prisma: PrismaClient, conversationId: ConversationId, ...senders: readonly UserId[]): Promise<readonly MessageId[]> {
  const { key, lastPosition } = await prisma.conversation.findFirstOrThrow({ where: { id: conversationId } });
  const drafts = senders.map((senderId) => messageDraft(conversationId, { senderId }));
  await prisma.message.createMany({
    data: drafts.map(({ messageId, senderId, payload, timestamp, contentHash }, index) => ({
      conversationKey: key, position: lastPosition + BigInt(index + 1), originDomain: domainOf(senderId), messageId, senderId,
      payload: JSON.stringify(payload), timestamp, contentHash, receivedAt: start,
    })),
  });
  await prisma.conversation.update({ where: { key }, data: { lastPosition: lastPosition + BigInt(senders.length) } });
  return drafts.map(({ messageId }) => messageId);
}
