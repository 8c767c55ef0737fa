import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CONVERSATIONS_TARGET, sessionKeyTarget } from '../../../protocol/endpoints.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { domainOf, parseUserId } from '../../../protocol/ids.ts';
import type { ConversationId, Domain } from '../../../protocol/ids.ts';
import { createChangeAcceptor } from './accept-change.ts';
import { changeBody, leaveBody, newConversationId, wrappedKeyFor } from '../testing/changes.ts';
import type { ChangeSketch } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { alice, bob, carol, dave, erin, local, otherPeer, peer } from '../testing/people.ts';
import { createCountingWaker, createRecordingNotifier } from '../testing/recorders.ts';
import type { CountingWaker, RecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { createConversationChanger } from './change-conversation.ts';
import type { ChangeBody } from './change-rules.ts';

let stores: TestStores;
let notifier: RecordingNotifier;
let waker: CountingWaker;
let blocked: Set<Domain>;
let change: ReturnType<typeof createConversationChanger>;
let acceptFromPeer: ReturnType<typeof createChangeAcceptor>;
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
  const parts = { localDomain: local, ...stores, policy, notifier, waker, clock: createFakeClock() };
  change = createConversationChanger(parts);
  acceptFromPeer = createChangeAcceptor(parts);
  id = newConversationId(local);
});
afterAll(() => stores.stop());

/** A change of alice's with a key for everybody after it. */
const body = (sketch: Partial<ChangeSketch> & Pick<ChangeSketch, 'action' | 'all'>): ChangeBody =>
  changeBody({ conversationId: id, by: alice, keysFor: sketch.all, ...sketch });
const create = (all: ChangeSketch['all'], sketch: Partial<ChangeSketch> = {}): ChangeBody => body({ action: 'create', epoch: 1, all, ...sketch });
const rotate = (all: ChangeSketch['all'], sketch: Partial<ChangeSketch> = {}): ChangeBody => body({ action: 'rotate_key', epoch: 2, all, ...sketch });
const add = (all: ChangeSketch['all'], sketch: Partial<ChangeSketch> = {}): ChangeBody => body({ action: 'add_participant', epoch: 2, all, ...sketch });

/** Asks for what must be refused and sees that nothing is stored, queued, told or woken. */
async function expectRefusal(asked: ChangeBody, code: ErrorCode): Promise<void> {
  const before = [await stores.rowsOf(asked.conversationId), await stores.queued(asked.conversationId), notifier.told.length, waker.wakes()];
  await expect(change(asked)).rejects.toMatchObject({ name: 'ProtocolError', code });
  expect([await stores.rowsOf(asked.conversationId), await stores.queued(asked.conversationId), notifier.told.length, waker.wakes()]).toEqual(before);
}

describe('a create', () => {
  test("[API-3] goes to each remote server with its own members' keys alone", async () => {
    expect(await change(create([alice, dave, bob, erin, carol]))).toEqual({ status: 'created', conversationId: id });
    const queued = await stores.queued(id);
    expect(queued.map(({ destination, method, target, messageId }) => ({ destination, method, target, messageId }))).toEqual([
      { destination: peer, method: 'POST', target: CONVERSATIONS_TARGET, messageId: null },
      { destination: otherPeer, method: 'POST', target: CONVERSATIONS_TARGET, messageId: null },
    ]);
    expect(queued[0]?.body).toEqual({ ...create([alice, dave, bob, erin, carol]), participantsToAdd: [bob, erin].map(wrappedKeyFor) });
    expect(queued[1]?.body).toEqual({ ...create([alice, dave, bob, erin, carol]), participantsToAdd: [wrappedKeyFor(carol)] });
    expect(await stores.rowsOf(id)).toMatchObject({ keys: 2, changes: 1 });
    expect(waker.wakes()).toBe(1);
  });

  test('[API-3] is told to everybody here as a new conversation, its creator too', async () => {
    await change(create([alice, dave, bob]));
    expect(notifier.told).toEqual([{ userIds: [alice, dave], event: { kind: 'conversation', conversationId: id } }]);
    expect(await stores.conversations.findFor(alice, id)).toMatchObject({ accepted: true });
    expect(await stores.conversations.findFor(dave, id)).toMatchObject({ accepted: false });
  });

  test('among people of this server queues nothing and wakes nobody', async () => {
    await change(create([alice, dave]));
    expect(await stores.queued(id)).toEqual([]);
    expect(waker.wakes()).toBe(0);
  });

  test('[E2E-3] without a key for every member, remote or local, is refused', async () => {
    await expectRefusal(create([alice, bob], { keysFor: [alice] }), 'invalid_body');
    await expectRefusal(create([alice, bob], { keysFor: [bob] }), 'invalid_body');
  });

  test('[API-6] asked for twice is a duplicate and goes out once', async () => {
    await change(create([alice, bob]));
    expect(await change(create([alice, bob]))).toEqual({ status: 'duplicate', conversationId: id });
    expect(await stores.queued(id)).toHaveLength(1);
    expect(notifier.told).toHaveLength(1);
  });

  test('[ID-3] under an id of another domain is refused', async () => {
    id = newConversationId(peer);
    await expectRefusal(create([alice, bob]), 'conversation_owner_mismatch');
  });

  test('[ID-3] under an id without a domain is refused', async () => {
    id = newConversationId();
    await expectRefusal(create([alice, bob]), 'invalid_body');
  });

  test('with somebody of a blocked domain is refused', async () => {
    blocked.add(otherPeer);
    await expectRefusal(create([alice, bob, carol]), 'domain_blocked');
    expect(await change(create([alice, bob]))).toMatchObject({ status: 'created' });
  });

  test('[ID-5] dated more than 300 s ahead is refused', () => expectRefusal(create([alice, bob], { timestamp: '2026-03-01T10:05:00.001Z' }), 'invalid_body'));

  test('[ERR-3] with an unknown person of this server is refused', () => expectRefusal(create([alice, parseUserId('nobody@a.test')]), 'unknown_user'));

  test('[ERR-4] that no peer could read is refused: a lone surrogate, a number too large, too deep', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(16)}1${'}'.repeat(16)}`);
    for (const oddity of ['\ud800', Number.POSITIVE_INFINITY, 2 ** 53, deep]) {
      await expectRefusal({ ...create([alice, bob]), membership: { v: oddity } }, 'invalid_body');
    }
  });

  test('[ERR-4] longer than a peer takes is refused, up to the limit it is accepted', async () => {
    const padded = (length: number): ChangeBody => ({ ...create([alice, bob]), membership: { padding: 'x'.repeat(length) } });
    const bare = Buffer.byteLength(JSON.stringify({ ...padded(0), participantsToAdd: [wrappedKeyFor(bob)] }));
    await expectRefusal(padded(262_144 - bare + 1), 'body_too_large');
    expect(await change(padded(262_144 - bare))).toMatchObject({ status: 'created' });
  });
});

describe('a rotate_key', () => {
  test('[API-4] goes to every server that had a member before, without keys where none remains', async () => {
    await change(create([alice, dave, bob, carol]));
    expect(await change(rotate([alice, dave, bob]))).toEqual({ status: 'updated', conversationId: id });
    const rotations = (await stores.queued(id)).filter(({ method }) => method === 'PUT');
    expect(rotations.map(({ destination, target }) => [destination, target])).toEqual([
      [peer, sessionKeyTarget(id)],
      [otherPeer, sessionKeyTarget(id)],
    ]);
    expect(rotations.map(({ body }) => body['participantsToAdd'])).toEqual([[wrappedKeyFor(bob)], []]);
    expect(rotations.map(({ body }) => body['allParticipants'])).toEqual([[alice, dave, bob], [alice, dave, bob]]);
  });

  test('tells the removed and the remaining of the new membership', async () => {
    await change(create([alice, dave, bob]));
    await change(rotate([alice, bob]));
    expect(notifier.told.at(-1)).toEqual({ userIds: [alice, dave], event: { kind: 'membership', conversationId: id, epoch: 2 } });
  });

  test('removes somebody of a blocked domain', async () => {
    await change(create([alice, bob, carol]));
    blocked.add(otherPeer);
    expect(await change(rotate([alice, bob]))).toMatchObject({ status: 'updated' });
  });

  test('[API-5] of a stale epoch is refused with the current one', async () => {
    await change(create([alice, bob]));
    await change(rotate([alice, bob]));
    await expectRefusal(rotate([alice, bob], { timestamp: '2026-03-01T10:00:01.000Z' }), 'stale_epoch');
    await expect(change(rotate([alice, bob], { epoch: 9 }))).rejects.toMatchObject({ currentEpoch: 2 });
  });
});

describe('an add_participant', () => {
  test("[API-3] goes to old and new servers, each with all of its members' keys", async () => {
    await change(create([alice, bob]));
    await change(add([alice, bob, erin, carol]));
    const additions = (await stores.queued(id)).filter(({ body }) => body['action'] === 'add_participant');
    expect(additions.map(({ destination, body }) => [destination, body['participantsToAdd']])).toEqual([
      [peer, [bob, erin].map(wrappedKeyFor)],
      [otherPeer, [wrappedKeyFor(carol)]],
    ]);
  });

  test('tells newcomers of a conversation and the others of a new membership', async () => {
    await change(create([alice, bob]));
    await change(add([alice, bob, dave]));
    expect(notifier.told.slice(1)).toEqual([
      { userIds: [dave], event: { kind: 'conversation', conversationId: id } },
      { userIds: [alice], event: { kind: 'membership', conversationId: id, epoch: 2 } },
    ]);
  });

  test('[E2E-6] that would be the first statement without who left is refused, and goes out behind the rotation that honours the leave', async () => {
    await change(create([alice, dave, bob]));
    await change(leaveBody({ conversationId: id, by: dave, all: [alice, dave, bob], epoch: 1 }));
    await expectRefusal(add([alice, bob, erin]), 'stale_epoch');
    await expect(change(add([alice, bob, erin]))).rejects.toMatchObject({ currentEpoch: 1 });
    await change(rotate([alice, bob]));
    const addition = add([alice, bob, erin], { epoch: 3 });
    expect(await change(addition)).toMatchObject({ status: 'updated' });
    await acceptFromPeer(leaveBody({ conversationId: id, by: bob, all: [alice, bob, erin], epoch: 3 }), domainOf(bob));
    expect(await change(addition)).toMatchObject({ status: 'duplicate' });
    await expectRefusal(add([alice, erin, carol], { epoch: 4 }), 'stale_epoch');
  });

  test('[E2E-6] that lists who left, or is of Core, goes out at once', async () => {
    await change(create([alice, dave, bob]));
    await change(leaveBody({ conversationId: id, by: dave, all: [alice, dave, bob], epoch: 1 }));
    expect(await change(add([alice, bob, erin], { epoch: undefined, keysFor: [erin] }))).toMatchObject({ status: 'updated' });
    expect(await change(add([alice, bob, erin, dave]))).toMatchObject({ status: 'updated' });
  });

  test('to a conversation that nobody knows is refused, not a founding', () => expectRefusal(add([alice, bob]), 'unknown_conversation'));

  test('to a conversation of others is refused as if nobody knew it', async () => {
    await change(create([alice, bob]));
    await expectRefusal(add([alice, bob, dave], { by: dave }), 'unknown_conversation');
  });

  test('by somebody removed is refused as not a member', async () => {
    await change(create([alice, dave, bob]));
    await change(rotate([alice, bob]));
    await expectRefusal(add([alice, bob, dave], { by: dave, epoch: 3 }), 'not_a_member');
  });

  test('[API-5] to a conversation of another domain is refused', async () => {
    id = newConversationId(peer);
    await acceptFromPeer(changeBody({ action: 'create', conversationId: id, by: bob, all: [bob, alice], keysFor: [alice], epoch: 1 }), domainOf(bob));
    await expectRefusal(add([bob, alice, dave]), 'not_owner_domain');
  });
});
