import { expect, test } from 'vitest';
import { createMemoryLocks } from '../keystore/locks.ts';
import type { ChatClient } from '../model.ts';
import { createMemorySecretStore } from './memory-secret-store.ts';
import { createFakeWorldClient } from './testing/fake-instance.ts';
import { createPeople, PASSWORD, textsOf, wordsOf } from './testing/people.ts';

const ALICE = 'alice@a.test';
const BOB = 'bob@b.test';

async function createPair() {
  const people = createPeople();
  const [alice, bob] = [await people.register(ALICE), await people.register(BOB)];
  await expect.poll(() => [alice.connection(), bob.connection()]).toEqual(['online', 'online']);
  const { conversationId } = await alice.conversations.open([BOB]);
  return { people, alice, bob, conversationId };
}

/** Collects what a client tells of messages from now on, and of its connection. */
function listen(client: ChatClient) {
  const told: string[] = [];
  client.subscribe((event) => {
    if (event.kind === 'message') told.push(wordsOf(event.message));
    if (event.kind === 'connection') told.push(`(${event.state})`);
    if (event.kind === 'delivery') told.push(`(${event.delivery.domain} ${event.delivery.state})`);
  });
  return told;
}

test('an event that was missed is asked for when the next one comes, and the order holds', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  const told = listen(bob);
  await alice.messages.send(conversationId, 'one');
  people.world.socketsUp = false;
  await alice.messages.send(conversationId, 'two');
  people.world.socketsUp = true;
  await alice.messages.send(conversationId, 'three');
  await expect.poll(() => told).toEqual(['one', 'two', 'three']);
});

test('while the socket is gone the client asks every five seconds, and tells nothing twice', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  const told = listen(bob);
  people.world.socketsUp = false;
  for (const [handlers, userId] of people.world.sockets) if (userId === BOB) handlers.onOffline();
  await alice.messages.send(conversationId, 'one');
  people.clock.advance(4_999);
  expect(told).toEqual(['(offline)']);
  people.clock.advance(1);
  await expect.poll(() => told).toEqual(['(offline)', 'one']);
  people.world.socketsUp = true;
  for (const [handlers, userId] of people.world.sockets) if (userId === BOB) handlers.onOnline();
  await alice.messages.send(conversationId, 'two');
  await expect.poll(() => told).toEqual(['(offline)', 'one', '(online)', 'two']);
});

test('[DEL-6] a delivery that went on unheard is told after the next connection', async () => {
  const { people, alice, conversationId } = await createPair();
  people.world.deliveryState = 'queued';
  expect((await alice.messages.send(conversationId, 'on its way')).deliveries).toMatchObject([{ domain: 'b.test', state: 'waiting' }]);
  const told = listen(alice);
  people.world.deliveryState = 'delivered';
  for (const [handlers, userId] of people.world.sockets) if (userId === ALICE) handlers.onOnline();
  await expect.poll(() => told).toContain('(b.test stored)');
});

test('[E2E-8] a message that came before its key says so, and is told again when the key is there', async () => {
  const { people, alice, bob, conversationId } = await createPair();
  await bob.conversations.get(conversationId);
  const kept = people.conversation(conversationId);
  people.world.socketsUp = false;
  await alice.conversations.rotate(conversationId);
  people.world.socketsUp = true;
  const [change, keys] = [kept.changes.pop(), kept.sessionKeys.get(2)];
  if (change === undefined || keys === undefined) throw new Error('no epoch 2');
  kept.sessionKeys.delete(2);
  const told = listen(bob);
  await alice.messages.send(conversationId, 'new key').catch(() => undefined);
  await expect.poll(() => told).toEqual(['[no_key_yet]']);
  kept.changes.push(change);
  kept.sessionKeys.set(2, keys);
  for (const [{ events }, userId] of people.world.sockets) {
    if (userId === BOB) events['conversation:membership']({ conversationId: kept.conversationId, epoch: 2 });
  }
  await expect.poll(() => told).toEqual(['[no_key_yet]', 'new key']);
});

test('[E2E-7] two tabs of one device never use one sequence number twice', async () => {
  const { people, bob, conversationId } = await createPair();
  const shared = { domain: 'a.test', clock: people.clock, store: createMemorySecretStore(), locks: createMemoryLocks() };
  const tabs = [createFakeWorldClient(people.world, shared), createFakeWorldClient(people.world, shared)];
  for (const tab of tabs) await tab.account.signIn({ username: 'alice', password: PASSWORD });
  await Promise.all([1, 2, 3, 4].flatMap((n) => tabs.map((tab, index) => tab.messages.send(conversationId, `${index} ${n}`))));
  const bound = people.conversation(conversationId).messages.map(({ payload }) => payload.associatedData);
  expect(bound.map(({ seq }) => seq).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(new Set(bound.map(({ device }) => device)).size).toBe(1);
  expect(await textsOf(bob, conversationId)).toHaveLength(8);
});
