import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReferencedMessageReader } from './referenced-messages.ts';
import { parseStoredMessageId } from './stored-id.ts';
import { createTestDatabase } from './testing-database.ts';
import type { TestDatabase } from './testing-database.ts';
import { alice, messageDraft, newConversationId, start } from './testing-fixtures.ts';

let db: TestDatabase;
let read: ReturnType<typeof createReferencedMessageReader>;

beforeAll(async () => {
  db = await createTestDatabase();
  read = createReferencedMessageReader(db.database.pool);
});
afterAll(() => db.stop());

/** Stores messages of a conversation and gives what is to be read of each. */
async function store(options: { readonly ownerDomain: string; readonly conversationId: ReturnType<typeof newConversationId>; readonly messageIds: readonly string[] }) {
  const { ownerDomain, conversationId } = options;
  const { payload, timestamp } = messageDraft(conversationId);
  const messages = options.messageIds.map((id, index) => ({ messageId: parseStoredMessageId(id), senderId: alice, timestamp, position: index + 1 }));
  const rows = messages.map((message) => ({
    ...message, payload: JSON.stringify(payload), position: BigInt(message.position), originDomain: 'a.test', contentHash: message.messageId, receivedAt: start,
  }));
  await db.database.prisma.conversation.create({ data: { id: conversationId, ownerDomain, epoch: 1, createdAt: start, messages: { create: rows } } });
  return messages.map((message) => ({ ...message, conversationId, payload, receivedAt: start }));
}

describe('messages that another process told of', () => {
  test('are read together, each as it was stored', async () => {
    const one = await store({ ownerDomain: 'a.test', conversationId: newConversationId(), messageIds: ['one', 'two'] });
    const other = await store({ ownerDomain: 'a.test', conversationId: newConversationId(), messageIds: ['three'] });
    const found = await read([...one, ...other]);
    expect(found.toSorted((a, b) => (a.messageId < b.messageId ? -1 : 1))).toEqual([one[0], other[0], one[1]]);
  });

  test('[ID-3] are those of the conversation that is meant, where two owners used one id', async () => {
    const conversationId = newConversationId();
    const [mine] = await store({ ownerDomain: 'a.test', conversationId, messageIds: ['mine'] });
    await store({ ownerDomain: 'b.test', conversationId, messageIds: ['theirs'] });
    expect(await read(mine === undefined ? [] : [mine])).toEqual([mine]);
  });

  test('and are not there are left out', async () => {
    expect(await read([{ conversationId: newConversationId(), position: 1, messageId: parseStoredMessageId('none') }])).toEqual([]);
  });
});
