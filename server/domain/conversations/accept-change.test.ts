import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { domainOf, parseUserId } from '../../../protocol/ids.ts';
import type { ConversationId } from '../../../protocol/ids.ts';
import { changeBody, newConversationId, wrappedKeyFor } from '../testing/changes.ts';
import type { ChangeSketch } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { accountOf, alice, bob, carol, dave, erin, otherPeer, peer, local, vaultOf } from '../testing/people.ts';
import { createRecordingNotifier } from '../testing/recorders.ts';
import type { RecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { createChangeAcceptor } from './accept-change.ts';
import type { ChangeBody } from './change-rules.ts';

let stores: TestStores;
let notifier: RecordingNotifier;
let accept: ReturnType<typeof createChangeAcceptor>;
let id: ConversationId;

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
});
beforeEach(() => {
  notifier = createRecordingNotifier();
  accept = createChangeAcceptor({ localDomain: local, ...stores, notifier, clock: createFakeClock() });
  id = newConversationId(peer);
});
afterAll(() => stores.stop());

const body = (sketch: Partial<ChangeSketch> & Pick<ChangeSketch, 'action'>): ChangeBody =>
  changeBody({ conversationId: id, by: bob, all: [bob, alice], keysFor: [alice], ...sketch });
const create = (sketch: Partial<ChangeSketch> = {}): ChangeBody => body({ action: 'create', epoch: 1, ...sketch });
const rotate = (sketch: Partial<ChangeSketch> = {}): ChangeBody => body({ action: 'rotate_key', epoch: 2, ...sketch });
const add = (sketch: Partial<ChangeSketch> = {}): ChangeBody =>
  body({ action: 'add_participant', epoch: 2, all: [bob, alice, dave], keysFor: [alice, dave], ...sketch });
const send = (change: ChangeBody) => accept(change, domainOf(change.initiatorId));

/** Sends what must be refused and sees that it left no trace. */
async function expectRefusal(change: ChangeBody, code: ErrorCode, origin = domainOf(change.initiatorId)): Promise<void> {
  const before = await stores.rowsOf(change.conversationId);
  const told = notifier.told.length;
  await expect(accept(change, origin)).rejects.toMatchObject({ name: 'ProtocolError', code });
  expect(await stores.rowsOf(change.conversationId)).toEqual(before);
  expect(notifier.told).toHaveLength(told);
}

describe('a create', () => {
  test('[API-3] is stored with its members and the keys of its local ones, and announced to them', async () => {
    expect(await send(create({ all: [bob, alice, carol, dave], keysFor: [alice, dave] }))).toEqual({ status: 'created', conversationId: id });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ ownerDomain: peer, epoch: 1 }], changes: 1, keys: 2, present: [alice, bob, carol, dave] });
    expect((await stores.conversations.historyFor(alice, id))?.sessionKeys).toEqual([{ epoch: 1, encryptedSessionKey: wrappedKeyFor(alice).encryptedSessionKey }]);
    expect(notifier.told).toEqual([{ userIds: [alice, dave], event: { kind: 'conversation', conversationId: id } }]);
    expect(await stores.queued(id)).toEqual([]);
  });

  test('[API-3] is not accepted by those invited until they say so', async () => {
    await send(create());
    expect(await stores.conversations.findFor(alice, id)).toMatchObject({ accepted: false, standing: 'member' });
  });

  test('[API-3] of the initiator of another domain is refused', () => expectRefusal(create(), 'sender_domain_mismatch', otherPeer));

  test("[ERR-3] the initiator's domain is looked at before a repeat", async () => {
    await send(create());
    await expectRefusal(create(), 'sender_domain_mismatch', otherPeer);
  });

  test('[ID-5] dated more than 300 s ahead is refused', () => expectRefusal(create({ timestamp: '2026-03-01T10:05:00.001Z' }), 'invalid_body'));

  test('[ID-5] dated 300 s ahead is accepted', async () => {
    expect(await send(create({ timestamp: '2026-03-01T10:05:00.000Z' }))).toMatchObject({ status: 'created' });
  });

  test('[ID-3] under an id of another owner is refused', async () => {
    id = newConversationId(otherPeer);
    await expectRefusal(create(), 'conversation_owner_mismatch');
  });

  test('[ID-3] in Full under an id without an owner is refused, in Core accepted', async () => {
    id = newConversationId();
    await expectRefusal(create(), 'invalid_body');
    expect(await send(create({ epoch: undefined }))).toMatchObject({ status: 'created' });
  });

  test('[API-6] under a known id with other content is refused', async () => {
    await send(create());
    await expectRefusal(create({ all: [bob, alice, carol] }), 'conversation_exists');
  });

  test('[ID-3] of an id that another domain uses stands beside it', async () => {
    id = newConversationId();
    await send(create({ epoch: undefined, by: carol, all: [carol, dave], keysFor: [dave] }));
    expect(await send(create({ epoch: undefined }))).toEqual({ status: 'created', conversationId: id });
    const { conversation } = await stores.rowsOf(id);
    expect(conversation.map(({ ownerDomain }) => ownerDomain).toSorted()).toEqual([peer, otherPeer]);
    expect(notifier.told.at(-1)).toMatchObject({ userIds: [alice], event: { kind: 'conversation' } });
  });

  test('[ERR-3] for an unknown user is refused, with whoever else is known', async () => {
    const nobody = parseUserId('nobody@a.test');
    await expectRefusal(create({ all: [bob, alice, nobody], keysFor: [alice, nobody] }), 'unknown_user');
  });

  test('[ERR-3] for a deactivated user is refused', async () => {
    const gone = parseUserId('gone@a.test');
    await stores.accounts.insert(accountOf(gone, { deactivatedAt: new Date('2026-01-01T00:00:00.000Z') }), vaultOf(1));
    await expectRefusal(create({ all: [bob, gone], keysFor: [gone] }), 'user_gone');
  });

  test('[API-3] without a key for each local member is refused', () => expectRefusal(create({ all: [bob, alice, dave] }), 'invalid_body'));

  test('[API-6] ten times at once is stored once', async () => {
    const change = create();
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await send(change)).status));
    expect(statuses.toSorted()).toEqual(['created', ...Array.from({ length: 9 }, () => 'duplicate')]);
    expect(notifier.told).toHaveLength(1);
  });
});

describe('a repeat', () => {
  test('[API-6] is a duplicate, also after later changes, and tells nobody', async () => {
    await send(create());
    await send(add());
    await send(rotate({ epoch: 3 }));
    const told = notifier.told.length;
    for (const change of [create(), add(), rotate({ epoch: 3 })]) {
      expect(await send(change)).toEqual({ status: 'duplicate', conversationId: id });
    }
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 3 }], changes: 3, present: [alice, bob] });
    expect(notifier.told).toHaveLength(told);
  });

  test('[API-6] is a duplicate although this server has no member left', async () => {
    await send(create());
    await send(rotate({ all: [bob], keysFor: [] }));
    expect(await send(rotate({ all: [bob], keysFor: [] }))).toMatchObject({ status: 'duplicate' });
  });
});

describe('an add_participant', () => {
  test('[API-3] tells newcomers of a conversation and the others of a new membership', async () => {
    await send(create());
    expect(await send(add())).toEqual({ status: 'updated', conversationId: id });
    expect(notifier.told.slice(1)).toEqual([
      { userIds: [dave], event: { kind: 'conversation', conversationId: id } },
      { userIds: [alice], event: { kind: 'membership', conversationId: id, epoch: 2 } },
    ]);
  });

  test('[API-3] for an unknown conversation founds it at the epoch given', async () => {
    expect(await send(add({ epoch: 5 }))).toEqual({ status: 'updated', conversationId: id });
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ ownerDomain: peer, epoch: 5 }], present: [alice, bob, dave] });
  });

  test('[API-5] in Core leaves the epoch unchanged and gives the newcomer the key of it', async () => {
    await send(create());
    await send(add({ epoch: undefined, keysFor: [dave] }));
    expect(await stores.rowsOf(id)).toMatchObject({ conversation: [{ epoch: 1 }], keys: 2 });
    expect((await stores.conversations.historyFor(dave, id))?.sessionKeys).toMatchObject([{ epoch: 1 }]);
  });

  test('[API-5] of a stale epoch is refused with the current one', async () => {
    await send(create());
    await expectRefusal(add({ epoch: 1 }), 'stale_epoch');
    await expect(send(add({ epoch: 9 }))).rejects.toMatchObject({ code: 'stale_epoch', currentEpoch: 1 });
  });

  test('[API-5] of a member of another domain than the owner is refused', async () => {
    await send(create({ all: [bob, alice, carol] }));
    await expectRefusal(add({ by: carol, all: [bob, alice, carol, dave] }), 'not_owner_domain');
  });

  test('[ERR-3] of somebody who is no member is refused', async () => {
    await send(create());
    await expectRefusal(add({ by: erin, all: [bob, alice, dave, erin] }), 'not_a_member');
  });

  test('[API-5] beyond the last epoch that is kept is refused, not a fault of ours', async () => {
    await send(add({ epoch: 2 ** 31 - 1, all: [bob, alice], keysFor: [alice] }));
    await expectRefusal(rotate({ epoch: 2 ** 31 }), 'invalid_body');
  });
});

describe('a rotate_key', () => {
  test('[API-4] tells the removed and the remaining of the new membership', async () => {
    await send(create({ all: [bob, alice, dave], keysFor: [alice, dave] }));
    await send(rotate());
    expect(notifier.told.at(-1)).toEqual({ userIds: [alice, dave], event: { kind: 'membership', conversationId: id, epoch: 2 } });
    expect((await stores.conversations.historyFor(dave, id))?.sessionKeys).toMatchObject([{ epoch: 1 }]);
  });

  test('[API-4] that leaves nobody here is accepted without keys', async () => {
    await send(create());
    expect(await send(rotate({ all: [bob], keysFor: [] }))).toMatchObject({ status: 'updated' });
    expect(await stores.conversations.findFor(alice, id)).toMatchObject({ standing: 'removed' });
  });

  test('[ERR-3] of an unknown conversation is refused', () => expectRefusal(rotate(), 'unknown_conversation'));

  test('[API-5] of two at once one is stale', async () => {
    await send(create({ all: [bob, alice, dave], keysFor: [alice, dave] }));
    const outcomes = await Promise.allSettled([send(rotate()), send(rotate({ all: [bob, dave], keysFor: [dave] }))]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({ code: 'stale_epoch', currentEpoch: 2 });
  });
});
