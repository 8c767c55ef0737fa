import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { domainOf } from '../../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../../protocol/ids.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import { changeBody, newConversationId, wrappedKeyFor } from '../testing/changes.ts';
import type { ChangeSketch } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { alice, bob, carol, dave, erin, local } from '../testing/people.ts';
import { createRecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { createChangeAcceptor } from './accept-change.ts';
import type { ChangeBody } from './change-rules.ts';

let stores: TestStores;
let accept: (body: ChangeBody) => ReturnType<ReturnType<typeof createChangeAcceptor>>;
let id: ConversationId;

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
  const acceptChange = createChangeAcceptor({ localDomain: local, ...stores, notifier: createRecordingNotifier(), clock: createFakeClock() });
  accept = (body) => acceptChange(body, domainOf(body.initiatorId));
});
beforeEach(() => {
  id = newConversationId(domainOf(bob));
});
afterAll(() => stores.stop());

const members = [bob, erin, alice, dave];
const isHere = (userId: UserId): boolean => domainOf(userId) === local;

/** A Full change with everything that a change can have. */
function change(action: ChangeSketch['action'], epoch: number, all: readonly UserId[] = members): ChangeBody {
  return {
    ...changeBody({ action, conversationId: id, by: bob, all, keysFor: all.filter(isHere), epoch }),
    membership: { conversationId: id, epoch, participants: all.map((userId) => ({ userId })), note: { a: 1, b: [2] } },
    membershipSignature: Buffer.alloc(64, 1).toString('base64'),
  };
}

/** Says the same with the members of every object turned round. */
function turnedRound<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).toReversed()) : each,
  );
}

/** What the receiver keeps of a change, each altered alone. */
const alterations: readonly (readonly [member: string, alter: (body: ChangeBody) => ChangeBody])[] = [
  ['initiatorId', (body) => ({ ...body, initiatorId: erin })],
  ['participantsToAdd', (body) => ({ ...body, participantsToAdd: body.participantsToAdd.map(({ userId }) => ({ userId, encryptedSessionKey: 'AAAA' })) })],
  ['allParticipants', (body) => ({ ...body, allParticipants: body.allParticipants.toReversed() })],
  ['timestamp', (body) => ({ ...body, timestamp: parseTimestamp('2026-03-01T10:00:00.001Z') })],
  ['membership', (body) => ({ ...body, membership: { ...body.membership, note: { a: 1, b: [3] } } })],
  ['membershipSignature', (body) => ({ ...body, membershipSignature: Buffer.alloc(64, 2).toString('base64') })],
];

describe('[API-6] the same content', () => {
  test.each(['create', 'add_participant', 'rotate_key'] as const)('of a %s in another order of members is a duplicate', async (action) => {
    if (action !== 'create') await accept(change('create', 1));
    const body = change(action, action === 'create' ? 1 : 2);
    await accept(body);
    expect(JSON.stringify(turnedRound(body))).not.toBe(JSON.stringify(body));
    expect(await accept(turnedRound(body))).toEqual({ status: 'duplicate', conversationId: id });
  });

  test('of a change that founded nothing but an addition is a duplicate after the conversation moved on', async () => {
    await accept(change('add_participant', 5));
    await accept(change('rotate_key', 6));
    expect(await accept(change('add_participant', 5))).toMatchObject({ status: 'duplicate' });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 6 }], changes: 2 });
  });

  test('in Core is a duplicate too: the same rotation twice rotates once', async () => {
    await accept(changeBody({ action: 'create', conversationId: id, by: bob, all: members, keysFor: [alice, dave] }));
    const rotation = changeBody({ action: 'rotate_key', conversationId: id, by: bob, all: members, keysFor: [alice, dave] });
    expect(await accept(rotation)).toMatchObject({ status: 'updated' });
    expect(await accept(rotation)).toMatchObject({ status: 'duplicate' });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 2 }] });
  });
});

describe('[API-6] other content', () => {
  test.each(alterations)('under a known conversation is a conflict: another %s', async (_member, alter) => {
    await accept(change('create', 1));
    await expect(accept(alter(change('create', 1)))).rejects.toMatchObject({ code: 'conversation_exists' });
    expect(await stores.rowsOf(id)).toMatchObject({ changes: 1 });
  });

  test.each(alterations)('under a known epoch is a conflict: another %s', async (_member, alter) => {
    await accept(change('create', 1));
    await accept(change('rotate_key', 2));
    await expect(accept(alter(change('rotate_key', 2)))).rejects.toMatchObject({ code: 'stale_epoch', currentEpoch: 2 });
    expect(await stores.rowsOf(id)).toMatchObject({ changes: 2 });
  });

  test('under a known epoch by another action is a conflict', async () => {
    await accept(change('create', 1));
    await accept(change('rotate_key', 2));
    await expect(accept(change('add_participant', 2))).rejects.toMatchObject({ code: 'stale_epoch' });
  });
});

describe('[ID-3] one id under two owners', () => {
  const byCarol = (action: ChangeSketch['action'], all: readonly UserId[] = [carol, alice]): ChangeBody =>
    changeBody({ action, conversationId: id, by: carol, all, keysFor: all.filter(isHere) });
  const byBob = (action: ChangeSketch['action'], all: readonly UserId[] = [bob, dave]): ChangeBody =>
    changeBody({ action, conversationId: id, by: bob, all, keysFor: all.filter(isHere) });

  beforeEach(async () => {
    id = newConversationId();
    await accept(byCarol('create'));
    await accept(byBob('create'));
  });

  test('each owner changes their own', async () => {
    await accept(byCarol('rotate_key'));
    await accept(byCarol('rotate_key', [carol]));
    const { conversation, present } = await stores.rowsOf(id);
    expect(Object.fromEntries(conversation.map(({ ownerDomain, epoch }) => [ownerDomain, epoch]))).toEqual({ 'b.test': 1, 'c.test': 3 });
    expect(present).toEqual([bob, carol, dave]);
  });

  test('each repeat is known, whoever came first', async () => {
    for (const body of [byCarol('create'), byBob('create')]) expect(await accept(body)).toMatchObject({ status: 'duplicate' });
    await expect(accept({ ...byBob('create'), timestamp: parseTimestamp('2026-03-01T10:00:00.001Z') })).rejects.toMatchObject({ code: 'conversation_exists' });
  });
});

describe('[API-3] what is taken as it comes', () => {
  test('a wrapped key of one byte: its length is not judged', async () => {
    await accept({ ...change('create', 1), participantsToAdd: [{ ...wrappedKeyFor(alice), encryptedSessionKey: 'AA==' }, wrappedKeyFor(dave)] });
    expect((await stores.conversations.historyFor(alice, id))?.sessionKeys).toEqual([{ epoch: 1, encryptedSessionKey: 'AA==' }]);
  });

  test('who is new follows from the list of all, not from the keys: a remote newcomer brings none', async () => {
    await accept(change('create', 1));
    await accept(changeBody({ action: 'add_participant', conversationId: id, by: bob, all: [...members, carol], keysFor: [] }));
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 1 }], present: [alice, bob, carol, dave, erin] });
  });

  test('a statement comes back whole', async () => {
    const body = change('create', 1);
    await accept(body);
    const { changes } = (await stores.conversations.historyFor(alice, id)) ?? { changes: [] };
    expect(changes).toMatchObject([{ membership: body.membership, membershipSignature: body.membershipSignature, timestamp: body.timestamp, initiatorId: bob }]);
  });
});
