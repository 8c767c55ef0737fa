import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { MessageDraft, MessageStore } from '../domain/messages/message-store.ts';
import type { ClaimScope, OutboxItem, OutboxStore } from '../domain/outbox/outbox-store.ts';
import type { ConversationStore, PeerStore } from '../domain/ports.ts';
import { createPrismaConversationStore } from './conversation-store.ts';
import { createPostgresMessageStore } from './message-store.ts';
import { createPostgresOutboxStore } from './outbox-store.ts';
import { createPostgresPeerStore } from './peer-store.ts';
import { retryQueue } from './queue-retry.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, applyChange, bob, carol, changeWrite, dave, found, insertMessage, messageDraft, newConversationId, start } from './testing-fixtures.ts';

const b = parseDomain('b.test');
const c = parseDomain('c.test');
const MINUTE = 60_000;

let db: TestDatabase;
let conversations: ConversationStore;
let messages: MessageStore;
let outbox: OutboxStore;
let peers: PeerStore;

beforeAll(async () => {
  db = await createTestDatabase();
  const { prisma } = db.database;
  conversations = createPrismaConversationStore(prisma);
  messages = createPostgresMessageStore(db.database);
  outbox = createPostgresOutboxStore(db.database);
  peers = createPostgresPeerStore(db.database);
});
afterAll(() => db.stop());
beforeEach(async () => {
  await db.database.pool.query('TRUNCATE outbox_items, peers, receipt_dues');
});

async function send(conversationId: ConversationId): Promise<MessageDraft> {
  const draft = messageDraft(conversationId);
  await insertMessage(messages, draft);
  return draft;
}

const claim = (workerId: string, now = start, { limit = 10, scope = 'everywhere' }: { readonly limit?: number; readonly scope?: ClaimScope } = {}) =>
  outbox.claimDestinations({ workerId, now, claimMs: MINUTE, scope, limit });
const due = (now = start, limit = 10) => outbox.listDue(b, { now, limit });
const retry = (item: OutboxItem | undefined, nextAttemptAt: Date) => outbox.markRetry(the(item), { firstRefusedAt: start, nextAttemptAt, errorCode: 'unavailable' });

function the(item: OutboxItem | undefined): OutboxItem {
  if (item === undefined) throw new Error('nothing is due');
  return item;
}

test('[DEL-5] twenty workers at once never hold one destination twice', async () => {
  await queueFor(...Array.from({ length: 13 }, (_, index) => `p${index}.test`));
  const now = after(MINUTE);
  const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(`w${index}`, now, { limit: 3 })));
  const all = claims.flat();
  expect(new Set(all).size).toBe(all.length);
  const rest = (await Promise.all([claim('w1', now, { limit: 20 }), claim('w2', now, { limit: 20 })])).flat();
  expect([...all, ...rest].sort()).toEqual([...new Set([...all, ...rest])].sort());
  expect([...all, ...rest]).toHaveLength(13);
});

test('[DEL-5] a claim is free again when it ends or is given back, and only its holder extends it', async () => {
  await send(await found(conversations, alice, bob));
  expect(await claim('w1')).toEqual([b]);
  expect(await claim('w2')).toEqual([]);
  expect(await outbox.extendClaims({ domains: [b], workerId: 'w2', now: start, claimMs: MINUTE })).toEqual([]);
  expect(await outbox.extendClaims({ domains: [c, b], workerId: 'w1', now: after(MINUTE / 2), claimMs: MINUTE })).toEqual([b]);
  expect(await outbox.extendClaims({ domains: [], workerId: 'w1', now: start, claimMs: MINUTE })).toEqual([]);
  expect(await claim('w2', after(MINUTE + 1))).toEqual([]);
  expect(await claim('w2', after(2 * MINUTE))).toEqual([b]);
  await outbox.releaseDestination(b, { workerId: 'w1', now: after(2 * MINUTE) });
  expect(await claim('w1', after(2 * MINUTE))).toEqual([]);
  await outbox.releaseDestination(b, { workerId: 'w2', now: after(2 * MINUTE) });
  expect(await claim('w1', after(2 * MINUTE))).toEqual([b]);
});

test('[DEL-1] a change whose conversation is gone is settled like any other, and does not come again', async () => {
  await db.database.pool.query(
    `INSERT INTO outbox_items (destination, conversation_key, sender_id, method, target, body, created_at)
     SELECT 'b.test', 9007199254740991, $2, 'POST', '/', '{}', $1 FROM generate_series(1, 3)`,
    [start, alice],
  );
  const [first, second, third] = await due();
  expect(first).toMatchObject({ conversationId: null, messageId: null, senderId: alice, body: '{}' });
  expect(await outbox.markDelivered(b, [the(first).id])).toEqual([the(first).id]);
  expect(await outbox.markFailed(the(second), { now: start, errorCode: 'expired' })).toBe(true);
  expect(await retry(third, after(MINUTE))).toBe(true);
  expect(await due()).toEqual([]);
  expect((await due(after(MINUTE))).map(({ id, attempts }) => [id, attempts])).toEqual([[the(third).id, 1]]);
});

test('[DEL-1] a delivery whose message is gone is dropped and hides nothing behind it', async () => {
  await db.database.pool.query(
    `INSERT INTO outbox_items (destination, conversation_key, position, created_at) SELECT 'b.test', 9007199254740991, n, $1 FROM generate_series(1, 3) n`,
    [start],
  );
  const { messageId } = await send(await found(conversations, alice, bob));
  expect((await due(start, 2)).map((item) => item.messageId)).toEqual([messageId]);
  expect(await db.database.prisma.outboxItem.count()).toBe(1);
});

test('[DEL-4] a destination in back-off is not claimed until its time or until the peer is heard from', async () => {
  await send(await found(conversations, alice, bob));
  await peers.recordFailure(b, { now: start, reason: 'timeout', nextAttemptAt: after(MINUTE) });
  expect(await claim('w1')).toEqual([]);
  expect(await outbox.nextDueAt()).toEqual(after(MINUTE));
  expect(await claim('w1', after(MINUTE - 1), { scope: 'due' })).toEqual([]);
  expect(await claim('w1', after(MINUTE), { scope: 'due' })).toEqual([b]);
  await outbox.releaseDestination(b, { workerId: 'w1', now: after(1) });
  await peers.recordInbound(b, after(1));
  expect(await outbox.nextDueAt()).toBeNull();
  expect(await claim('w1', after(1), { scope: [b] })).toEqual([b]);
});

/** Queues one item for each domain, one millisecond after the other. */
async function queueFor(...domains: readonly string[]): Promise<void> {
  const id = await found(conversations, alice, bob);
  const { key } = await db.database.prisma.conversation.findFirstOrThrow({ where: { id } });
  for (const [index, domain] of domains.entries()) {
    await db.database.pool.query(
      `INSERT INTO outbox_items (destination, conversation_key, sender_id, method, target, body, created_at) VALUES ($1, $2, 'x', 'POST', '/', '{}', $3)`,
      [domain, key, after(index)],
    );
  }
}

test('[DEL-4] who has waited longest is claimed first, and who had a turn goes behind the others', async () => {
  await queueFor('z.test', 'y.test', 'x.test');
  const claimOne = (ms: number) => claim('w1', after(ms), { limit: 1 });
  expect(await claimOne(10)).toEqual(['z.test']);
  await outbox.releaseDestination(parseDomain('z.test'), { workerId: 'w1', now: after(20) });
  expect(await claimOne(20)).toEqual(['y.test']);
  await outbox.releaseDestination(parseDomain('y.test'), { workerId: 'w1', now: after(30) });
  expect([await claimOne(30), await claimOne(30), await claimOne(30)]).toEqual([['x.test'], ['z.test'], ['y.test']]);
});

test('[DEL-4] groups of domains are claimed up to limits of their own, all others up to theirs', async () => {
  await queueFor('q1.test', 'q2.test', 's1.test', 's2.test', 's3.test', 'n1.test', 'n2.test', 'n3.test', 'w1.test');
  const domainsOf = (...names: readonly string[]) => names.map((name) => parseDomain(`${name}.test`));
  const groups = [
    { domains: domainsOf('q2', 'q1', 'elsewhere'), limit: 5 },
    { domains: domainsOf('s3', 's2', 's1'), limit: 1 },
    { domains: domainsOf('w1'), limit: 0 },
  ];
  const wish = { workerId: 'w1', now: after(MINUTE), claimMs: MINUTE, scope: 'everywhere' as const };
  expect((await outbox.claimDestinations({ ...wish, limit: 2, groups })).toSorted()).toEqual(domainsOf('n1', 'n2', 'q1', 'q2', 's1'));
  expect(await outbox.claimDestinations({ ...wish, limit: 0, groups })).toEqual(domainsOf('s2'));
  expect(await outbox.claimDestinations({ ...wish, limit: 0, groups: [] })).toEqual([]);
});

test('[DEL-1] a refused item holds back the later items of its conversation and nothing else', async () => {
  const [id, other] = [await found(conversations, alice, bob), await found(conversations, alice, bob)];
  const [first, , third] = [await send(id), await send(id), await send(other)];
  const [head] = await due();
  expect(head).toMatchObject({ destination: b, messageId: first.messageId, senderId: alice, method: 'POST', attempts: 0, createdAt: start, firstRefusedAt: null });
  await retry(head, after(MINUTE));
  expect((await due()).map(({ messageId }) => messageId)).toEqual([third.messageId]);
  const later = await due(after(MINUTE));
  expect(later.map(({ messageId }) => messageId)[0]).toBe(first.messageId);
  expect(later[0]).toMatchObject({ attempts: 1, firstRefusedAt: start });
  expect(later).toHaveLength(3);
});

test('[DEL-1] where only held-back items are due nothing is claimed and the head says when', async () => {
  const id = await found(conversations, alice, bob);
  await send(id);
  await send(id);
  const [head] = await due();
  await retry(head, after(MINUTE));
  for (const scope of ['everywhere', 'due', [b]] as const) expect(await claim('w1', start, { scope })).toEqual([]);
  expect(await outbox.nextDueAt()).toEqual(after(MINUTE));
  expect(await claim('w1', after(MINUTE), { scope: 'due' })).toEqual([b]);
});

test('[DEL-6] a delivery goes from queued over retried to delivered, and settles once', async () => {
  const id = await found(conversations, alice, bob, carol);
  const { messageId } = await send(id);
  const item = the((await due())[0]);
  const state = { conversationId: id, messageId, senderId: alice };
  const inC = { ...state, domain: c, state: 'queued', attempts: 0, errorCode: null, nextAttemptAt: start };
  expect(await outbox.deliveryStates(alice, [messageId, messageId])).toEqual([{ ...inC, domain: b }, inC]);
  expect(await retry(item, after(5))).toBe(true);
  expect(await outbox.deliveryStates(alice, [messageId])).toEqual([{ ...state, domain: b, state: 'queued', attempts: 1, errorCode: 'unavailable', nextAttemptAt: after(5) }, inC]);
  expect(await outbox.markDelivered(b, [item.id])).toEqual([item.id]);
  expect(await outbox.markDelivered(b, [item.id])).toEqual([]);
  expect(await outbox.markFailed(item, { now: after(7), errorCode: 'late' })).toBe(false);
  expect(await retry(item, after(9))).toBe(false);
  expect(await outbox.deliveryStates(alice, [messageId])).toEqual([{ ...state, domain: b, state: 'delivered', attempts: 0, errorCode: null, nextAttemptAt: null }, inC]);
  expect(await outbox.deliveryStates(dave, [messageId])).toEqual([]);
  expect(await outbox.deliveryStates(alice, [])).toEqual([]);
});

test('[API-2] the body of a message is made from what is stored, for each domain its own', async () => {
  const id = await found(conversations, alice, bob, carol);
  const { messageId, payloadText, timestamp } = await send(id);
  const bodyFor = (recipientServerDomain: string) =>
    `{"messageId":"${messageId}","conversationId":"${id}","senderId":"${alice}","recipientServerDomain":"${recipientServerDomain}","payload":${payloadText},"timestamp":"${timestamp}"}`;
  expect((await due())[0]).toMatchObject({ method: 'POST', target: '/federation/v1/messages', fullOnly: false, conversationId: id, body: bodyFor(b) });
  expect((await outbox.listDue(c, { now: start, limit: 1 }))[0]?.body).toBe(bodyFor(c));
});

test('[DEL-6] what one answer took is settled at once: what is queued of it and of this domain', async () => {
  const [id, other] = [await found(conversations, alice, bob), await found(conversations, alice, bob)];
  for (const conversationId of [id, other, id, id]) await send(conversationId);
  const items = await due();
  const ids = items.map((item) => item.id);
  await outbox.markFailed(the(items[2]), { now: start, errorCode: 'not_a_member' });
  const taken = [ids[2], ids[1], ids[0], 9_007_199_254_740_991n].filter((each) => each !== undefined);
  expect(await outbox.markDelivered(c, taken)).toEqual([]);
  expect([...(await outbox.markDelivered(b, taken))].sort()).toEqual(ids.slice(0, 2));
  const left = await db.database.prisma.outboxItem.findMany({ orderBy: { id: 'asc' } });
  expect(left.map((item) => [item.id, item.state])).toEqual([[ids[2], 'failed'], [ids[3], 'queued']]);
  expect(await outbox.markDelivered(b, [])).toEqual([]);
  expect((await due()).map((item) => item.id)).toEqual(ids.slice(3));
});

test('[DEL-1] conversations that are under way are left out, and others are not', async () => {
  const [id, other] = [await found(conversations, alice, bob), await found(conversations, alice, bob)];
  for (const conversationId of [id, other, id, other]) await send(conversationId);
  const [first, second] = await due();
  const rest = await outbox.listDue(b, { now: start, limit: 10, without: [the(first).conversationKey] });
  expect(rest.map((item) => item.conversationId)).toEqual([other, other]);
  expect(await outbox.listDue(b, { now: start, limit: 10, without: [the(first).conversationKey, the(second).conversationKey] })).toEqual([]);
});

test('[DEL-2] a failed delivery is requeued by its author alone, at its old place and with a new schedule', async () => {
  const id = await found(conversations, alice, bob);
  const [first, second] = [await send(id), await send(id)];
  expect(await outbox.markFailed(the((await due())[0]), { now: start, errorCode: 'not_a_member' })).toBe(true);
  expect((await outbox.deliveryStates(alice, [first.messageId]))[0]).toMatchObject({ state: 'failed', errorCode: 'not_a_member', nextAttemptAt: null });
  expect((await due()).map(({ messageId }) => messageId)).toEqual([second.messageId]);
  expect(await outbox.requeueFailed({ senderId: dave, messageId: first.messageId, domain: b, now: after(9) })).toBeNull();
  expect(await outbox.requeueFailed({ senderId: alice, messageId: second.messageId, domain: b, now: after(9) })).toBeNull();
  expect(await outbox.requeueFailed({ senderId: alice, messageId: first.messageId, domain: b, now: after(9) })).toMatchObject({ state: 'queued', attempts: 0, errorCode: null, nextAttemptAt: after(9) });
  const again = await due(after(9));
  expect(again.map(({ messageId }) => messageId)).toEqual([first.messageId, second.messageId]);
  expect(again[0]).toMatchObject({ createdAt: after(9), attempts: 0, firstRefusedAt: null });
});

test('[DEL-6] while a queue is held every item of it says why, and none counts an attempt', async () => {
  const id = await found(conversations, alice, bob);
  const drafts = [await send(id), await send(id), await send(id)];
  const failure = { errorCode: 'connect_failed', nextAttemptAt: after(MINUTE) };
  await peers.recordFailure(b, { now: start, reason: failure.errorCode, nextAttemptAt: failure.nextAttemptAt });
  const states = await outbox.noteQueueFailure(b, { ...failure, limit: 2 });
  expect(states.map(({ messageId }) => messageId)).toEqual(drafts.slice(0, 2).map(({ messageId }) => messageId));
  expect(states[0]).toMatchObject({ state: 'queued', attempts: 0, ...failure });
  expect((await due()).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
  const stateOfLast = async () => (await outbox.deliveryStates(alice, drafts.slice(2).map(({ messageId }) => messageId)))[0];
  expect(await stateOfLast()).toMatchObject(failure);
  await peers.recordInbound(b, after(1));
  expect(await stateOfLast()).toMatchObject({ errorCode: null, nextAttemptAt: start });
});

test('[DEL-6] the change of a conversation has no state to show', async () => {
  const conversationId = newConversationId();
  const delivery = { destination: b, senderId: alice, method: 'PUT' as const, target: '/x', body: '{"a":1}', fullOnly: false };
  await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob], deliveries: [delivery] }));
  const item = the((await due())[0]);
  expect(item).toMatchObject({ ...delivery, messageId: null, conversationId });
  expect(await outbox.noteQueueFailure(b, { errorCode: 'timeout', nextAttemptAt: after(1), limit: 5 })).toEqual([]);
  expect(await outbox.markDelivered(b, [item.id])).toEqual([item.id]);
  expect(await claim('w1')).toEqual([]);
});

test('[DEL-5] a claim of a worker that died is due when it ends', async () => {
  await send(await found(conversations, alice, bob));
  await claim('w1');
  expect(await outbox.nextDueAt()).toEqual(after(MINUTE));
  expect(await claim('w2', after(MINUTE - 1), { scope: 'due' })).toEqual([]);
  expect(await claim('w2', after(MINUTE), { scope: 'due' })).toEqual([b]);
});

test('[DEL-5] each scope finds what it is for and leaves the rest', async () => {
  const id = await found(conversations, alice, bob, carol);
  await send(id);
  expect(await outbox.nextDueAt()).toBeNull();
  expect(await claim('w1', start, { scope: 'due' })).toEqual([]);
  expect(await claim('w1', start, { scope: [] })).toEqual([]);
  expect(await claim('w1', start, { scope: [c, parseDomain('empty.test')] })).toEqual([c]);
  expect(await claim('w1', start, { scope: [c] })).toEqual([]);
  expect(await claim('w1')).toEqual([b]);
  await outbox.releaseDestination(c, { workerId: 'w1', now: after(1) });
  await retry((await outbox.listDue(c, { now: start, limit: 1 }))[0], after(9));
  expect(await outbox.nextDueAt()).toEqual(after(9));
  expect(await claim('w1', after(8), { scope: 'due' })).toEqual([]);
  expect(await claim('w1', after(9), { scope: 'due' })).toEqual([c]);
});

test('[DEL-5] a queue of which everything was given up is claimed by nobody', async () => {
  await send(await found(conversations, alice, bob));
  await outbox.markFailed(the((await due())[0]), { now: start, errorCode: 'expired' });
  expect(await claim('w1')).toEqual([]);
  expect(await claim('w1', start, { scope: [b] })).toEqual([]);
  expect(await outbox.nextDueAt()).toBeNull();
});

test('[API-8] a domain with nothing but receipts to tell is claimed, and is due when its hold ends', async () => {
  const id = await found(conversations, alice, bob);
  const { key } = await db.database.prisma.conversation.findFirstOrThrow({ where: { id } });
  await db.database.prisma.receiptDue.create({
    data: { destination: b, conversationKey: key, userId: alice, deliveredAfter: 0, deliveredUpTo: 1, deliveredAt: start, readAfter: 0, readUpTo: 0, readAt: start, dueSince: start },
  });
  expect(await claim('w1', start, { scope: [b] })).toEqual([b]);
  await outbox.releaseDestination(b, { workerId: 'w1', now: start });
  expect(await claim('w1')).toEqual([b]);
  await outbox.releaseDestination(b, { workerId: 'w1', now: start });
  await peers.recordFailure(b, { now: start, reason: 'timeout', nextAttemptAt: after(7) });
  expect(await outbox.nextDueAt()).toEqual(after(7));
  expect(await claim('w1', after(7), { scope: 'due' })).toEqual([b]);
});

test('[DEL-2] the operator frees what waits for a domain at once, and with a wish what was given up', async () => {
  const id = await found(conversations, alice, bob);
  await send(id);
  await send(await found(conversations, alice, bob));
  await send(await found(conversations, alice, bob));
  const [first, second] = await due();
  await retry(first, after(MINUTE));
  await outbox.markFailed(the(second), { now: start, errorCode: 'expired' });
  await peers.recordFailure(b, { now: start, reason: 'timeout', nextAttemptAt: after(MINUTE) });
  expect(await retryQueue(db.database, b, { now: after(1), failed: false })).toEqual({ queued: 2, failed: 0 });
  expect(await claim('w1', after(1), { scope: 'due' })).toEqual([b]);
  expect(await due(after(1))).toHaveLength(2);
  expect(await retryQueue(db.database, b, { now: after(2), failed: true })).toEqual({ queued: 2, failed: 1 });
  expect((await due(after(2))).map(({ id: itemId, attempts }) => [itemId, attempts])).toEqual([[first?.id, 1], [second?.id, 0], [expect.anything(), 0]]);
});

test('what goes to Full peers alone is kept as such, and everything else is not', async () => {
  const conversationId = newConversationId();
  const draft = (fullOnly: boolean) => ({ destination: b, senderId: alice, method: 'POST' as const, target: '/x', body: '{}', fullOnly });
  await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob], deliveries: [draft(false), draft(true)] }));
  await send(conversationId);
  expect((await due()).map(({ fullOnly }) => fullOnly)).toEqual([false, true, false]);
});
