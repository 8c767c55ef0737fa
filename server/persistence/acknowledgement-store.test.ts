import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { accountOf, vaultOf } from '../domain/testing/people.ts';
import type { ConversationStore } from '../domain/ports.ts';
import type { AcknowledgementStore } from '../domain/receipts/acknowledgement-store.ts';
import type { OutgoingReceiptQueue } from '../domain/receipts/outgoing-receipts.ts';
import type { PrivacyStore } from '../domain/receipts/privacy.ts';
import type { ReceiptStore } from '../domain/receipts/receipt-store.ts';
import { createPrismaAccountStore } from './account-store.ts';
import { createPrismaAcknowledgementStore } from './acknowledgement-store.ts';
import { createPrismaConversationStore } from './conversation-store.ts';
import { createPrismaOutgoingReceiptQueue } from './outgoing-receipt-queue.ts';
import { createPrismaPrivacyStore } from './privacy-store.ts';
import { createPrismaReceiptStore } from './receipt-store.ts';
import { parseStoredDomain } from './stored-id.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, applyChange, bob, carol, changeWrite, dave, local, newConversationId, start } from './testing-fixtures.ts';
import { storeSent } from './testing-sent.ts';

const b = parseStoredDomain('b.test');
const c = parseStoredDomain('c.test');
const BOTH_ON = { receipts: true, typing: true };

let db: TestDatabase;
let conversations: ConversationStore;
let acknowledgements: AcknowledgementStore;
let queue: OutgoingReceiptQueue;
let receipts: ReceiptStore;
let privacy: PrivacyStore;
let id: ConversationId;

beforeAll(async () => {
  db = await createTestDatabase();
  const { prisma } = db.database;
  conversations = createPrismaConversationStore(prisma);
  acknowledgements = createPrismaAcknowledgementStore(prisma);
  queue = createPrismaOutgoingReceiptQueue(prisma);
  receipts = createPrismaReceiptStore(prisma);
  privacy = createPrismaPrivacyStore(prisma);
  for (const userId of [alice, dave]) await createPrismaAccountStore(prisma).insert(accountOf(userId), vaultOf(1));
});
afterAll(() => db.stop());
beforeEach(async () => {
  await db.database.prisma.receiptDue.deleteMany();
  for (const userId of [alice, dave]) await privacy.save(userId, BOTH_ON);
  id = await begin({ accepted: [alice, dave] }, alice, dave, bob, carol);
});

async function begin({ accepted }: { readonly accepted: readonly UserId[] }, ...participantsAfter: readonly UserId[]): Promise<ConversationId> {
  const conversationId = newConversationId();
  await applyChange(conversations, changeWrite({ conversationId, participantsAfter, acceptedBy: accepted }));
  return conversationId;
}

const sent = (...senders: readonly UserId[]) => storeSent(db.database.prisma, id, ...senders);
const acknowledge = (marks: { delivered?: number; read?: number }, userId: UserId = alice, now = start) =>
  acknowledgements.acknowledge({ userId, conversationId: id, delivered: marks.delivered ?? null, read: marks.read ?? null }, { localDomain: local, now });
const accept = (userId: UserId = dave) => acknowledgements.accept(userId, id, { localDomain: local, now: start });
const due = async (domain = b, limit = 100) => (await queue.listDue(domain, limit)).map(({ event }) => event);
const settle = async (domain = b, limit = 100) => queue.settle(domain, await queue.listDue(domain, limit));

describe('what other domains are told', () => {
  test("[API-8] each hears of its own users' messages alone", async () => {
    const [first, , third, fourth] = await sent(bob, alice, carol, bob);
    expect(await acknowledge({ delivered: 4 })).toEqual({ receipts: [], domains: [b, c] });
    const common = { type: 'delivered', conversationId: id, userId: alice, timestamp: start.toISOString() };
    expect(await due(b)).toEqual([{ ...common, messageIds: [first, fourth] }]);
    expect(await due(c)).toEqual([{ ...common, messageIds: [third] }]);
  });

  test('[API-8] what is read is named by the last message of that domain, and needs no telling that it came', async () => {
    const [, second, third] = await sent(bob, bob, carol, alice);
    await acknowledge({ delivered: 3 });
    await acknowledge({ read: 4 }, alice, after(5));
    expect(await due(b)).toEqual([{ type: 'read', conversationId: id, userId: alice, timestamp: after(5).toISOString(), upTo: second }]);
    expect(await due(c)).toMatchObject([{ type: 'read', upTo: third }]);
  });

  test('[API-8] what is on a device beyond what is read is told beside it', async () => {
    const [first, second] = await sent(bob, bob);
    await acknowledge({ delivered: 2, read: 1 });
    expect(await due()).toMatchObject([{ type: 'delivered', messageIds: [second] }, { type: 'read', upTo: first }]);
  });

  test('[API-8] a repeat, an older mark and a mark over own messages wake nobody', async () => {
    await sent(bob, alice);
    await acknowledge({ delivered: 1, read: 1 });
    for (const marks of [{ delivered: 1, read: 1 }, { read: 0 }, { delivered: 2, read: 2 }]) {
      expect(await acknowledge(marks)).toEqual({ receipts: [], domains: [] });
    }
  });

  test('[API-8] what comes before the telling joins it: one event of a type for a user and conversation', async () => {
    const ids = await sent(bob, bob, bob);
    for (const delivered of [1, 2, 3]) await acknowledge({ delivered });
    expect(await due()).toMatchObject([{ type: 'delivered', messageIds: ids }]);
    await acknowledge({ delivered: 3 }, dave);
    expect((await due()).map(({ userId }) => userId).toSorted()).toEqual([alice, dave]);
  });

  test('[API-8] more than a hundred messages go in pieces, in order', async () => {
    const ids = await sent(...Array.from({ length: 230 }, () => bob));
    await acknowledge({ delivered: 230 });
    const told = [];
    for (let turn = 0; turn < 3; turn += 1) {
      told.push(...(await due()).map((event) => (event.type === 'delivered' ? event.messageIds : [])));
      await settle();
    }
    expect(told.map(({ length }) => length)).toEqual([100, 100, 30]);
    expect(told.flat()).toEqual(ids);
    expect(await due()).toEqual([]);
  });

  test('[API-8] no more events are listed than asked for, and the rest comes with the next turn', async () => {
    id = await begin({ accepted: [] }, alice, bob);
    await sent(bob, bob);
    await accept(alice);
    await acknowledge({ delivered: 2, read: 1 });
    const told = [];
    for (let turn = 0; turn < 3; turn += 1) {
      told.push(...(await due(b, 1)).map(({ type }) => type));
      await settle(b, 1);
    }
    expect(told).toEqual(['accepted', 'delivered', 'read']);
    expect(await db.database.prisma.receiptDue.count({ where: { destination: b } })).toBe(0);
  });

  test('[DEL-5] what comes while a peer is being told stays due', async () => {
    const [, second, third] = await sent(bob, bob, bob);
    await acknowledge({ delivered: 2, read: 1 });
    const underway = await queue.listDue(b, 100);
    await acknowledge({ delivered: 3, read: 2 });
    await queue.settle(b, underway);
    expect(await due()).toMatchObject([{ type: 'delivered', messageIds: [third] }, { type: 'read', upTo: second }]);
    await settle();
    expect(await due()).toEqual([]);
  });

  test('[API-8] what is due to a domain goes on naming its own message, whatever is read of others meanwhile', async () => {
    const [first] = await sent(bob, carol, bob);
    await acknowledge({ read: 1 });
    await acknowledge({ read: 2 });
    await acknowledge({ delivered: 3 });
    expect(await due()).toMatchObject([{ type: 'delivered' }, { type: 'read', upTo: first }]);
  });

  test('[DEL-5] a telling that is settled twice takes nothing newer away', async () => {
    await sent(bob, bob);
    await acknowledge({ delivered: 1 });
    const underway = await queue.listDue(b, 100);
    await queue.settle(b, underway);
    await acknowledge({ delivered: 2 });
    await queue.settle(b, underway);
    expect(await due()).toHaveLength(1);
  });

  test('[API-8] two devices at once leave one telling of all of it', async () => {
    const ids = await sent(...Array.from({ length: 20 }, () => bob));
    await Promise.all(ids.map((_, index) => acknowledge({ delivered: index + 1 })));
    expect(await due()).toMatchObject([{ messageIds: ids }]);
  });
});

describe('whose word counts', () => {
  test('[E2E-6] messages from before somebody joined are not acknowledged', async () => {
    id = await begin({ accepted: [] }, bob, alice);
    await sent(bob);
    await applyChange(conversations, changeWrite({ conversationId: id, participantsAfter: [bob, alice, dave], epoch: 2, action: 'add_participant' }));
    const [second] = await sent(bob);
    await accept(dave);
    await acknowledge({ delivered: 2 }, dave);
    expect(await due()).toMatchObject([{ type: 'accepted' }, { userId: dave, messageIds: [second] }]);
  });

  test('a mark beyond what there is ends at what there is', async () => {
    const [first] = await sent(bob);
    await acknowledge({ delivered: 1_000, read: 1_000 });
    const [second] = await sent(bob);
    expect(await conversations.findFor(alice, id)).toMatchObject({ unreadCount: 1, lastReadPosition: 1 });
    await acknowledge({ read: 2 });
    expect(await due()).toMatchObject([{ type: 'read', upTo: second }]);
    expect(first).not.toBe(second);
  });

  test('whoever was removed may read on, and tells nobody', async () => {
    await sent(bob);
    await applyChange(conversations, changeWrite({ conversationId: id, participantsAfter: [dave, bob, carol], epoch: 2, action: 'rotate_key' }));
    expect(await acknowledge({ delivered: 1, read: 1 })).toEqual({ receipts: [], domains: [] });
    expect(await conversations.findFor(alice, id)).toMatchObject({ unreadCount: 0 });
  });

  test("a stranger's conversation is as unknown as a missing one", async () => {
    id = await begin({ accepted: [] }, bob, dave);
    expect(await acknowledge({ delivered: 1 })).toBeNull();
    expect(await accept(alice)).toBeNull();
    expect(await acknowledgements.findAudience(alice, id, local)).toBeNull();
    id = newConversationId();
    expect(await acknowledge({ delivered: 1 })).toBeNull();
  });
});

describe('authors of this server', () => {
  test('[DEL-6] hear what is on a device and what is read of their own messages, and find it again', async () => {
    const ids = await sent(alice, bob, alice);
    expect(await acknowledge({ delivered: 3 }, dave)).toMatchObject({ receipts: [{ authorId: alice, userId: dave, messageIds: [ids[0], ids[2]], state: 'on_device' }] });
    expect(await acknowledge({ read: 1 }, dave, after(5))).toMatchObject({ receipts: [{ messageIds: [ids[0]], state: 'read' }] });
    expect(await receipts.receiptsOf(alice, ids)).toEqual([
      { conversationId: id, userId: dave, messageIds: [ids[2]], state: 'on_device' },
      { conversationId: id, userId: dave, messageIds: [ids[0]], state: 'read' },
    ]);
    expect(await receipts.datedReceiptsOf(alice, ids)).toEqual([
      { messageId: ids[0], userId: dave, deliveredAt: start.toISOString(), readAt: after(5).toISOString() },
      { messageId: ids[2], userId: dave, deliveredAt: start.toISOString(), readAt: null },
    ]);
    expect(await receipts.receiptsOf(dave, ids)).toEqual([]);
  });
});

describe('[DEL-6] who gives no receipts', () => {
  test('is on neither side: others hear nothing of them, and they nothing of others', async () => {
    await privacy.save(dave, { receipts: false, typing: true });
    const [hers, , his] = await sent(alice, bob, dave);
    expect(await acknowledge({ delivered: 3, read: 3 }, dave)).toEqual({ receipts: [], domains: [] });
    expect(await conversations.findFor(dave, id)).toMatchObject({ unreadCount: 0 });
    expect(await due()).toEqual([]);
    expect((await acknowledge({ delivered: 3 }, alice))?.receipts).toEqual([]);
    const remote = { type: 'delivered' as const, conversationId: id, userId: bob, timestamp: formatTimestamp(start), messageIds: [hers, his].flatMap((one) => (one === undefined ? [] : [one])) };
    const told = await receipts.record([remote], { localDomain: local, now: start });
    expect(told.receipts).toMatchObject([{ authorId: alice }]);
    expect(await receipts.receiptsOf(dave, remote.messageIds)).toEqual([]);
    expect(await receipts.datedReceiptsOf(dave, remote.messageIds)).toEqual([]);
    expect(await receipts.receiptsOf(alice, remote.messageIds)).toMatchObject([{ userId: bob }]);
  });

  test('withdraws what was not told yet, and nothing but a later read tells of what passed meanwhile', async () => {
    id = await begin({ accepted: [dave] }, alice, dave, bob, carol);
    await sent(bob, bob, bob);
    await accept(alice);
    await acknowledge({ delivered: 1, read: 1 });
    await acknowledge({ delivered: 1 }, dave);
    await privacy.save(alice, { receipts: false, typing: true });
    expect(await due()).toMatchObject([{ type: 'accepted', userId: alice }, { type: 'delivered', userId: dave }]);
    await acknowledge({ delivered: 2, read: 2 });
    await privacy.save(alice, BOTH_ON);
    const [fourth] = await sent(bob);
    await settle();
    await acknowledge({ delivered: 4, read: 4 });
    expect(await due()).toMatchObject([{ type: 'read', upTo: fourth }]);
    expect(await privacy.find(alice)).toEqual(BOTH_ON);
  });
});

describe('a request', () => {
  beforeEach(async () => {
    id = await begin({ accepted: [alice] }, alice, dave, bob, carol);
  });

  test('[API-8] is silent: nothing is told of what is on a device, read, or being written', async () => {
    await sent(alice, bob, carol);
    expect(await acknowledge({ delivered: 3, read: 3 }, dave)).toEqual({ receipts: [], domains: [] });
    expect([await due(b), await due(c)]).toEqual([[], []]);
    expect(await acknowledgements.findAudience(dave, id, local)).toEqual({ localMembers: [], remoteDomains: [] });
    expect(await conversations.findFor(dave, id)).toMatchObject({ unreadCount: 0, lastReadPosition: 3, deliveredPosition: 3 });
  });

  test('[API-8] makes due, when it is accepted, how far its devices had got, to each domain of its own messages', async () => {
    const [first, second, , fourth] = await sent(alice, bob, carol, bob);
    await acknowledge({ delivered: 4, read: 2 }, dave);
    expect(await accept()).toEqual({
      conversationId: id, userId: dave, localMembers: [alice], domains: [b, c],
      receipts: [{ conversationId: id, userId: dave, authorId: alice, messageIds: [first], state: 'read' }],
    });
    expect(await due(b)).toMatchObject([{ type: 'accepted' }, { type: 'delivered', messageIds: [fourth] }, { type: 'read', upTo: second }]);
    expect(await due(c)).toMatchObject([{ type: 'accepted' }, { type: 'delivered' }]);
    expect(await receipts.receiptsOf(alice, [first].flatMap((one) => one ?? []))).toMatchObject([{ userId: dave, state: 'read' }]);
  });

  test('[API-8] that is accepted speaks with the next acknowledgement, of what is new alone', async () => {
    await sent(bob);
    await acknowledge({ read: 1 }, dave);
    await accept();
    await settle();
    const [second] = await sent(bob);
    expect(await acknowledge({ delivered: 2 }, dave)).toEqual({ receipts: [], domains: [b] });
    expect(await due()).toMatchObject([{ type: 'delivered', userId: dave, messageIds: [second] }]);
    expect(await acknowledgements.findAudience(dave, id, local)).toMatchObject({ localMembers: [alice] });
  });

  test('[DEL-6] of who gives no receipts tells nothing but that it was accepted', async () => {
    await privacy.save(dave, { receipts: false, typing: true });
    await sent(alice, bob);
    await acknowledge({ delivered: 2, read: 2 }, dave);
    expect(await accept()).toMatchObject({ receipts: [], domains: [b, c] });
    expect(await due()).toMatchObject([{ type: 'accepted', userId: dave }]);
  });

  test('[API-8] that is accepted is told once: to the other members here, and to every domain with a member', async () => {
    expect(await accept()).toEqual({ conversationId: id, userId: dave, localMembers: [alice], domains: [b, c], receipts: [] });
    expect(await accept()).toMatchObject({ localMembers: [], domains: [], receipts: [] });
    expect(await due(c)).toEqual([{ type: 'accepted', conversationId: id, userId: dave, timestamp: start.toISOString() }]);
    await settle(c);
    expect(await due(c)).toEqual([]);
    expect(await due(b)).toHaveLength(1);
  });
});

describe('who hears that somebody writes', () => {
  test('[API-8] the other members here that are shown it, and every other domain', async () => {
    expect(await acknowledgements.findAudience(alice, id, local)).toEqual({ localMembers: [dave], remoteDomains: [b, c] });
    await privacy.save(dave, { receipts: true, typing: false });
    expect(await acknowledgements.findAudience(alice, id, local)).toEqual({ localMembers: [], remoteDomains: [b, c] });
  });

  test('nobody where the writer tells no such thing, who is not shown it either', async () => {
    await privacy.save(alice, { receipts: true, typing: false });
    expect(await acknowledgements.findAudience(alice, id, local)).toEqual({ localMembers: [], remoteDomains: [] });
    const company = await receipts.findCompany([{ type: 'typing', conversationId: id, userId: bob, timestamp: formatTimestamp(start) }], local);
    expect(company).toEqual([{ conversationId: id, userId: bob, localMembers: [dave] }]);
  });
});
