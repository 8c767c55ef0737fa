import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { domainOf } from '../../protocol/ids.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { MessageDraft, MessageStore, RequestNonce } from '../domain/messages/message-store.ts';
import type { OutboxStore } from '../domain/outbox/outbox-store.ts';
import type { ConversationStore } from '../domain/ports.ts';
import { createPrismaConversationStore } from './conversation-store.ts';
import { openDatabase } from './database.ts';
import { createPostgresMessageStore } from './message-store.ts';
import { createPostgresNonceStore } from './nonce-store.ts';
import { createPostgresOutboxStore } from './outbox-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, applyChange, bob, carol, changeWrite, dave, found, insertMessage, local, messageDraft, newConversationId, positionOf, start } from './testing-fixtures.ts';

let db: TestDatabase;
let conversations: ConversationStore;
let messages: MessageStore;
let outbox: OutboxStore;

beforeAll(async () => {
  db = await createTestDatabase();
  conversations = createPrismaConversationStore(db.database.prisma);
  messages = createPostgresMessageStore(db.database);
  outbox = createPostgresOutboxStore(db.database);
});
afterAll(() => db.stop());

describe('storing a message', () => {
  test('[DEL-1] a message and one delivery per remote domain are stored together', async () => {
    const id = await found(conversations, alice, dave, bob, carol);
    const draft = messageDraft(id);
    const outcome = await insertMessage(messages, draft);
    expect(outcome).toEqual({
      kind: 'stored',
      message: { conversationId: id, messageId: draft.messageId, senderId: alice, payload: draft.payload, timestamp: draft.timestamp, position: 1, receivedAt: start },
      localMembers: [alice, dave],
      remoteDomains: [domainOf(bob), domainOf(carol)],
    });
    const states = await outbox.deliveryStates(alice, [draft.messageId]);
    expect(states.map(({ domain, state }) => [domain, state])).toEqual([['b.test', 'queued'], ['c.test', 'queued']]);
    expect(await messages.list(alice, id, { limit: 10 })).toEqual('message' in outcome ? [outcome.message] : []);
  });

  test('[DEL-1] a delivery that cannot be stored leaves no message and no gap', async () => {
    const id = await found(conversations, alice, bob);
    const broken = messageDraft(id);
    await db.database.pool.query('ALTER TABLE outbox_items ADD CONSTRAINT broken CHECK (destination <> $$b.test$$) NOT VALID');
    await expect(insertMessage(messages, broken)).rejects.toThrow(/broken/);
    await db.database.pool.query('ALTER TABLE outbox_items DROP CONSTRAINT broken');
    expect(await messages.list(alice, id, { limit: 10 })).toEqual([]);
    expect(await outbox.deliveryStates(alice, [broken.messageId])).toEqual([]);
    expect(positionOf(await insertMessage(messages, messageDraft(id)))).toBe(1);
  });

  test('[DEL-3] fifty inserts of one message at once store one row and one delivery', async () => {
    const id = await found(conversations, alice, bob);
    const draft = messageDraft(id);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => insertMessage(messages, draft)));
    expect(outcomes.filter(({ kind }) => kind === 'stored')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'duplicate')).toHaveLength(49);
    expect(new Set(outcomes.map(positionOf))).toEqual(new Set([1]));
    expect(await outbox.deliveryStates(alice, [draft.messageId])).toHaveLength(1);
    expect(positionOf(await insertMessage(messages, messageDraft(id)))).toBe(2);
  });

  test('[API-6] other content under one message id, here and in another conversation, is a conflict', async () => {
    const [id, other] = [await found(conversations, alice, bob), await found(conversations, alice, bob)];
    const draft = messageDraft(id);
    await insertMessage(messages, draft);
    expect(await insertMessage(messages, { ...draft, contentHash: 'other' })).toEqual({ kind: 'conflict' });
    expect(await insertMessage(messages, { ...draft, conversationId: other, contentHash: 'other' })).toEqual({ kind: 'conflict' });
    expect((await insertMessage(messages, { ...draft, originDomain: domainOf(bob), senderId: bob })).kind).toBe('stored');
  });

  test('[API-6] a repeat is known again after its sender was removed', async () => {
    const id = await found(conversations, alice, bob);
    const draft = messageDraft(id, { senderId: bob });
    await insertMessage(messages, draft);
    await applyChange(conversations, changeWrite({ conversationId: id, participantsAfter: [alice], epoch: 2, action: 'rotate_key' }));
    expect((await insertMessage(messages, draft)).kind).toBe('duplicate');
    expect(await insertMessage(messages, messageDraft(id, { senderId: bob }))).toEqual({ kind: 'not_a_member' });
  });

  test('[API-6] two conversations racing for one message id store one message and leave no gap', async () => {
    const [id, other] = [await found(conversations, alice), await found(conversations, alice)];
    for (let round = 1; round <= 10; round += 1) {
      const draft = messageDraft(id);
      const outcomes = await Promise.all([insertMessage(messages, draft), insertMessage(messages, { ...draft, conversationId: other, contentHash: 'other' })]);
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['conflict', 'stored']);
    }
    const counts = await Promise.all([id, other].map(async (each) => (await messages.list(alice, each, { limit: 100 }))?.map(({ position }) => position)));
    expect(counts.map((positions) => positions?.at(-1) ?? 0)).toEqual(counts.map((positions) => positions?.length));
  });

  test('[DEL-1] two hundred inserts at once take positions 1 to 200 without a gap, queued in the same order', async () => {
    const id = await found(conversations, alice, bob);
    const drafts = Array.from({ length: 200 }, () => messageDraft(id));
    const positions = (await Promise.all(drafts.map((draft) => insertMessage(messages, draft)))).map((outcome) => positionOf(outcome) ?? 0);
    expect([...positions].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    const stored = (await messages.list(alice, id, { after: 0, limit: 500 }))?.map(({ messageId }) => messageId);
    const queued = (await outbox.listDue(domainOf(bob), { now: start, limit: 10_000 })).filter(({ conversationId }) => conversationId === id);
    expect(queued.map(({ messageId }) => messageId)).toEqual(stored);
  });

  test('[ERR-3] a conversation nobody knows is unknown, and so is one without a local member to a peer', async () => {
    expect(await insertMessage(messages, messageDraft(newConversationId()))).toEqual({ kind: 'unknown_conversation' });
    const id = await found(conversations, alice, bob);
    await applyChange(conversations, changeWrite({ conversationId: id, participantsAfter: [bob], epoch: 2, action: 'rotate_key' }));
    expect(await insertMessage(messages, messageDraft(id, { senderId: bob }))).toEqual({ kind: 'unknown_conversation' });
    expect(await insertMessage(messages, messageDraft(id))).toEqual({ kind: 'not_a_member' });
  });

  test('[API-2] membership is that of the moment of the insert: none is delivered to a domain removed before it', async () => {
    const id = await found(conversations, alice, bob);
    const drafts = Array.from({ length: 40 }, () => messageDraft(id));
    const [outcomes] = await Promise.all([
      Promise.all(drafts.map((draft) => insertMessage(messages, draft))),
      applyChange(conversations, changeWrite({ conversationId: id, participantsAfter: [alice], epoch: 2, action: 'rotate_key' })),
    ]);
    const removedAfter = (await conversations.historyFor(alice, id))?.changes.at(-1)?.afterPosition ?? -1;
    for (const outcome of outcomes) {
      expect(outcome.kind).toBe('stored');
      if (outcome.kind === 'stored') expect(outcome.remoteDomains).toEqual(outcome.message.position <= removedAfter ? ['b.test'] : []);
    }
    const queued = await outbox.deliveryStates(alice, drafts.map(({ messageId }) => messageId));
    expect(queued).toHaveLength(removedAfter);
  });

  test('[ID-3] of two conversations of one id the one with the sender in it is meant', async () => {
    const conversationId = newConversationId();
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [dave, carol], ownerDomain: domainOf(carol), initiatorId: carol }));
    await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob], ownerDomain: domainOf(bob), initiatorId: bob }));
    const outcome = await insertMessage(messages, messageDraft(conversationId, { senderId: bob }));
    expect(outcome).toMatchObject({ kind: 'stored', localMembers: [alice] });
    expect(await messages.list(dave, conversationId, { limit: 5 })).toEqual([]);
  });
});

describe('storing what comes together', () => {
  const nonceOf = (nonce: string): RequestNonce => ({ keyId: domainOf(bob), nonce, expiresAt: after(660_000) });
  const insert = (drafts: readonly MessageDraft[], nonce: RequestNonce | null = null) => messages.insert(drafts, { localDomain: local, now: start, nonce });
  const kindsOf = (outcomes: Awaited<ReturnType<MessageStore['insert']>>) => (outcomes === 'replayed' ? outcomes : outcomes.map(({ kind }) => kind));
  const positionsIn = async (id: ConversationId) => (await messages.list(alice, id, { after: 0, limit: 500 }))?.map(({ position }) => position);

  test('[API-7] a batch has one outcome for each of its items, and what is refused holds nothing back', async () => {
    const [id, other] = [await found(conversations, alice, bob), await found(conversations, alice, bob)];
    const first = messageDraft(id, { senderId: bob });
    await insertMessage(messages, first);
    const outcomes = await insert([
      first, messageDraft(id, { senderId: bob }), messageDraft(newConversationId(), { senderId: bob }), messageDraft(other, { senderId: carol }),
      messageDraft(other, { senderId: bob }), { ...first, contentHash: 'other' }, messageDraft(id, { senderId: bob }),
    ]);
    expect(kindsOf(outcomes)).toEqual(['duplicate', 'stored', 'unknown_conversation', 'not_a_member', 'stored', 'conflict', 'stored']);
    expect(outcomes === 'replayed' ? [] : outcomes.map(positionOf)).toEqual([1, 2, null, null, 1, null, 3]);
    expect(await insert([])).toEqual([]);
  });

  test('[API-6] one message twice in a batch is stored once and known the second time, whatever stands between', async () => {
    const id = await found(conversations, alice, bob);
    const twice = messageDraft(id, { senderId: bob });
    const outcomes = await insert([twice, messageDraft(id, { senderId: bob }), twice, { ...twice, contentHash: 'other' }]);
    expect(kindsOf(outcomes)).toEqual(['stored', 'stored', 'duplicate', 'conflict']);
    expect(await positionsIn(id)).toEqual([1, 2]);
  });

  test('[SIG-5] a nonce is spent with what came with it, and of what comes with it again nothing is stored', async () => {
    const id = await found(conversations, alice, bob);
    const nonces = createPostgresNonceStore(db.database);
    expect(kindsOf(await insert([messageDraft(id, { senderId: bob })], nonceOf('n1')))).toEqual(['stored']);
    expect(await insert([messageDraft(id, { senderId: bob })], nonceOf('n1'))).toBe('replayed');
    expect(await nonces.accept(nonceOf('n1'))).toBe(false);
    expect(await nonces.accept(nonceOf('n2'))).toBe(true);
    expect(await insert([messageDraft(id, { senderId: bob })], nonceOf('n2'))).toBe('replayed');
    expect(kindsOf(await insert([messageDraft(id, { senderId: bob })], { ...nonceOf('n1'), keyId: domainOf(carol) }))).toEqual(['stored']);
    expect(await positionsIn(id)).toEqual([1, 2]);
  });

  test('[SIG-5] a request of which everything is refused has spent its nonce, and so has an empty one', async () => {
    expect(kindsOf(await insert([messageDraft(newConversationId(), { senderId: bob })], nonceOf('n3')))).toEqual(['unknown_conversation']);
    expect(await insert([], nonceOf('n4'))).toEqual([]);
    expect(await insert([], nonceOf('n3'))).toBe('replayed');
    expect(await insert([], nonceOf('n4'))).toBe('replayed');
  });

  test('[SIG-5] of twenty requests with one nonce at once one is stored', async () => {
    const id = await found(conversations, alice, bob);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => insert([messageDraft(id, { senderId: bob })], nonceOf('n5'))));
    expect(outcomes.filter((outcome) => outcome === 'replayed')).toHaveLength(19);
    expect(await positionsIn(id)).toEqual([1]);
  });

  test('[SIG-5] a nonce is spent once also where the membership is overtaken between reading and storing', async () => {
    const id = await found(conversations, alice, bob);
    await insertMessage(messages, messageDraft(id, { senderId: bob }));
    await applyChange(conversations, changeWrite({ conversationId: id, participantsAfter: [alice, bob, carol], epoch: 2, action: 'add_participant' }));
    expect(kindsOf(await insert([messageDraft(id, { senderId: bob })], nonceOf('n6')))).toEqual(['stored']);
    expect(await insert([messageDraft(id, { senderId: bob })], nonceOf('n6'))).toBe('replayed');
    const outcome = await insertMessage(messages, messageDraft(id));
    expect(outcome).toMatchObject({ kind: 'stored', remoteDomains: ['b.test', 'c.test'] });
    expect(await positionsIn(id)).toEqual([1, 2, 3]);
  });

  test('[DEL-4] what the database refuses takes nobody else with it', async () => {
    const id = await found(conversations, alice, bob);
    const broken = messageDraft(id, { contentHash: 'a\u0000b' });
    const outcomes = await Promise.allSettled([insertMessage(messages, messageDraft(id)), insertMessage(messages, broken), insertMessage(messages, messageDraft(id))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await positionsIn(id)).toEqual([1, 2]);
  });

  test('[DEL-3] two processes that take the same batches at once store each message once and without a gap', async () => {
    const ids = await Promise.all(Array.from({ length: 3 }, () => found(conversations, alice, bob)));
    const second = openDatabase({ url: db.url, logger: pino({ level: 'silent' }), maxConnections: 4 });
    const stores = [messages, createPostgresMessageStore(second)];
    const batches = Array.from({ length: 12 }, () => Array.from({ length: 15 }, (_, index) => messageDraft(ids[index % 3] ?? newConversationId(), { senderId: bob })));
    // In other orders, so that each waits for what the other has written.
    const outcomes = await Promise.all(
      stores.flatMap((store, index) => (index === 0 ? batches : batches.toReversed()).map((batch) => store.insert(index === 0 ? batch : batch.toReversed(), { localDomain: local, now: start, nonce: null }))),
    );
    const kinds = outcomes.flatMap(kindsOf);
    expect(kinds.filter((kind) => kind === 'stored')).toHaveLength(180);
    expect(kinds.filter((kind) => kind === 'duplicate')).toHaveLength(180);
    for (const id of ids) expect(await positionsIn(id)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    await second.close();
  });
});

describe('reading messages', () => {
  test('pages go forward after a position, back before one, and start at the end', async () => {
    const id = await found(conversations, alice);
    for (let count = 0; count < 5; count += 1) await insertMessage(messages, messageDraft(id));
    const positions = async (range: Parameters<MessageStore['list']>[2]) => (await messages.list(alice, id, range))?.map(({ position }) => position);
    expect(await positions({ limit: 2 })).toEqual([4, 5]);
    expect(await positions({ before: 4, limit: 2 })).toEqual([2, 3]);
    expect(await positions({ after: 1, limit: 2 })).toEqual([2, 3]);
    expect(await positions({ after: 1, before: 3, limit: 9 })).toEqual([2]);
    expect(await messages.list(dave, id, { limit: 2 })).toBeNull();
  });

  test('[E2E-6] a member sees what was stored between joining and removal, and after a return only from then on', async () => {
    const id = await found(conversations, alice);
    const say = () => insertMessage(messages, messageDraft(id));
    const seen = async () => (await messages.list(dave, id, { limit: 9 }))?.map(({ position }) => position);
    const change = (epoch: number, ...participantsAfter: (typeof alice)[]) =>
      applyChange(conversations, changeWrite({ conversationId: id, participantsAfter, epoch, action: epoch % 2 === 0 ? 'add_participant' : 'rotate_key' }));
    await say();
    await change(2, alice, dave);
    await say();
    expect(await seen()).toEqual([2]);
    await change(3, alice);
    await say();
    expect(await seen()).toEqual([2]);
    await change(4, alice, dave);
    await say();
    expect(await seen()).toEqual([4]);
  });

  test('[API-10] the associated data comes back as it was given, odd names included', async () => {
    const id = await found(conversations, alice);
    const associatedData = JSON.parse('{"__proto__":{"a":1},"z":[1.5,null],"é":"\\ud83d\\ude00"}');
    await insertMessage(messages, messageDraft(id, { payload: { ...messageDraft(id).payload, associatedData } }));
    const [message] = (await messages.list(alice, id, { limit: 1 })) ?? [];
    expect(JSON.stringify(message?.payload.associatedData)).toBe(JSON.stringify(associatedData));
  });
});
