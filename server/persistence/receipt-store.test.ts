import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { domainOf } from '../../protocol/ids.ts';
import type { ConversationId, MessageId, UserId } from '../../protocol/ids.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { MessageStore } from '../domain/messages/message-store.ts';
import type { ConversationStore } from '../domain/ports.ts';
import type { LastingEvent, ReceiptStore } from '../domain/receipts/receipt-store.ts';
import { createPrismaConversationStore } from './conversation-store.ts';
import { createPostgresMessageStore } from './message-store.ts';
import { createPrismaReceiptStore } from './receipt-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, applyChange, bob, carol, changeWrite, dave, found, insertMessage, local, messageDraft, newConversationId, start } from './testing-fixtures.ts';

let db: TestDatabase;
let conversations: ConversationStore;
let messages: MessageStore;
let receipts: ReceiptStore;
let id: ConversationId;

beforeAll(async () => {
  db = await createTestDatabase();
  conversations = createPrismaConversationStore(db.database.prisma);
  messages = createPostgresMessageStore(db.database);
  receipts = createPrismaReceiptStore(db.database.prisma);
});
afterAll(() => db.stop());
beforeEach(async () => {
  id = await found(conversations, alice, dave, bob, carol);
});

const at = (minute: number) => parseTimestamp(`2026-03-01T10:${String(minute).padStart(2, '0')}:00.000Z`);
const delivered = (messageIds: readonly MessageId[], userId: UserId = bob, conversationId = id): LastingEvent => ({
  type: 'delivered', conversationId, userId, timestamp: at(1), messageIds: [...messageIds],
});
const read = (upTo: MessageId, userId: UserId = bob, conversationId = id): LastingEvent => ({ type: 'read', conversationId, userId, timestamp: at(2), upTo });
const accepted = (userId: UserId = bob, conversationId = id): LastingEvent => ({ type: 'accepted', conversationId, userId, timestamp: at(3) });
const record = (...events: readonly LastingEvent[]) => receipts.record(events, { localDomain: local, now: start });

async function send(senderId: UserId = alice, conversationId = id): Promise<MessageId> {
  const draft = messageDraft(conversationId, { senderId });
  const outcome = await insertMessage(messages, draft);
  if (outcome.kind !== 'stored') throw new Error(outcome.kind);
  return draft.messageId;
}

/** What is kept of a message: one line for each user, in order of name. */
async function kept(messageId: MessageId): Promise<readonly string[]> {
  const rows = await db.database.prisma.messageReceipt.findMany({ where: { message: { messageId } }, orderBy: { userId: 'asc' } });
  return rows.map(({ userId, deliveredAt, readAt }) => `${userId} ${deliveredAt.slice(14, 16)} ${readAt?.slice(14, 16) ?? '-'}`);
}

describe('a delivered event', () => {
  test('[API-8] is kept for each message and user with the time that it states', async () => {
    const [first, second] = [await send(), await send(dave)];
    expect(await record(delivered([second, first]), delivered([first], carol))).toEqual({
      receipts: expect.arrayContaining([
        { conversationId: id, userId: bob, authorId: alice, messageIds: [first], state: 'on_device' },
        { conversationId: id, userId: bob, authorId: dave, messageIds: [second], state: 'on_device' },
        { conversationId: id, userId: carol, authorId: alice, messageIds: [first], state: 'on_device' },
      ]),
      accepted: [],
    });
    expect(await kept(first)).toEqual(['bob@b.test 01 -', 'carol@c.test 01 -']);
    expect(await kept(second)).toEqual(['bob@b.test 01 -']);
  });

  test('[API-8] that comes again changes nothing and is not told again, neither is one that comes after the read', async () => {
    const message = await send();
    expect((await record(read(message))).receipts).toHaveLength(1);
    expect((await record(delivered([message]), read(message))).receipts).toEqual([]);
    expect(await kept(message)).toEqual(['bob@b.test 02 02']);
  });

  test('[API-8] that names unknown messages counts for the others', async () => {
    const message = await send();
    const outcome = await record(delivered([messageDraft(id).messageId, message]));
    expect(outcome.receipts.flatMap(({ messageIds }) => messageIds)).toEqual([message]);
  });

  test('[API-8] counts for messages of local senders alone, and of its conversation alone', async () => {
    const other = await found(conversations, alice, bob);
    const [remote, elsewhere] = [await send(carol), await send(alice, other)];
    expect((await record(delivered([remote, elsewhere]))).receipts).toEqual([]);
    expect((await record(delivered([elsewhere], bob, other))).receipts).toMatchObject([{ conversationId: other, messageIds: [elsewhere] }]);
  });
});

describe('a read event', () => {
  test('[API-8] counts for every message of local senders up to the one named, as they stand here', async () => {
    const [first, second, , fourth, fifth] = [await send(), await send(dave), await send(carol), await send(), await send()];
    expect((await record(delivered([first]), read(fourth))).receipts).toEqual(expect.arrayContaining([
      { conversationId: id, userId: bob, authorId: alice, messageIds: [first, fourth], state: 'read' },
      { conversationId: id, userId: bob, authorId: dave, messageIds: [second], state: 'read' },
    ]));
    expect(await kept(first)).toEqual(['bob@b.test 01 02']);
    expect(await kept(fourth)).toEqual(['bob@b.test 02 02']);
    expect(await kept(fifth)).toEqual([]);
  });

  test('[API-8] may name a message of anybody, its own user included', async () => {
    const message = await send();
    const own = await send(bob);
    expect((await record(read(own))).receipts).toMatchObject([{ messageIds: [message], state: 'read' }]);
  });

  test('[API-8] that is overtaken by a later one takes nothing back', async () => {
    const [first, second] = [await send(), await send()];
    await record(read(second));
    expect((await record(read(first))).receipts).toEqual([]);
    const third = await send();
    expect((await record(read(first), read(third), read(second))).receipts).toMatchObject([{ messageIds: [third], state: 'read' }]);
  });

  test('[API-8] up to an unknown message, or one of another conversation, is passed over', async () => {
    const other = await found(conversations, alice, bob);
    await send();
    const elsewhere = await send(alice, other);
    expect(await record(read(messageDraft(id).messageId), read(elsewhere))).toEqual({ receipts: [], accepted: [] });
  });

  test('a message delivered before is told as read and keeps the time of its delivery', async () => {
    const message = await send();
    await record(delivered([message]));
    expect((await record(read(message))).receipts).toEqual([{ conversationId: id, userId: bob, authorId: alice, messageIds: [message], state: 'read' }]);
    expect(await kept(message)).toEqual(['bob@b.test 01 02']);
  });
});

describe('whose events count', () => {
  test('[API-8] those of who is not in the conversation do not, nor those about one that is unknown', async () => {
    const own = await found(conversations, alice, dave);
    const message = await send(alice, own);
    const unknown = newConversationId();
    const events = [own, unknown].flatMap((each) => [delivered([message], bob, each), read(message, bob, each), accepted(bob, each)]);
    expect(await record(...events)).toEqual({ receipts: [], accepted: [] });
    expect(await receipts.findCompany([own, unknown].map((conversationId) => ({ type: 'typing', conversationId, userId: bob, timestamp: at(1) })), local)).toEqual([]);
    expect(await kept(message)).toEqual([]);
  });

  test('[API-8] membership is that of the moment of the insert', async () => {
    const message = await send();
    await applyChange(conversations, changeWrite({ conversationId: id, participantsAfter: [alice, carol], epoch: 2, action: 'rotate_key' }));
    expect(await record(delivered([message]), read(message), accepted(), delivered([message], carol))).toMatchObject({ receipts: [{ userId: carol }], accepted: [] });
  });

  test('[E2E-6] messages from before somebody joined were never theirs to receive', async () => {
    const conversationId = await found(conversations, alice);
    const early = await send(alice, conversationId);
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob], epoch: 2, action: 'add_participant' }));
    const late = await send(alice, conversationId);
    expect(await record(delivered([early], bob, conversationId), read(early, bob, conversationId))).toEqual({ receipts: [], accepted: [] });
    expect((await record(read(late, bob, conversationId))).receipts).toMatchObject([{ messageIds: [late] }]);
    expect(await kept(early)).toEqual([]);
  });

  test('[ID-3] of two conversations of one id the one that holds the message is meant', async () => {
    const conversationId = newConversationId();
    for (const owner of [carol, bob]) {
      await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [owner, bob, dave], ownerDomain: domainOf(owner), initiatorId: owner }));
    }
    const message = await send(dave, conversationId);
    expect((await record(delivered([message], bob, conversationId))).receipts).toMatchObject([{ authorId: dave, messageIds: [message] }]);
  });
});

describe('an accepted event', () => {
  test('[API-8] is kept with the time of its first coming, and told to the local members once', async () => {
    expect(await record(accepted(), accepted())).toEqual({ receipts: [], accepted: [{ conversationId: id, userId: bob, localMembers: [alice, dave] }] });
    expect((await receipts.record([accepted()], { localDomain: local, now: after(5) })).accepted).toEqual([]);
    const row = await db.database.prisma.participant.findFirst({ where: { conversation: { id }, userId: bob } });
    expect(row?.acceptedAt).toEqual(start);
  });

  test('[API-8] stands beside a read of the same user in one request', async () => {
    const message = await send();
    expect(await record(accepted(), read(message))).toMatchObject({ receipts: [{ messageIds: [message] }], accepted: [{ userId: bob }] });
    expect(await record(accepted(), read(message))).toEqual({ receipts: [], accepted: [] });
  });

  test("a remote user's word changes nothing of a local one", async () => {
    await record(accepted(), read(await send()));
    expect(await conversations.findFor(dave, id)).toMatchObject({ accepted: false, lastReadPosition: 0, unreadCount: 1 });
  });
});

test('[API-8] who types is known to the local members beside them', async () => {
  const other = await found(conversations, dave, bob);
  const typing = [id, other, id].map((conversationId) => ({ type: 'typing' as const, conversationId, userId: bob, timestamp: at(1) }));
  const company = await receipts.findCompany(typing, local);
  expect(company).toHaveLength(2);
  expect(company).toEqual(expect.arrayContaining([
    { conversationId: id, userId: bob, localMembers: [alice, dave] },
    { conversationId: other, userId: bob, localMembers: [dave] },
  ]));
});

test('[API-8] requests of a hundred events at once, in orders of their own, keep and tell each receipt once', async () => {
  const sent: MessageId[] = [];
  for (let count = 0; count < 99; count += 1) sent.push(await send());
  const events = sent.map((messageId, index) => (index === 60 ? read(messageId) : delivered([messageId])));
  const orders = [events, events.toReversed(), [...events.slice(50), ...events.slice(0, 50)]];
  const outcomes = await Promise.all([...orders, ...orders].map((order) => record(...order, accepted())));
  const told = outcomes.flatMap((outcome) => outcome.receipts.flatMap(({ state, messageIds }) => messageIds.map((messageId) => `${state} ${messageId}`)));
  expect(told.toSorted()).toEqual(sent.map((messageId, index) => `${index <= 60 ? 'read' : 'on_device'} ${messageId}`).toSorted());
  expect(outcomes.flatMap((outcome) => outcome.accepted)).toHaveLength(1);
  expect(await db.database.prisma.messageReceipt.count({ where: { message: { conversation: { id } } } })).toBe(99);
});
