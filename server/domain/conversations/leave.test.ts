import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONVERSATIONS_TARGET } from '../../../protocol/endpoints.ts';
import { domainOf, parseUserId } from '../../../protocol/ids.ts';
import type { ConversationId, Domain, UserId } from '../../../protocol/ids.ts';
import { conversationBody } from '../../../protocol/schemas/conversation-body.ts';
import { createMessageAcceptor } from '../messages/accept-messages.ts';
import { changeBody, leaveBody, leaveSignature, newConversationId } from '../testing/changes.ts';
import type { ChangeSketch } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { newMessageId, payloadOf, spentTicket } from '../testing/messages.ts';
import { alice, bob, carol, dave, erin, local, otherPeer, peer } from '../testing/people.ts';
import { createCountingWaker, createRecordingNotifier } from '../testing/recorders.ts';
import type { CountingWaker, RecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { unobservedTraffic } from '../traffic-observer.ts';
import { createChangeAcceptor } from './accept-change.ts';
import { createConversationChanger } from './change-conversation.ts';
import type { ChangeBody } from './change-rules.ts';

let stores: TestStores;
let notifier: RecordingNotifier;
let waker: CountingWaker;
let blocked: Set<Domain>;
let change: ReturnType<typeof createConversationChanger>;
let acceptMessages: ReturnType<typeof createMessageAcceptor>;
let accept: (body: ChangeBody) => ReturnType<ReturnType<typeof createChangeAcceptor>>;
let id: ConversationId;

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
});
beforeEach(() => {
  notifier = createRecordingNotifier();
  waker = createCountingWaker();
  blocked = new Set();
  const policy = { isBlocked: async (domain: Domain) => blocked.has(domain) };
  const parts = { localDomain: local, ...stores, policy, notifier, waker, traffic: unobservedTraffic, clock: createFakeClock() };
  change = createConversationChanger(parts);
  acceptMessages = createMessageAcceptor(parts);
  const acceptChange = createChangeAcceptor(parts);
  accept = (body) => acceptChange(body, domainOf(body.initiatorId));
});
afterAll(() => stores.stop());

/** Somebody whom no group has. */
const zoe = parseUserId('zoe@c.test');
const group = [bob, erin, alice, dave, carol];
const isHere = (userId: UserId): boolean => domainOf(userId) === local;
/** A change by bob, whose domain owns the conversation. */
const byOwner = (action: ChangeSketch['action'], epoch: number, all: readonly UserId[] = group): ChangeBody =>
  changeBody({ action, conversationId: id, by: bob, all, keysFor: all.filter(isHere), epoch });
const leave = (by: UserId, sketch: Partial<ChangeSketch> = {}) => leaveBody({ conversationId: id, by, all: group, epoch: 1, ...sketch });
const message = async (senderId: UserId) => {
  const body = { conversationId: id, messageId: newMessageId(), senderId, recipientServerDomain: local, payload: payloadOf('hello'), timestamp: leave(bob).timestamp };
  return (await acceptMessages([body], domainOf(senderId), spentTicket))[0];
};

describe('a leave that a peer sends', () => {
  beforeEach(async () => {
    id = newConversationId(peer);
    await accept(byOwner('create', 1));
    notifier.told.length = 0;
  });

  test('[API-3] takes its initiator out, keeps the epoch and gives no keys', async () => {
    const before = await stores.rowsOf(id);
    expect(await accept(leave(carol))).toEqual({ status: 'updated', conversationId: id });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 1 }], changes: 2, keys: before.keys, present: [alice, bob, dave, erin] });
  });

  test('[API-5] comes from the domain of whoever leaves, not of the owner alone', async () => {
    for (const leaver of [carol, erin, bob]) expect(await accept(leave(leaver))).toMatchObject({ status: 'updated' });
    expect(await stores.rowsOf(id)).toMatchObject({ present: [alice, dave] });
  });

  test('[E2E-6] is kept with its signature and time, so that the owner can honour it', async () => {
    const body = leave(carol);
    await accept(body);
    const { changes } = (await stores.conversations.historyFor(alice, id)) ?? { changes: [] };
    expect(changes.at(-1)).toMatchObject({ action: 'leave', initiatorId: carol, epoch: 1, leaveSignature, timestamp: body.timestamp, allParticipants: [alice, bob, dave, erin] });
    expect(changes.at(0)).toMatchObject({ action: 'create', leaveSignature: null });
  });

  test('[API-3] tells the local members of the new membership', async () => {
    await accept(leave(carol));
    expect(notifier.told).toEqual([{ userIds: [alice, dave], event: { kind: 'membership', conversationId: id, epoch: 1 } }]);
  });

  test('[API-6] is a duplicate when it comes again, also after later changes and after a return', async () => {
    await accept(leave(carol));
    expect(await accept(leave(carol))).toEqual({ status: 'duplicate', conversationId: id });
    await accept(byOwner('rotate_key', 2, [bob, erin, alice, dave]));
    await accept(byOwner('add_participant', 3));
    expect(await accept(leave(carol))).toEqual({ status: 'duplicate', conversationId: id });
    expect(await stores.rowsOf(id)).toMatchObject({ changes: 4, present: [alice, bob, carol, dave, erin] });
  });

  test('[API-3] may be followed by a return, and that by another leave', async () => {
    await accept(leave(carol));
    await accept(byOwner('add_participant', 2));
    await accept(leave(carol, { epoch: 2 }));
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 2 }], present: [alice, bob, dave, erin] });
  });

  test('[API-2] ends what its initiator may send; the next rotation goes on without them', async () => {
    await message(carol);
    await accept(leave(carol));
    expect(await message(carol)).toMatchObject({ code: 'not_a_member' });
    expect(await accept(byOwner('rotate_key', 2, [bob, erin, alice, dave]))).toMatchObject({ status: 'updated' });
  });

  test('[API-4] is overtaken by a rotation that crossed it: who left is a member again, and later epochs follow', async () => {
    await accept(leave(carol));
    expect(await accept(byOwner('rotate_key', 2))).toMatchObject({ status: 'updated' });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 2 }], present: [alice, bob, carol, dave, erin] });
    await accept(leave(carol, { epoch: 2 }));
    await accept(byOwner('rotate_key', 3, [bob, erin, alice, dave]));
    await expect(accept(byOwner('rotate_key', 4))).rejects.toMatchObject({ code: 'invalid_body', pointer: '/allParticipants' });
  });

  test.each<[string, () => ChangeBody, object]>([
    ['[ERR-3] of a conversation unknown here', () => leave(carol, { conversationId: newConversationId(peer) }), { code: 'unknown_conversation' }],
    ['[ERR-3] of who is no member', () => leave(carol, { by: zoe }), { code: 'not_a_member' }],
    ['[API-5] of an epoch gone by', () => leave(carol, { epoch: 1, timestamp: '2026-03-01T09:00:00.000Z' }), { code: 'stale_epoch', currentEpoch: 2 }],
    ['[API-5] of an epoch that is not known yet', () => leave(carol, { epoch: 3 }), { code: 'stale_epoch', currentEpoch: 2 }],
    ['[ID-5] dated more than 300 s ahead', () => leave(carol, { epoch: 2, timestamp: '2026-03-01T10:05:00.001Z' }), { code: 'invalid_body', pointer: '/timestamp' }],
  ])('%s is refused and leaves nothing', async (_name, body, refusal) => {
    await accept(byOwner('rotate_key', 2));
    const before = await stores.rowsOf(id);
    await expect(accept(body())).rejects.toMatchObject(refusal);
    expect(await stores.rowsOf(id)).toEqual(before);
  });

  test('[API-5] that the next epoch was faster than is a success that changes nothing and tells nobody', async () => {
    await accept(byOwner('rotate_key', 2, [bob, erin, alice, dave]));
    const [before, told] = [await stores.rowsOf(id), notifier.told.length];
    expect(await accept(leave(carol))).toEqual({ status: 'duplicate', conversationId: id });
    expect(await stores.rowsOf(id)).toEqual(before);
    expect(notifier.told).toHaveLength(told);
    await expect(accept(leave(carol, { epoch: 2 }))).rejects.toMatchObject({ code: 'not_a_member' });
    await expect(accept(leave(zoe))).rejects.toMatchObject({ code: 'not_a_member' });
  });

  test('[API-3] of another domain than its initiator is refused', async () => {
    const acceptFrom = createChangeAcceptor({ localDomain: local, ...stores, notifier, clock: createFakeClock() });
    await expect(acceptFrom(leave(carol), peer)).rejects.toMatchObject({ code: 'sender_domain_mismatch' });
  });

  test('[API-3] without an epoch is of the present one', async () => {
    expect(await accept(leave(carol, { epoch: undefined }))).toMatchObject({ status: 'updated' });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 1 }] });
  });

  test('[API-3] is taken although its list is out of date or names somebody unknown here', async () => {
    await accept(leave(erin, { all: [erin] }));
    expect(await accept(leave(carol, { all: [...group, zoe] }))).toMatchObject({ status: 'updated' });
    expect(await stores.rowsOf(id)).toMatchObject({ present: [alice, bob, dave] });
  });

  test('[ID-3] of two conversations of one id means the one that its initiator is in', async () => {
    id = newConversationId();
    const founded = (by: UserId, all: readonly UserId[]) => accept(changeBody({ action: 'create', conversationId: id, by, all, keysFor: all.filter(isHere) }));
    await founded(carol, [carol, dave]);
    await founded(bob, [bob, alice, erin]);
    await accept(changeBody({ action: 'add_participant', conversationId: id, by: bob, all: [bob, alice, erin, zoe], keysFor: [] }));
    const body = leave(zoe, { all: [bob, alice, erin, zoe], epoch: undefined });
    await accept(body);
    expect((await stores.rowsOf(id)).present.toSorted()).toEqual([alice, bob, carol, dave, erin]);
    expect(await accept(body)).toMatchObject({ status: 'duplicate' });
  });
});

describe('a leave of a local person', () => {
  const own = [alice, dave, bob, carol];
  beforeEach(async () => {
    id = newConversationId(local);
    await change(changeBody({ action: 'create', conversationId: id, by: alice, all: own, keysFor: own, epoch: 1 }));
    notifier.told.length = 0;
  });

  test('[E2E-6] goes to every other server of the conversation, for Full peers alone', async () => {
    const wakes = waker.wakes();
    expect(await change(leave(dave, { all: own }))).toEqual({ status: 'updated', conversationId: id });
    const queued = await stores.queued(id);
    expect(queued.map(({ destination, fullOnly, body }) => [destination, fullOnly, body['action']])).toEqual([
      [peer, false, 'create'],
      [peer, true, 'leave'],
      [otherPeer, false, 'create'],
      [otherPeer, true, 'leave'],
    ].toSorted());
    expect(waker.wakes()).toBe(wakes + 1);
    const [sent] = queued.filter(({ body }) => body['action'] === 'leave');
    expect(sent).toMatchObject({ method: 'POST', target: CONVERSATIONS_TARGET, messageId: null });
    expect(conversationBody.parse(sent?.body)).toEqual({ ...leave(dave), allParticipants: own.toSorted() });
  });

  test('[API-3] states the members as they are stored here, whatever its browser knows, and no statement', async () => {
    await change({ ...leave(dave, { all: [dave] }), membership: { conversationId: id, epoch: 1, participants: [{ userId: dave }] } });
    const [sent] = (await stores.queued(id)).filter(({ body }) => body['action'] === 'leave');
    expect(sent?.body['allParticipants']).toEqual(own.toSorted());
    expect(sent?.body).not.toHaveProperty('membership');
  });

  test('tells the local members, the one who left too', async () => {
    await change(leave(dave, { all: own }));
    expect(notifier.told).toEqual([{ userIds: [alice, dave], event: { kind: 'membership', conversationId: id, epoch: 1 } }]);
    expect(await stores.conversations.findFor(dave, id)).toMatchObject({ standing: 'removed', accepted: false, participants: [alice, bob, carol] });
    expect(await stores.conversations.findFor(alice, id)).toMatchObject({ standing: 'member', participants: [alice, bob, carol] });
  });

  test('[E2E-6] of the owner is possible', async () => {
    await change(leave(alice, { all: own }));
    expect(await stores.rowsOf(id)).toMatchObject({ present: [bob, carol, dave] });
  });

  test('[API-4] is honoured by the next rotation of a local owner: it cannot list who left', async () => {
    await change(leave(dave, { all: own }));
    const rotation = (all: readonly UserId[]) => changeBody({ action: 'rotate_key', conversationId: id, by: alice, all, keysFor: all, epoch: 2 });
    await expect(change(rotation(own))).rejects.toMatchObject({ code: 'invalid_body', pointer: '/allParticipants' });
    expect(await change(rotation([alice, bob, carol]))).toMatchObject({ status: 'updated' });
  });

  test('[API-6] asked for twice goes out once', async () => {
    await change(leave(dave));
    expect(await change(leave(dave))).toMatchObject({ status: 'duplicate' });
    expect((await stores.queued(id)).filter(({ body }) => body['action'] === 'leave')).toHaveLength(2);
  });

  test('is possible with a blocked domain in the conversation', async () => {
    blocked.add(otherPeer);
    expect(await change(leave(dave, { all: own }))).toMatchObject({ status: 'updated' });
  });

  test('of a stale epoch is refused', async () => {
    await expect(change(leave(dave, { epoch: 2 }))).rejects.toMatchObject({ code: 'stale_epoch', currentEpoch: 1 });
    expect(await stores.rowsOf(id)).toMatchObject({ changes: 1 });
  });

  test('of a conversation of others is refused as if nobody knew it, of one left before as not a member', async () => {
    await change(leave(dave));
    await expect(change(leave(dave, { timestamp: '2026-03-01T10:00:01.000Z' }))).rejects.toMatchObject({ code: 'not_a_member' });
    id = newConversationId(local);
    await change(changeBody({ action: 'create', conversationId: id, by: alice, all: [alice, bob], keysFor: [alice, bob], epoch: 1 }));
    await expect(change(leave(dave, { all: [alice, bob, dave] }))).rejects.toMatchObject({ code: 'unknown_conversation' });
  });

  test('[API-3] of a conversation of another domain is sent to that domain and to the others', async () => {
    id = newConversationId(peer);
    await accept(byOwner('create', 1));
    await change(leave(dave));
    expect((await stores.queued(id)).map(({ destination, fullOnly }) => [destination, fullOnly])).toEqual([[peer, true], [otherPeer, true]]);
  });
});

describe('[ERR-3] a conversation that the last local member left', () => {
  beforeEach(async () => {
    id = newConversationId(peer);
    await accept(byOwner('create', 1));
    for (const leaver of [alice, dave]) await change(leave(leaver));
  });

  test('is unknown to a message', async () => {
    expect(await message(bob)).toMatchObject({ code: 'unknown_conversation' });
  });

  test('[API-3] is founded anew by an add_participant of its owner domain at a later epoch, as it is told then', async () => {
    const members = [erin, bob, alice];
    expect(await accept(changeBody({ action: 'add_participant', conversationId: id, by: erin, all: members, keysFor: [alice], epoch: 7 }))).toMatchObject({ status: 'updated' });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 7 }], present: [alice, bob, erin] });
    expect((await stores.conversations.historyFor(alice, id))?.changes).toMatchObject([{ epoch: 7 }]);
    expect(await message(bob)).toMatchObject({ status: 'accepted' });
  });

  test('[API-5] is founded anew in Core with whom it says, though others came and went meanwhile, at the last epoch', async () => {
    const members = [zoe, bob, alice, dave];
    expect(await accept(changeBody({ action: 'add_participant', conversationId: id, by: bob, all: members, keysFor: [alice] }))).toMatchObject({ status: 'updated' });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 1 }], present: [alice, bob, dave, zoe] });
    expect(await message(bob)).toMatchObject({ status: 'accepted' });
  });

  test('[API-5] is not founded anew at an epoch that it had, nor by another domain', async () => {
    await expect(accept(byOwner('add_participant', 1, [...group, zoe]))).rejects.toMatchObject({ code: 'stale_epoch', currentEpoch: 1 });
    const byCarol = changeBody({ action: 'add_participant', conversationId: id, by: carol, all: group, keysFor: [alice, dave], epoch: 7 });
    await expect(accept(byCarol)).rejects.toMatchObject({ code: 'not_owner_domain' });
  });

  test('[API-5] no local stranger takes up what the local members of an own conversation left', async () => {
    id = newConversationId(local);
    await change(changeBody({ action: 'create', conversationId: id, by: alice, all: [alice, bob], keysFor: [alice, bob], epoch: 1 }));
    await change(leave(alice));
    const all = [alice, bob, dave];
    await expect(change(changeBody({ action: 'add_participant', conversationId: id, by: dave, all, keysFor: all, epoch: 2 }))).rejects.toMatchObject({ code: 'unknown_conversation' });
  });
});
