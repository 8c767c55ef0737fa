import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { OutboxItem, OutboxStore } from '../domain/outbox/outbox-store.ts';
import { createPrismaConversationStore } from './conversation-store.ts';
import { createPostgresMessageStore } from './message-store.ts';
import { createPostgresOutboxStore } from './outbox-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, bob, found, insertMessage, messageDraft, start } from './testing-fixtures.ts';

const b = parseDomain('b.test');
const MINUTE = 60_000;

let db: TestDatabase;
let outbox: OutboxStore;
const find = (): Promise<ConversationId> => found(createPrismaConversationStore(db.database.prisma), alice, bob);
const send = (conversationId: ConversationId): Promise<unknown> => insertMessage(createPostgresMessageStore(db.database), messageDraft(conversationId));
const due = (now = start): Promise<readonly OutboxItem[]> => outbox.listDue(b, { now, limit: 10 });
const claim = (workerId: string, now = start) => outbox.claimDestinations({ workerId, now, claimMs: MINUTE, scope: 'everywhere', limit: 10 });

beforeAll(async () => {
  db = await createTestDatabase();
  outbox = createPostgresOutboxStore(db.database);
});
afterAll(() => db.stop());
beforeEach(async () => {
  await db.database.pool.query('TRUNCATE outbox_items, peers, receipt_dues');
});

test('[ERR-4] the later items of a conversation count from the first refusal of one that is given up, those before it and of others do not', async () => {
  const [id, other] = [await find(), await find()];
  for (const conversationId of [id, id, id, other, id]) await send(conversationId);
  const [before, given, refused] = await due();
  if (before === undefined || given === undefined || refused === undefined) throw new Error('nothing is due');
  await outbox.markRetry(refused, { firstRefusedAt: after(1), nextAttemptAt: after(2), errorCode: 'unknown_conversation' });
  expect(await outbox.markFailed(given, { now: after(MINUTE), errorCode: 'unknown_conversation', firstRefusedAt: start })).toBe(true);
  expect((await due(after(MINUTE))).map(({ firstRefusedAt }) => firstRefusedAt)).toEqual([null, after(1), null, start]);
  expect(await outbox.markFailed(given, { now: after(MINUTE), errorCode: 'unknown_conversation', firstRefusedAt: after(3) })).toBe(false);
  expect(await outbox.markFailed(before, { now: after(MINUTE), errorCode: 'expired', firstRefusedAt: null })).toBe(true);
  expect((await due(after(MINUTE))).map(({ firstRefusedAt }) => firstRefusedAt)).toEqual([after(1), null, start]);
});

test('[DEL-5] a turn that ended by a clock that has been put back holds nobody back, a live claim does', async () => {
  await send(await find());
  expect(await claim('w1', after(5 * MINUTE))).toEqual([b]);
  await outbox.releaseDestination(b, { workerId: 'w1', now: after(5 * MINUTE) });
  expect(await claim('w2')).toEqual([b]);
  expect(await claim('w1')).toEqual([]);
});

test('[DEL-2] nor is what waits for its own instant found later for it', async () => {
  await send(await find());
  await claim('w1', after(5 * MINUTE));
  for (const item of await due()) await outbox.markRetry(item, { firstRefusedAt: null, nextAttemptAt: after(1_000), errorCode: 'internal_error' });
  expect(await outbox.nextDueAt()).toEqual(after(6 * MINUTE));
  await outbox.releaseDestination(b, { workerId: 'w1', now: after(5 * MINUTE) });
  expect(await outbox.nextDueAt()).toEqual(after(1_000));
});

test('[DEL-5] a claim of a process that died with a clock that ran ahead ends as well', async () => {
  await send(await find());
  expect(await claim('w1', after(2 * MINUTE))).toEqual([b]);
  expect(await claim('w2', after(MINUTE))).toEqual([]);
  expect(await claim('w2')).toEqual([b]);
});
