import { expect, test } from 'vitest';
import { parseMessageId } from '../../protocol/ids.ts';
import type { MessageId } from '../../protocol/ids.ts';
import type { WireMessage } from '../../server/realtime/events.ts';
import { createMemorySecretStore } from './memory-secret-store.ts';
import { createPeople, nextEvent, textsOf, wordsOf } from './testing/people.ts';

const ALICE = 'alice@a.test';
const BOB = 'bob@b.test';
const CAROL = 'carol@c.test';

async function createTrio() {
  const people = createPeople();
  const [alice, bob, carol] = [await people.register(ALICE), await people.register(BOB), await people.register(CAROL)];
  const { conversationId } = await alice.conversations.open([BOB, CAROL], 'Trio');
  return { people, alice, bob, carol, conversationId };
}

test('[E2E-7] two people on two domains read each other, and no server reads either', async () => {
  const people = createPeople();
  const [alice, bob] = [await people.register(ALICE), await people.register(BOB)];
  const { conversationId } = await alice.conversations.open(['  Bob@B.test ']);
  expect(conversationId).toMatch(/^[A-Za-z0-9_-]{22}:a\.test$/);
  const arrived = nextEvent(bob, ({ kind }) => kind === 'message');
  const sent = await alice.messages.send(conversationId, 'canary 4711');
  expect(sent).toMatchObject({ localState: 'stored', position: 1, own: true });
  expect(sent.deliveries.map(({ domain, state }) => [domain, state])).toEqual([['b.test', 'stored']]);
  expect(await arrived).toMatchObject({ message: { body: { kind: 'text', text: 'canary 4711' }, senderId: ALICE } });
  await bob.messages.send(conversationId, 'I read you');
  for (const client of [alice, bob]) expect(await textsOf(client, conversationId)).toEqual(['canary 4711', 'I read you']);
  expect(JSON.stringify([...people.world.calls])).not.toContain('canary');
});

test('[E2E-3] the history is readable from a second sign-in', async () => {
  const { people, alice, conversationId } = await createTrio();
  await alice.messages.send(conversationId, 'one');
  await alice.conversations.rotate(conversationId);
  await alice.messages.send(conversationId, 'two');
  expect(await textsOf(await people.signIn(ALICE), conversationId)).toEqual(['one', 'two']);
  expect(await textsOf(await people.signIn(BOB), conversationId)).toEqual(['one', 'two']);
});

test('opening a chat with one person again gives the one there is; with two it makes a new one', async () => {
  const { people, alice, bob, conversationId } = await createTrio();
  const first = await alice.conversations.open([BOB]);
  expect(await alice.conversations.open([BOB])).toEqual(first);
  expect(await bob.conversations.open([ALICE])).toEqual(first);
  expect((await alice.conversations.open([BOB, CAROL])).conversationId).not.toBe(conversationId);
  expect(people.world.conversations.size).toBe(3);
});

test('[E2E-6] whoever is removed is given no later key and opens no later message', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await alice.messages.send(conversationId, 'with Carol');
  await alice.conversations.removeParticipant(conversationId, CAROL);
  await alice.messages.send(conversationId, 'without Carol');
  const kept = people.conversation(conversationId);
  expect(kept.epoch).toBe(2);
  expect([...(kept.sessionKeys.get(2)?.keys() ?? [])]).toEqual([ALICE, BOB]);
  expect(await carol.conversations.get(conversationId)).toMatchObject({ standing: 'removed' });
  expect(await textsOf(carol, conversationId)).toEqual(['with Carol']);
  // Even if every server leaked to her all there is.
  for (const userId of kept.removedAt.keys()) kept.removedAt.set(userId, Infinity);
  expect(await textsOf(carol, conversationId)).toEqual(['with Carol', '[no_key_yet]']);
  await expect(carol.messages.send(conversationId, 'still here?')).rejects.toMatchObject({ code: 'not_a_member' });
});

test('[E2E-6] whoever is added reads from then on and is told that the rest came before', async () => {
  const people = createPeople();
  const [alice] = [await people.register(ALICE), await people.register(BOB)];
  await people.register(CAROL);
  const { conversationId } = await alice.conversations.open([BOB]);
  await alice.messages.send(conversationId, 'before Carol');
  await alice.conversations.addParticipant(conversationId, CAROL);
  await alice.messages.send(conversationId, 'hello Carol');
  // Her server learned of the conversation with the addition.
  const kept = people.conversation(conversationId);
  kept.changes = kept.changes.slice(1);
  const carol = await people.signIn(CAROL);
  expect(await textsOf(carol, conversationId)).toEqual(['[before_you_joined]', 'hello Carol']);
  const { systemLines } = await carol.messages.list(conversationId);
  expect(systemLines).toMatchObject([{ kind: 'added', actorId: ALICE, subjectIds: [CAROL], afterPosition: 1 }]);
});

test('[E2E-5] only an owner or admin on the owner domain changes who is in', async () => {
  const { bob, alice, conversationId } = await createTrio();
  await expect(bob.conversations.removeParticipant(conversationId, CAROL)).rejects.toMatchObject({ code: 'not_permitted' });
  await expect(bob.conversations.rotate(conversationId)).rejects.toMatchObject({ code: 'not_permitted' });
  await expect(alice.conversations.removeParticipant(conversationId, ALICE)).rejects.toMatchObject({ code: 'not_permitted' });
});

test('[API-5] a change that another device of ours made first is made again on top of it', async () => {
  const { people, alice, conversationId } = await createTrio();
  const second = await people.signIn(ALICE);
  await Promise.all([alice.conversations.rotate(conversationId), second.conversations.removeParticipant(conversationId, CAROL)]);
  expect(people.conversation(conversationId).epoch).toBe(3);
  const { participants, standing } = await alice.conversations.get(conversationId);
  expect([participants.map(({ userId }) => userId), standing]).toEqual([[ALICE, BOB], 'member']);
});

test('[E2E-5] a participant that only the server knows of is shown to nobody and encrypted to by nobody', async () => {
  const { people, alice, conversationId } = await createTrio();
  await people.register('ghost@a.test');
  const kept = people.conversation(conversationId);
  const ghost = [...people.world.accounts.keys()].find((userId) => userId === 'ghost@a.test');
  if (ghost === undefined) throw new Error('the ghost did not register');
  kept.participants = [...kept.participants, ghost];
  await alice.conversations.rotate(conversationId);
  expect([...(kept.sessionKeys.get(2)?.keys() ?? [])]).toEqual([ALICE, BOB, CAROL]);
  const { participants } = await alice.conversations.get(conversationId);
  expect(participants.map(({ userId }) => userId)).toEqual([ALICE, BOB, CAROL]);
});

test('[E2E-5] an unsigned change is refused and shown, and nothing is sent into it', async () => {
  const { people, bob, conversationId } = await createTrio();
  const kept = people.conversation(conversationId);
  const [first] = kept.changes;
  if (first === undefined) throw new Error('no change');
  kept.changes = [first, { ...first, epoch: 2, action: 'rotate_key', membership: null, membershipSignature: null }];
  kept.epoch = 2;
  expect(await bob.conversations.get(conversationId)).toMatchObject({ standing: 'unverified', epoch: 1 });
  expect((await bob.messages.list(conversationId)).systemLines.map(({ kind }) => kind)).toEqual(['created', 'refused_change']);
  await expect(bob.messages.send(conversationId, 'into the dark')).rejects.toMatchObject({ code: 'not_a_member' });
});

test('[E2E-5] a fork is refused: another statement for an epoch that this device has verified', async () => {
  const { people, alice, bob, conversationId } = await createTrio();
  const kept = people.conversation(conversationId);
  const [first] = kept.changes;
  await alice.conversations.removeParticipant(conversationId, CAROL);
  const forked = kept.changes;
  const keys = new Map(kept.sessionKeys);
  expect(await bob.conversations.get(conversationId)).toMatchObject({ standing: 'member', epoch: 2 });
  // Alice's other device is shown the state before, and so signs another epoch 2.
  if (first === undefined) throw new Error('no change');
  Object.assign(kept, { changes: [first], epoch: 1 });
  const second = await people.signIn(ALICE);
  await second.conversations.rotate(conversationId);
  expect(await bob.conversations.get(conversationId)).toMatchObject({ standing: 'unverified' });
  Object.assign(kept, { changes: forked, epoch: 2 });
  for (const [epoch, wrapped] of keys) kept.sessionKeys.set(epoch, wrapped);
  expect(await bob.conversations.get(conversationId)).toMatchObject({ standing: 'member', epoch: 2 });
});

test('[E2E-5] a removal that the server hides after it was seen leaves the conversation unverified', async () => {
  const { people, alice, bob, conversationId } = await createTrio();
  await alice.conversations.removeParticipant(conversationId, CAROL);
  await bob.conversations.get(conversationId);
  const kept = people.conversation(conversationId);
  Object.assign(kept, { changes: kept.changes.slice(0, 1), epoch: 1 });
  expect(await bob.conversations.get(conversationId)).toMatchObject({ standing: 'unverified' });
});

test('[E2E-4] a session key that breaks the commitment is refused and shown', async () => {
  const { people, alice, conversationId } = await createTrio();
  const other = await alice.conversations.open([BOB]);
  const foreign = people.conversation(other.conversationId).sessionKeys.get(1)?.entries() ?? [];
  const kept = people.conversation(conversationId).sessionKeys.get(1);
  for (const [userId, wrapped] of foreign) if (userId === BOB) kept?.set(userId, wrapped);
  await alice.messages.send(conversationId, 'for all three');
  const bob = await people.signIn(BOB);
  expect(await textsOf(bob, conversationId)).toEqual(['[no_key_yet]']);
  expect((await bob.messages.list(conversationId)).systemLines.map(({ kind }) => kind)).toContain('refused_change');
});

/** Gives another id of the same form. */
function otherId(messageId: MessageId): MessageId {
  return parseMessageId(`${messageId.slice(0, -1)}${messageId.endsWith('0') ? '1' : '0'}`);
}

test('[E2E-8] a message that the server hands out twice is shown once; under another id it shows nothing', async () => {
  const { people, alice, bob, conversationId } = await createTrio();
  await alice.messages.send(conversationId, 'once');
  const kept = people.conversation(conversationId);
  const [genuine] = kept.messages;
  if (genuine === undefined) throw new Error('no message');
  const renamed: WireMessage = { ...genuine, position: 3, messageId: otherId(genuine.messageId) };
  kept.messages = [genuine, { ...genuine, position: 2 }, renamed];
  expect(await textsOf(bob, conversationId)).toEqual(['once', '[bad_envelope]']);
});

test('[E2E-8] a sequence number that comes again in a later run of the client is a replay', async () => {
  const { people, alice, conversationId } = await createTrio();
  const store = createMemorySecretStore();
  const bob = await people.signIn(BOB, store);
  await alice.messages.send(conversationId, 'first');
  expect(await textsOf(bob, conversationId)).toEqual(['first']);
  bob.close();
  const kept = people.conversation(conversationId);
  const [genuine] = kept.messages;
  if (genuine === undefined) throw new Error('no message');
  kept.messages = [{ ...genuine, position: 2 }];
  const again = people.device(BOB, store);
  await again.account.signIn({ username: 'bob', password: 'correct horse battery staple' });
  expect(await textsOf(again, conversationId)).toEqual([]);
  kept.messages = [genuine];
  expect(await textsOf(again, conversationId)).toEqual(['first']);
});

test('[DEL-3] a send whose answer is lost is repeated with the same bytes until the server answers', async () => {
  const { people, alice, conversationId } = await createTrio();
  people.world.cutAfter.set('messages.send', 1);
  people.world.cutBefore.set('messages.send', 1);
  const queued: string[] = [];
  const sending = alice.messages.send(conversationId, 'at last', (view) => queued.push(`${view.localState} ${wordsOf(view)}`));
  await expect.poll(() => people.clock.scheduled()).toBe(1);
  people.clock.advance(1_000);
  // The next attempt, and that the message has come to Bob and to Carol.
  await expect.poll(() => people.clock.scheduled()).toBe(3);
  expect((await alice.messages.list(conversationId)).messages.map(({ localState }) => localState)).toEqual(['stored']);
  people.clock.advance(2_000);
  expect(await sending).toMatchObject({ position: 1, localState: 'stored' });
  expect(queued).toEqual(['sending at last']);
  const sends = people.world.calls.filter(({ path }) => path === 'messages.send');
  expect(sends).toHaveLength(2);
  expect(sends[1]?.input).toEqual(sends[0]?.input);
  expect(people.conversation(conversationId).messages).toHaveLength(1);
});

test('[E2E-7] messages written while the server is away wait in order, survive a restart and go out as they were', async () => {
  const { people, conversationId } = await createTrio();
  const store = createMemorySecretStore();
  const alice = await people.signIn(ALICE, store);
  await alice.conversations.get(conversationId);
  people.world.cutBefore.set('messages.send', 1_000);
  const lost = [alice.messages.send(conversationId, 'one'), alice.messages.send(conversationId, 'two')];
  const ends = Promise.allSettled(lost);
  await expect.poll(async () => (await textsOf(alice, conversationId)).length).toBe(2);
  alice.close();
  expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  people.world.cutBefore.clear();
  const again = people.device(ALICE, store);
  await again.account.signIn({ username: 'alice', password: 'correct horse battery staple' });
  await expect.poll(() => people.conversation(conversationId).messages.length).toBe(2);
  await again.messages.send(conversationId, 'three');
  const seqs = people.conversation(conversationId).messages.map(({ payload }) => payload.associatedData['seq']);
  expect(seqs).toEqual([1, 2, 3]);
  expect(await textsOf(again, conversationId)).toEqual(['one', 'two', 'three']);
});

test('a message that the own server refuses for good is said to be rejected and stays visible as such', async () => {
  const { people, bob, conversationId } = await createTrio();
  const kept = people.conversation(conversationId);
  await expect.poll(() => bob.connection()).toBe('online');
  await bob.conversations.get(conversationId);
  const bobId = kept.participants.find((userId) => userId === BOB);
  if (bobId === undefined) throw new Error('Bob is no participant');
  kept.removedAt.set(bobId, 0);
  kept.participants = kept.participants.filter((userId) => userId !== BOB);
  await expect(bob.messages.send(conversationId, 'no')).rejects.toMatchObject({ code: 'not_a_member' });
  const { messages } = await bob.messages.list(conversationId);
  expect(messages.map(({ localState, body }) => [localState, body])).toEqual([['rejected', { kind: 'text', text: 'no' }]]);
});

test('a text that fits no server-to-server body is refused before it is encrypted', async () => {
  const { people, alice, conversationId } = await createTrio();
  const send = (length: number) => alice.messages.send(conversationId, 'x'.repeat(length));
  await expect(send(131_072)).rejects.toMatchObject({ code: 'message_too_long' });
  await expect(send(131_000)).resolves.toMatchObject({ position: 1 });
  expect(people.conversation(conversationId).messages).toHaveLength(1);
});

test('each outcome of looking somebody up is told apart', async () => {
  const people = createPeople();
  const alice = await people.register(ALICE);
  await people.register(BOB);
  await people.register(CAROL);
  people.world.silent.add('c.test');
  const bob = [...people.world.accounts.values()][1];
  expect(await alice.contacts.lookup('not an id')).toEqual({ kind: 'invalid_id' });
  expect(await alice.contacts.lookup(ALICE)).toEqual({ kind: 'self' });
  expect(await alice.contacts.lookup('nobody@b.test')).toEqual({ kind: 'no_such_user', domain: 'b.test' });
  expect(await alice.contacts.lookup(CAROL)).toEqual({ kind: 'server_silent', domain: 'c.test' });
  expect(await alice.contacts.lookup(BOB)).toEqual({ kind: 'found', userId: BOB, safetyNumber: null });
  expect(await alice.contacts.safetyNumber(BOB)).toMatch(/^\d{60}$/);
  if (bob === undefined) throw new Error('Bob did not register');
  bob.publicIdentity = { ...bob.publicIdentity, keyVersion: 2 };
  expect(await alice.contacts.lookup(BOB)).toEqual({ kind: 'bad_identity', domain: 'b.test' });
});

test('a timeline is read page by page, older ones on demand, each line of change with the message before it', async () => {
  const { alice, conversationId } = await createTrio();
  for (const text of ['1', '2', '3']) await alice.messages.send(conversationId, text);
  await alice.conversations.rotate(conversationId);
  await alice.messages.send(conversationId, '4');
  const newest = await alice.messages.list(conversationId, { limit: 2 });
  expect([newest.messages.map(wordsOf), newest.hasOlder]).toEqual([['3', '4'], true]);
  expect(newest.systemLines.map(({ kind }) => kind)).toEqual(['rotated']);
  const older = await alice.messages.list(conversationId, { before: 3, limit: 2 });
  expect([older.messages.map(wordsOf), older.hasOlder]).toEqual([['1', '2'], false]);
  expect(older.systemLines.map(({ kind }) => kind)).toEqual(['created']);
});
