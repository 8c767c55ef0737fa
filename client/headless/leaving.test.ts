import { expect, test } from 'vitest';
import type { ChatClient } from '../model.ts';
import { createPeople, textsOf } from './testing/people.ts';
import type { People } from './testing/people.ts';

const ALICE = 'alice@a.test';
const BOB = 'bob@b.test';
const CAROL = 'carol@c.test';
const DAVE = 'dave@d.test';

async function createTrio() {
  const people = createPeople();
  const [alice, bob, carol] = [await people.register(ALICE), await people.register(BOB), await people.register(CAROL)];
  await people.register(DAVE);
  await expect.poll(() => [alice, bob, carol].map((client) => client.connection())).toEqual(['online', 'online', 'online']);
  const { conversationId } = await alice.conversations.open([BOB, CAROL], 'Trio');
  return { people, alice, bob, carol, conversationId };
}

/** What happened to a conversation, and who has a key of its last epoch. */
function stateOf(people: People, conversationId: string) {
  const { changes, epoch, sessionKeys } = people.conversation(conversationId);
  return { actions: changes.map(({ action }) => action), epoch, withKey: [...(sessionKeys.get(epoch)?.keys() ?? [])] };
}

async function membersFor(client: ChatClient, conversationId: string) {
  return (await client.conversations.get(conversationId)).participants.map(({ userId }) => userId);
}

async function linesFor(client: ChatClient, conversationId: string) {
  const { systemLines } = await client.messages.list(conversationId);
  return systemLines.map(({ kind, actorId, subjectIds }) => [kind, actorId, ...subjectIds]);
}

/** Does something of which no socket tells anybody. */
async function unheard(people: People, task: () => Promise<void>): Promise<void> {
  people.world.socketsUp = false;
  await task();
  people.world.socketsUp = true;
}

function tellOf(people: People, userId: string, conversationId: string): void {
  const { conversationId: id, epoch } = people.conversation(conversationId);
  for (const [{ events }, listener] of people.world.sockets) {
    if (listener === userId) events['conversation:membership']({ conversationId: id, epoch });
  }
}

/** A leave that the server made up: Carol is off its list, and its history says that she left. */
function forgeLeave(people: People, conversationId: string, leaveSignature: string | null): void {
  const kept = people.conversation(conversationId);
  const [first] = kept.changes;
  const carol = kept.participants.find((userId) => userId === CAROL);
  if (first === undefined || carol === undefined) throw new Error('no trio');
  kept.participants = kept.participants.filter((userId) => userId !== carol);
  kept.changes.push({ ...first, action: 'leave', initiatorId: carol, allParticipants: kept.participants, membership: null, membershipSignature: null, leaveSignature });
}

test('[E2E-6] after a leave the owner’s client starts an epoch by itself, without whoever left', async () => {
  const { people, alice, bob, carol, conversationId } = await createTrio();
  await alice.messages.send(conversationId, 'with Carol');
  await carol.conversations.leave(conversationId);
  await expect.poll(() => stateOf(people, conversationId)).toEqual({ actions: ['create', 'leave', 'rotate_key'], epoch: 2, withKey: [ALICE, BOB] });
  for (const client of [alice, bob]) expect(await membersFor(client, conversationId)).toEqual([ALICE, BOB]);
  await alice.messages.send(conversationId, 'without Carol');
  await bob.messages.send(conversationId, 'indeed');
  for (const client of [alice, bob]) expect(await textsOf(client, conversationId)).toEqual(['with Carol', 'without Carol', 'indeed']);
});

test('[E2E-6] for whoever left the chat is read-only, and nothing later is read even if every server leaked it', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await alice.messages.send(conversationId, 'with Carol');
  await carol.conversations.leave(conversationId);
  await expect.poll(() => stateOf(people, conversationId).epoch).toBe(2);
  await alice.messages.send(conversationId, 'without Carol');
  expect(await carol.conversations.get(conversationId)).toMatchObject({ standing: 'removed', epoch: 1 });
  await expect(carol.messages.send(conversationId, 'still here?')).rejects.toMatchObject({ code: 'not_a_member' });
  await expect(carol.conversations.leave(conversationId)).rejects.toMatchObject({ code: 'not_a_member' });
  const { removedAt } = people.conversation(conversationId);
  for (const userId of removedAt.keys()) removedAt.set(userId, Infinity);
  expect(await textsOf(carol, conversationId)).toEqual(['with Carol', '[no_key_yet]']);
});

test('[E2E-6] a leave has a line of its own, and the epoch after it removes nobody', async () => {
  const { people, bob, carol, conversationId } = await createTrio();
  await carol.conversations.leave(conversationId);
  await expect.poll(() => stateOf(people, conversationId).epoch).toBe(2);
  const upToLeave = [['created', ALICE, BOB, CAROL], ['left', CAROL]];
  expect(await linesFor(carol, conversationId)).toEqual(upToLeave);
  await expect.poll(() => linesFor(bob, conversationId)).toEqual([...upToLeave, ['rotated', ALICE]]);
});

test('[E2E-6] whoever left is shown as gone at once, before any new epoch', async () => {
  const { people, alice, bob, carol, conversationId } = await createTrio();
  alice.close();
  await carol.conversations.leave(conversationId);
  expect(await membersFor(bob, conversationId)).toEqual([ALICE, BOB]);
  expect(stateOf(people, conversationId).epoch).toBe(1);
});

test.each<[string, string | null]>([['unsigned', null], ['signed by nobody in it', Buffer.alloc(64, 7).toString('base64')]])(
  '[E2E-6] a leave that is %s is not honoured but shown, and the next epoch has its supposed author in it',
  async (_how, leaveSignature) => {
    const { people, alice, bob, conversationId } = await createTrio();
    forgeLeave(people, conversationId, leaveSignature);
    for (const userId of [ALICE, BOB]) tellOf(people, userId, conversationId);
    for (const client of [alice, bob]) expect(await membersFor(client, conversationId)).toEqual([ALICE, BOB, CAROL]);
    expect(await linesFor(bob, conversationId)).toEqual([['created', ALICE, BOB, CAROL], ['refused_change', CAROL]]);
    expect(stateOf(people, conversationId).epoch).toBe(1);
    await alice.conversations.rotate(conversationId);
    expect(stateOf(people, conversationId).withKey).toEqual([ALICE, BOB, CAROL]);
    expect(people.conversation(conversationId).participants).toEqual([ALICE, BOB, CAROL]);
  },
);

test('[E2E-6] whom only a server took out can still be removed', async () => {
  const { people, alice, conversationId } = await createTrio();
  forgeLeave(people, conversationId, null);
  await alice.conversations.removeParticipant(conversationId, CAROL);
  expect(stateOf(people, conversationId).withKey).toEqual([ALICE, BOB]);
  expect(await membersFor(alice, conversationId)).toEqual([ALICE, BOB]);
});

test('[E2E-6] an addition brings back whom only a server took out, also where somebody else has left', async () => {
  const { people, alice, bob, conversationId } = await createTrio();
  forgeLeave(people, conversationId, null);
  await unheard(people, () => bob.conversations.leave(conversationId));
  // Who is listed again would leave again.
  bob.close();
  await alice.conversations.addParticipant(conversationId, DAVE);
  expect(stateOf(people, conversationId)).toEqual({
    actions: ['create', 'leave', 'leave', 'add_participant', 'rotate_key', 'add_participant'],
    epoch: 4,
    withKey: [ALICE, CAROL, DAVE],
  });
});

test('[E2E-6] an addition goes out behind a rotation that leaves out whoever left', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await unheard(people, () => carol.conversations.leave(conversationId));
  await alice.conversations.addParticipant(conversationId, DAVE);
  expect(stateOf(people, conversationId)).toEqual({
    actions: ['create', 'leave', 'rotate_key', 'add_participant'],
    epoch: 3,
    withKey: [ALICE, BOB, DAVE],
  });
});

test('[E2E-6] a removal of somebody else leaves out whoever left, in one epoch', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await unheard(people, () => carol.conversations.leave(conversationId));
  await alice.conversations.removeParticipant(conversationId, BOB);
  expect(stateOf(people, conversationId)).toEqual({ actions: ['create', 'leave', 'rotate_key'], epoch: 2, withKey: [ALICE] });
});

test('[E2E-6] whoever left can be added again, reads from then on, and can leave again', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await carol.conversations.leave(conversationId);
  await expect.poll(() => stateOf(people, conversationId).epoch).toBe(2);
  await alice.conversations.addParticipant(conversationId, CAROL);
  await alice.messages.send(conversationId, 'welcome back');
  expect(await carol.conversations.get(conversationId)).toMatchObject({ standing: 'member', epoch: 3 });
  expect(await textsOf(carol, conversationId)).toEqual(['welcome back']);
  await carol.conversations.leave(conversationId);
  await expect.poll(() => stateOf(people, conversationId)).toMatchObject({ epoch: 4, withKey: [ALICE, BOB] });
});

test('[E2E-6] devices of the owner that race start one epoch between them', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  const second = await people.signIn(ALICE);
  await expect.poll(() => second.connection()).toBe('online');
  await carol.conversations.leave(conversationId);
  for (const client of [alice, second]) await expect.poll(() => membersFor(client, conversationId)).toEqual([ALICE, BOB]);
  for (const client of [alice, second]) await expect.poll(async () => (await client.conversations.get(conversationId)).epoch).toBe(2);
  expect(stateOf(people, conversationId).actions).toEqual(['create', 'leave', 'rotate_key']);
});

test('[E2E-6] two who leave at once are both left out', async () => {
  const { people, bob, carol, conversationId } = await createTrio();
  await Promise.all([bob.conversations.leave(conversationId), carol.conversations.leave(conversationId)]);
  await expect.poll(() => stateOf(people, conversationId).withKey).toEqual([ALICE]);
});

test('[E2E-6] an owner who was away starts the epoch when they come back', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  alice.close();
  await carol.conversations.leave(conversationId);
  expect(stateOf(people, conversationId).epoch).toBe(1);
  await people.signIn(ALICE);
  await expect.poll(() => stateOf(people, conversationId)).toMatchObject({ epoch: 2, withKey: [ALICE, BOB] });
});

test('[E2E-6] an owner whose socket missed a leave hears of it from the list', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await alice.conversations.list();
  await unheard(people, () => carol.conversations.leave(conversationId));
  for (const [handlers, userId] of people.world.sockets) if (userId === ALICE) handlers.onOnline();
  await expect.poll(() => stateOf(people, conversationId).epoch).toBe(2);
});

test('[E2E-6] an epoch that could not be started is tried again after half a minute', async () => {
  const { people, carol, conversationId } = await createTrio();
  await unheard(people, () => carol.conversations.leave(conversationId));
  people.world.cutBefore.set('conversations.change', 1);
  tellOf(people, ALICE, conversationId);
  await expect.poll(() => people.clock.scheduled()).toBe(1);
  expect(stateOf(people, conversationId).epoch).toBe(1);
  people.clock.advance(30_000);
  await expect.poll(() => stateOf(people, conversationId)).toMatchObject({ epoch: 2, withKey: [ALICE, BOB] });
});

test('[E2E-6] a leave that a new epoch overtook on its way is made again, and honoured', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await unheard(people, () => carol.conversations.leave(conversationId));
  // What the owner's server refused as stale it never stored.
  const kept = people.conversation(conversationId);
  const [leaver] = kept.removedAt.keys();
  if (leaver === undefined) throw new Error('nobody left');
  kept.changes.pop();
  kept.participants = [...kept.participants, leaver];
  await alice.conversations.rotate(conversationId);
  expect(kept.sessionKeys.get(2)?.has(leaver)).toBe(true);
  await expect.poll(() => stateOf(people, conversationId)).toEqual({
    actions: ['create', 'rotate_key', 'leave', 'rotate_key'],
    epoch: 3,
    withKey: [ALICE, BOB],
  });
});

test('[E2E-6] a leave of an epoch gone by whose author is listed still is honoured by the owner, and the author shown until then', async () => {
  const { people, alice, bob, carol, conversationId } = await createTrio();
  await unheard(people, () => carol.conversations.leave(conversationId));
  carol.close();
  const kept = people.conversation(conversationId);
  const [leave, leaver] = [kept.changes.pop(), [...kept.removedAt.keys()][0]];
  if (leave === undefined || leaver === undefined) throw new Error('nobody left');
  kept.participants = [...kept.participants, leaver];
  await alice.conversations.rotate(conversationId);
  kept.changes.push(leave);
  expect(await membersFor(bob, conversationId)).toEqual([ALICE, BOB, CAROL]);
  tellOf(people, ALICE, conversationId);
  await expect.poll(() => stateOf(people, conversationId)).toMatchObject({ epoch: 3, withKey: [ALICE, BOB] });
});

test('[E2E-6] the leave of an owner freezes who is in: it is said, nobody changes it, and the others go on writing', async () => {
  const { people, alice, bob, carol, conversationId } = await createTrio();
  await alice.conversations.leave(conversationId);
  expect(await alice.conversations.get(conversationId)).toMatchObject({ standing: 'removed' });
  expect(await linesFor(bob, conversationId)).toEqual([['created', ALICE, BOB, CAROL], ['owner_left', ALICE]]);
  const attempts = [
    () => bob.conversations.addParticipant(conversationId, DAVE),
    () => bob.conversations.removeParticipant(conversationId, CAROL),
    () => bob.conversations.rotate(conversationId),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'membership_frozen' });
  await expect(alice.conversations.rotate(conversationId)).rejects.toMatchObject({ code: 'not_a_member' });
  await bob.messages.send(conversationId, 'just us');
  expect(await textsOf(carol, conversationId)).toEqual(['just us']);
  expect(stateOf(people, conversationId).epoch).toBe(1);
});

test('[E2E-6] somebody who reset their keys signs the leave with the key that the statement lists', async () => {
  const { people, carol, conversationId } = await createTrio();
  await carol.account.resetIdentity();
  await carol.conversations.leave(conversationId);
  await expect.poll(() => stateOf(people, conversationId)).toMatchObject({ epoch: 2, withKey: [ALICE, BOB] });
});

test('[API-3] a leave and a rotation at the same moment both take place, whichever comes first', async () => {
  const { people, alice, carol, conversationId } = await createTrio();
  await Promise.all([alice.conversations.rotate(conversationId), carol.conversations.leave(conversationId)]);
  await expect.poll(() => stateOf(people, conversationId)).toMatchObject({ withKey: [ALICE, BOB] });
});

test('a chat of two that the other one left is not opened again: a new one is made', async () => {
  const { people, alice, bob } = await createTrio();
  const { conversationId } = await alice.conversations.open([BOB]);
  await bob.conversations.leave(conversationId);
  await expect.poll(() => stateOf(people, conversationId).withKey).toEqual([ALICE]);
  expect((await alice.conversations.open([BOB])).conversationId).not.toBe(conversationId);
});
