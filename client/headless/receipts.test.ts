import { expect, test } from 'vitest';
import type { ChatClient } from '../model.ts';
import { asTimePasses, createPeople } from './testing/people.ts';
import type { People } from './testing/people.ts';

const ALICE = 'alice@a.test';
const BOB = 'bob@b.test';

async function createPair() {
  const people = createPeople();
  const [alice, bob] = [await people.register(ALICE), await people.register(BOB)];
  await expect.poll(() => [alice.connection(), bob.connection()]).toEqual(['online', 'online']);
  const { conversationId } = await alice.conversations.open([BOB]);
  await bob.conversations.accept(conversationId);
  return { people, alice, bob, conversationId };
}

/** What Bob's device has told his server so far, and nothing that only waits. */
const marksOf = ({ world }: People, domain = 'b.test') =>
  world.calls.filter((call) => call.path === 'conversations.acknowledge' && call.domain === domain).map(({ input }) => ({ delivered: input['delivered'], read: input['read'] }));

async function settle(people: People): Promise<void> {
  await expect.poll(() => people.clock.scheduled()).toBeGreaterThan(0);
  people.clock.advance(1_000);
}

const statesOf = async (client: ChatClient, conversationId: string) =>
  (await client.messages.list(conversationId)).messages.filter(({ own }) => own).map(({ receipts }) => receipts.map(({ userId, state }) => `${userId} ${state}`).join());

test('[DEL-6] the author is told when a message is on a device and when it is read, and finds it in the list', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  const told: string[] = [];
  alice.subscribe((event) => {
    if (event.kind === 'receipt') told.push(`${event.receipt.userId} ${event.receipt.state} ${event.messageIds.length}`);
  });
  const sent = await alice.messages.send(conversationId, 'hello');
  expect(sent).toMatchObject({ recipients: [BOB], receipts: [] });
  await settle(people);
  await expect.poll(() => told).toEqual([`${BOB} on_device 1`]);
  expect(await statesOf(alice, conversationId)).toEqual([`${BOB} on_device`]);
  await asTimePasses(people, bob.conversations.markRead(conversationId, 1));
  await expect.poll(() => told).toEqual([`${BOB} on_device 1`, `${BOB} read 1`]);
  expect(await alice.messages.receipts(sent.messageId)).toMatchObject([{ userId: BOB, readAt: new Date('2026-11-22T12:00:00.000Z') }]);
});

test('[DEL-6] what comes within a second is acknowledged once, and what is seen together is told together', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  const seen: string[] = [];
  bob.subscribe((event) => event.kind === 'message' && seen.push(event.message.messageId));
  for (const text of ['one', 'two', 'three']) await alice.messages.send(conversationId, text);
  await expect.poll(() => seen).toHaveLength(3);
  const reading = bob.conversations.markRead(conversationId, 2);
  people.clock.advance(100);
  await reading;
  expect(marksOf(people)).toEqual([{ delivered: 3, read: 2 }]);
  await alice.messages.send(conversationId, 'four');
  await expect.poll(() => people.clock.scheduled()).toBe(1);
  people.clock.advance(999);
  expect(marksOf(people)).toHaveLength(1);
  people.clock.advance(1);
  await expect.poll(() => marksOf(people)).toEqual([{ delivered: 3, read: 2 }, { delivered: 4, read: undefined }]);
});

test('[DEL-6] what came while a device was off is acknowledged when it is on again, before any chat is opened', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  bob.close();
  for (const text of ['one', 'two', 'three']) await alice.messages.send(conversationId, text);
  await people.signIn(BOB);
  await settle(people);
  await expect.poll(() => marksOf(people)).toEqual([{ delivered: 3, read: undefined }]);
  expect(await statesOf(alice, conversationId)).toEqual([`${BOB} on_device`, `${BOB} on_device`, `${BOB} on_device`]);
});

test('[DEL-6] own messages acknowledge nothing', async () => {
  const { people, alice, conversationId } = await createPair();
  await alice.messages.send(conversationId, 'hello');
  await settle(people);
  await expect.poll(() => marksOf(people)).toHaveLength(1);
  expect(marksOf(people, 'a.test')).toEqual([]);
});

test('[DEL-6] what could not be told is told after the next connection', async () => {
  const { people, alice, conversationId } = await createPair();
  people.world.cutBefore.set('conversations.acknowledge', 1);
  await alice.messages.send(conversationId, 'hello');
  await settle(people);
  await expect.poll(() => people.world.cutBefore.get('conversations.acknowledge')).toBe(0);
  expect(marksOf(people)).toEqual([]);
  for (const [handlers, userId] of people.world.sockets) if (userId === BOB) handlers.onOnline();
  await settle(people);
  await expect.poll(() => marksOf(people)).toEqual([{ delivered: 1, read: undefined }]);
});

test('[E2E-8] a message whose key is not here yet is not on the device', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  await bob.conversations.get(conversationId);
  const kept = people.conversation(conversationId);
  people.world.socketsUp = false;
  await alice.conversations.rotate(conversationId);
  people.world.socketsUp = true;
  const [change, keys] = [kept.changes.pop(), kept.sessionKeys.get(2)];
  if (change === undefined || keys === undefined) throw new Error('no epoch 2');
  kept.sessionKeys.delete(2);
  const seen: string[] = [];
  bob.subscribe((event) => event.kind === 'message' && seen.push(event.message.body.kind));
  await alice.messages.send(conversationId, 'new key').catch(() => undefined);
  await expect.poll(() => seen).toEqual(['unreadable']);
  people.clock.advance(1_000);
  kept.changes.push(change);
  kept.sessionKeys.set(2, keys);
  for (const [{ events }, userId] of people.world.sockets) {
    if (userId === BOB) events['conversation:membership']({ conversationId: kept.conversationId, epoch: 2 });
  }
  await expect.poll(() => seen).toEqual(['unreadable', 'text']);
  expect(marksOf(people)).toEqual([]);
  await settle(people);
  await expect.poll(() => marksOf(people)).toEqual([{ delivered: 1, read: undefined }]);
});

test('[DEL-6] receipts that were missed are asked for after the next connection', async () => {
  const { people, alice, conversationId } = await createPair();
  await alice.messages.send(conversationId, 'hello');
  const told: string[] = [];
  alice.subscribe((event) => event.kind === 'receipt' && told.push(event.receipt.state));
  people.world.socketsUp = false;
  await settle(people);
  await expect.poll(() => marksOf(people)).toHaveLength(1);
  expect(told).toEqual([]);
  for (const [handlers, userId] of people.world.sockets) if (userId === ALICE) handlers.onOnline();
  await expect.poll(() => told).toEqual(['on_device']);
});

test('[DEL-6] whoever switches receipts off is shown none any more, not even those from before', async () => {
  const { people, alice, conversationId } = await createPair();
  await alice.messages.send(conversationId, 'hello');
  await settle(people);
  await expect.poll(() => statesOf(alice, conversationId)).toEqual([`${BOB} on_device`]);
  expect(await alice.account.privacy()).toEqual({ receipts: true, typing: true });
  const told: string[] = [];
  alice.subscribe((event) => told.push(event.kind));
  await alice.account.setPrivacy({ receipts: false, typing: true });
  expect(told).toEqual(['privacy']);
  expect(await statesOf(alice, conversationId)).toEqual(['']);
  expect(await alice.account.privacy()).toEqual({ receipts: false, typing: true });
});

test('[API-8] that somebody writes is told at most every three and a half seconds, and to the others alone', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  const told: string[] = [];
  for (const client of [alice, bob]) client.subscribe((event) => event.kind === 'typing' && told.push(event.userId));
  for (const waitMs of [0, 1_000, 2_499, 1]) {
    people.clock.advance(waitMs);
    alice.conversations.typing(conversationId);
  }
  await expect.poll(() => told).toEqual([ALICE, ALICE]);
});

test('[API-8] that a request was taken up is seen by whoever made it', async () => {
  const people = createPeople();
  const [alice, bob] = [await people.register(ALICE), await people.register(BOB)];
  const told: string[] = [];
  alice.subscribe((event) => event.kind === 'conversations' && event.conversationId !== null && told.push(event.conversationId));
  await expect.poll(() => alice.connection()).toBe('online');
  const { conversationId } = await alice.conversations.open([BOB]);
  await expect.poll(() => told).toEqual([conversationId]);
  const acceptedOf = async () => (await alice.conversations.get(conversationId)).participants.map(({ accepted }) => accepted);
  expect(await acceptedOf()).toEqual([true, false]);
  await bob.conversations.accept(conversationId);
  await expect.poll(() => told).toEqual([conversationId, conversationId]);
  expect(await acceptedOf()).toEqual([true, true]);
});
