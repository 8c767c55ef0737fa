import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { ConversationStore, MessageDraft, MessageStore, OutboxStore, PeerStore } from '../domain/ports.ts';
import { createPrismaConversationStore } from './conversation-store.ts';
import { createPrismaMessageStore } from './message-store.ts';
import { createPrismaOutboxStore } from './outbox-store.ts';
import { createPrismaPeerStore } from './peer-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, applyChange, bob, carol, changeWrite, dave, found, insertMessage, local, messageDraft, newConversationId, start } from './testing-fixtures.ts';

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
  messages = createPrismaMessageStore(prisma);
  outbox = createPrismaOutboxStore(prisma);
  peers = createPrismaPeerStore(prisma);
});
afterAll(() => db.stop());
beforeEach(async () => {
  await db.database.pool.query('TRUNCATE outbox_items, peers');
});

async function send(conversationId: ConversationId): Promise<MessageDraft> {
  const draft = messageDraft(conversationId);
  await insertMessage(messages, draft);
  return draft;
}

const claim = (workerId: string, now = start, limit = 10) => outbox.claimDestinations({ workerId, now, claimMs: MINUTE, limit });
const due = (now = start, limit = 10) => outbox.listDue(b, now, limit);

test('[DEL-5] twenty workers at once never hold one destination twice', async () => {
  await queueFor(...Array.from({ length: 13 }, (_, index) => `p${index}.test`));
  const now = after(MINUTE);
  const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(`w${index}`, now, 3)));
  const all = claims.flat();
  expect(new Set(all).size).toBe(all.length);
  const rest = (await Promise.all([claim('w1', now, 20), claim('w2', now, 20)])).flat();
  expect([...all, ...rest].sort()).toEqual([...new Set([...all, ...rest])].sort());
  expect([...all, ...rest]).toHaveLength(13);
});

test('[DEL-5] a claim is free again when it ends or is given back, and only its holder extends it', async () => {
  await send(await found(conversations, alice, bob));
  expect(await claim('w1')).toEqual([b]);
  expect(await claim('w2')).toEqual([]);
  expect(await outbox.extendClaim({ domain: b, workerId: 'w2', now: start, claimMs: MINUTE })).toBe(false);
  expect(await outbox.extendClaim({ domain: b, workerId: 'w1', now: after(MINUTE / 2), claimMs: MINUTE })).toBe(true);
  expect(await claim('w2', after(MINUTE + 1))).toEqual([]);
  expect(await claim('w2', after(2 * MINUTE))).toEqual([b]);
  await outbox.releaseDestination(b, { workerId: 'w1', now: after(2 * MINUTE) });
  expect(await claim('w1', after(2 * MINUTE))).toEqual([]);
  await outbox.releaseDestination(b, { workerId: 'w2', now: after(2 * MINUTE) });
  expect(await claim('w1', after(2 * MINUTE))).toEqual([b]);
});

test('[DEL-1] an item whose conversation is gone is settled like any other, and does not come again', async () => {
  await db.database.pool.query(
    `INSERT INTO outbox_items (destination, conversation_key, message_id, sender_id, method, target, body, next_attempt_at, created_at)
     SELECT 'b.test', 9007199254740991, $2, $3, 'POST', '/', '{}', $1, $1 FROM generate_series(1, 3)`,
    [start, messageDraft(newConversationId()).messageId, alice],
  );
  const [first, second, third] = await due();
  if (first === undefined || second === undefined || third === undefined) throw new Error('nothing is due');
  expect(await outbox.markDeliveredAll([first.id], start)).toEqual([]);
  expect(await outbox.markFailed(second.id, { now: start, errorCode: 'expired' })).toBeNull();
  expect(await outbox.markRetry(third.id, { firstRefusedAt: null, nextAttemptAt: after(MINUTE), errorCode: 'timeout' })).toBeNull();
  expect(await due()).toEqual([]);
  expect((await due(after(MINUTE))).map(({ id, attempts }) => [id, attempts])).toEqual([[third.id, 1]]);
});

test('[DEL-4] a destination in back-off is not claimed until its time or until the peer is heard from', async () => {
  await send(await found(conversations, alice, bob));
  await peers.recordFailure(b, { now: start, reason: 'timeout', nextAttemptAt: after(MINUTE) });
  expect(await claim('w1')).toEqual([]);
  expect(await outbox.nextDueAt()).toEqual(after(MINUTE));
  await peers.recordInbound(b, after(1));
  expect(await outbox.nextDueAt()).toEqual(start);
  expect(await claim('w1', after(1))).toEqual([b]);
});

/** Queues one item for each domain, one millisecond after the other. */
async function queueFor(...domains: readonly string[]): Promise<void> {
  const id = await found(conversations, alice, bob);
  const { key } = await db.database.prisma.conversation.findFirstOrThrow({ where: { id } });
  for (const [index, domain] of domains.entries()) {
    await db.database.pool.query(
      `WITH p AS (INSERT INTO peers (domain) VALUES ($1))
       INSERT INTO outbox_items (destination, conversation_key, sender_id, method, target, body, next_attempt_at, created_at) VALUES ($1, $2, 'x', 'POST', '/', '{}', $3, $3)`,
      [domain, key, after(index)],
    );
  }
}

test('[DEL-4] who has waited longest is claimed first, and who had a turn goes behind the others', async () => {
  await queueFor('z.test', 'y.test', 'x.test');
  const claimOne = (ms: number) => claim('w1', after(ms), 1);
  expect(await claimOne(10)).toEqual(['z.test']);
  await outbox.releaseDestination(parseDomain('z.test'), { workerId: 'w1', now: after(20) });
  expect(await outbox.nextDueAt()).toEqual(after(1));
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
  const wish = { workerId: 'w1', now: after(MINUTE), claimMs: MINUTE };
  expect((await outbox.claimDestinations({ ...wish, limit: 2, groups })).toSorted()).toEqual(domainsOf('n1', 'n2', 'q1', 'q2', 's1'));
  expect(await outbox.claimDestinations({ ...wish, limit: 0, groups })).toEqual(domainsOf('s2'));
  expect(await outbox.claimDestinations({ ...wish, limit: 0, groups: [] })).toEqual([]);
});

test('[DEL-1] a refused item holds back the later items of its conversation and nothing else', async () => {
  const [id, other] = [await found(conversations, alice, bob), await found(conversations, alice, bob)];
  const [first, , third] = [await send(id), await send(id), await send(other)];
  const [head] = await due();
  expect(head).toMatchObject({ destination: b, messageId: first.messageId, senderId: alice, method: 'POST', body: '{"x":1}', attempts: 0, createdAt: start, firstRefusedAt: null });
  await outbox.markRetry(head?.id ?? 0n, { firstRefusedAt: start, nextAttemptAt: after(MINUTE), errorCode: 'stale_epoch' });
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
  await outbox.markRetry(head?.id ?? 0n, { firstRefusedAt: start, nextAttemptAt: after(MINUTE), errorCode: 'unavailable' });
  expect(await claim('w1')).toEqual([]);
  expect(await outbox.nextDueAt()).toEqual(after(MINUTE));
  expect(await claim('w1', after(MINUTE))).toEqual([b]);
});

test('[DEL-6] a delivery goes from queued over retried to delivered, its body is then gone and it settles once', async () => {
  const id = await found(conversations, alice, bob, carol);
  const { messageId } = await send(id);
  const [item] = await due();
  const itemId = item?.id ?? 0n;
  const state = { conversationId: id, messageId, senderId: alice, domain: b };
  expect(await outbox.markRetry(itemId, { firstRefusedAt: start, nextAttemptAt: after(5), errorCode: 'unavailable' })).toEqual({ ...state, state: 'queued', attempts: 1, errorCode: 'unavailable', nextAttemptAt: after(5) });
  expect(await outbox.markDeliveredAll([itemId], after(6))).toEqual([{ ...state, state: 'delivered', attempts: 2, errorCode: null, nextAttemptAt: null }]);
  expect(await outbox.markDeliveredAll([itemId], after(7))).toEqual([]);
  expect(await outbox.markFailed(itemId, { now: after(7), errorCode: 'late' })).toBeNull();
  expect(await db.database.prisma.outboxItem.findUnique({ where: { id: itemId } })).toMatchObject({ body: '', settledAt: after(6) });
  expect((await outbox.deliveryStates(alice, [messageId])).map((each) => [each.domain, each.state])).toEqual([[b, 'delivered'], [c, 'queued']]);
  expect(await outbox.deliveryStates(dave, [messageId])).toEqual([]);
  expect(await outbox.deliveryStates(alice, [])).toEqual([]);
});

test('[DEL-6] what one answer took is settled at once, and the states of its messages come in their order, each once', async () => {
  const [id, other] = [await found(conversations, alice, bob), await found(conversations, alice, bob)];
  const drafts = [await send(id), await send(other), await send(id), await send(id)];
  const items = await due();
  const ids = items.map((item) => item.id);
  await db.database.pool.query('UPDATE outbox_items SET message_id = NULL WHERE id = $1', [ids[1]]);
  await outbox.markFailed(ids[2] ?? 0n, { now: start, errorCode: 'not_a_member' });
  const taken = [ids[2], ids[1], ids[0], 9_007_199_254_740_991n].filter((each) => each !== undefined);
  const states = await outbox.markDeliveredAll(taken, after(6));
  expect(states).toEqual([{ conversationId: id, messageId: drafts[0]?.messageId, senderId: alice, domain: b, state: 'delivered', attempts: 1, errorCode: null, nextAttemptAt: null }]);
  const stored = await db.database.prisma.outboxItem.findMany({ orderBy: { id: 'asc' } });
  expect(stored.map(({ state, body }) => [state, body === ''])).toEqual([['delivered', true], ['delivered', true], ['failed', false], ['queued', false]]);
  expect(await outbox.markDeliveredAll([], after(7))).toEqual([]);
  expect((await due()).map((item) => item.id)).toEqual(ids.slice(3));
});

test('[DEL-2] a failed delivery is requeued by its author alone, at its old place and with a new schedule', async () => {
  const id = await found(conversations, alice, bob);
  const [first, second] = [await send(id), await send(id)];
  const [item] = await due();
  expect(await outbox.markFailed(item?.id ?? 0n, { now: start, errorCode: 'not_a_member' })).toMatchObject({ state: 'failed', errorCode: 'not_a_member', nextAttemptAt: null });
  expect((await due()).map(({ messageId }) => messageId)).toEqual([second.messageId]);
  expect(await outbox.requeueFailed({ senderId: dave, messageId: first.messageId, domain: b, now: after(9) })).toBeNull();
  expect(await outbox.requeueFailed({ senderId: alice, messageId: second.messageId, domain: b, now: after(9) })).toBeNull();
  expect(await outbox.requeueFailed({ senderId: alice, messageId: first.messageId, domain: b, now: after(9) })).toMatchObject({ state: 'queued', attempts: 0, errorCode: null, nextAttemptAt: after(9) });
  const again = await due(after(9));
  expect(again.map(({ messageId }) => messageId)).toEqual([first.messageId, second.messageId]);
  expect(again[0]).toMatchObject({ body: '{"x":1}', createdAt: after(9) });
});

test('[DEL-6] why a queue waits is noted on its first items without counting an attempt', async () => {
  const id = await found(conversations, alice, bob);
  const drafts = [await send(id), await send(id), await send(id)];
  const states = await outbox.noteQueueFailure(b, { errorCode: 'connect_failed', nextAttemptAt: after(MINUTE), limit: 2 });
  expect(states.map(({ messageId }) => messageId)).toEqual(drafts.slice(0, 2).map(({ messageId }) => messageId));
  expect(states[0]).toMatchObject({ state: 'queued', attempts: 0, errorCode: 'connect_failed', nextAttemptAt: after(MINUTE) });
  expect((await due()).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
  expect((await outbox.deliveryStates(alice, [drafts[2]?.messageId ?? drafts[0]?.messageId].filter((each) => each !== undefined)))[0]?.errorCode).toBeNull();
});

test('[DEL-6] the change of a conversation has no state to show', async () => {
  await send(await found(conversations, alice, bob));
  await db.database.pool.query('UPDATE outbox_items SET message_id = NULL');
  const [item] = await due();
  expect(item?.messageId).toBeNull();
  expect(await outbox.markDeliveredAll([item?.id ?? 0n], start)).toEqual([]);
  expect(await outbox.nextDueAt()).toBeNull();
});

test('a claimed destination is due for others when the claim ends', async () => {
  await send(await found(conversations, alice, bob));
  await claim('w1');
  expect(await outbox.nextDueAt()).toEqual(after(MINUTE));
});

test('what goes to Full peers alone is kept as such, of a change and of a message, and everything else is not', async () => {
  const conversationId = newConversationId();
  const draft = (fullOnly: boolean) => ({ destination: b, messageId: null, senderId: alice, method: 'POST' as const, target: '/x', body: '{}', fullOnly });
  await applyChange(conversations, changeWrite({ conversationId, participantsAfter: [alice, bob], deliveries: [draft(false), draft(true)] }));
  await send(conversationId);
  const message = messageDraft(conversationId);
  await messages.insert(message, { localDomain: local, now: start, deliveryFor: () => ({ ...draft(true), messageId: message.messageId }) });
  expect((await due()).map(({ fullOnly }) => fullOnly)).toEqual([false, true, false, true]);
});
