import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { ConversationId, Domain, UserId } from '../../../protocol/ids.ts';
import { changeBody, leaveBody, leaveSignature, newConversationId } from '../testing/changes.ts';
import type { ChangeSketch } from '../testing/changes.ts';
import { alice, bob, carol, dave, erin, isLocal, local, otherPeer, peer } from '../testing/people.ts';
import type { OutboxDraft } from '../outbox/outbox-store.ts';
import type { AccountStanding, ConversationState } from '../ports.ts';
import { decideChange } from './change-rules.ts';
import type { ChangeBody, ChangeContext } from './change-rules.ts';

const id = newConversationId(peer);
const coreId = newConversationId();
const now = new Date('2026-03-01T10:00:00.000Z');

/** A conversation of bob's at epoch 3, as a.test knows it. */
function stateOf(participants: readonly UserId[], overrides: Partial<ConversationState> = {}): ConversationState {
  return { key: 1n, ownerDomain: peer, conversationId: id, epoch: 3, participants, leftInEpoch: [], actorRemovedAtEpoch: null, ...overrides };
}

interface Given {
  readonly state?: ConversationState | null;
  readonly repeat?: boolean;
  readonly speaker?: Domain;
  readonly unknown?: readonly UserId[];
  readonly gone?: readonly UserId[];
  /** Takes down who is looked up, one entry for each time. */
  readonly lookups?: (readonly UserId[])[];
}

function standingOf(userId: UserId, { unknown = [], gone = [] }: Given): AccountStanding {
  if (unknown.includes(userId)) return 'unknown';
  return gone.includes(userId) ? 'gone' : 'active';
}

function decide(body: ChangeBody, given: Given = {}, overrides: Partial<ChangeContext> = {}) {
  const context: ChangeContext = {
    body,
    speaker: given.speaker ?? domainOf(body.initiatorId),
    localDomain: local,
    needsKey: isLocal,
    contentHash: 'hash',
    now,
    deliveriesFor: () => [],
    ...overrides,
  };
  return decideChange(context, {
    state: given.state ?? null,
    repeat: given.repeat ?? false,
    findStandings: async (userIds) => {
      given.lookups?.push(userIds);
      return new Map(userIds.map((userId) => [userId, standingOf(userId, given)]));
    },
  });
}

/** Names the outcome: the code of the refusal with its pointer, duplicate, or what is written. */
async function outcome(body: ChangeBody, given: Given = {}): Promise<string> {
  const decision = await decide(body, given);
  if (decision.kind === 'refuse') return [decision.refusal.code, decision.refusal.pointer].filter((part) => part !== undefined).join(' ');
  return decision.kind === 'apply' ? `apply ${decision.write.epoch}` : decision.kind;
}

const sketch = (conversationId: ConversationId, overrides: Partial<ChangeSketch> & Pick<ChangeSketch, 'action'>): ChangeBody =>
  changeBody({ conversationId, by: bob, all: [bob, alice], keysFor: [alice], ...overrides });
const create = (overrides: Partial<ChangeSketch> = {}): ChangeBody => sketch(id, { action: 'create', epoch: 1, ...overrides });
const add = (overrides: Partial<ChangeSketch> = {}): ChangeBody =>
  sketch(id, { action: 'add_participant', epoch: 4, all: [bob, alice, dave], keysFor: [alice, dave], ...overrides });
const rotate = (overrides: Partial<ChangeSketch> = {}): ChangeBody => sketch(id, { action: 'rotate_key', epoch: 4, ...overrides });

const members = stateOf([bob, alice, carol]);
const table = (rows: readonly (readonly [name: string, body: ChangeBody, given: Given, expected: string])[]): void => {
  test.each(rows)('%s', async (...[, body, given, expected]) => expect(await outcome(body, given)).toBe(expected));
};

describe('a founding', () => {
  table([
    ['[API-3] a Full create is applied at epoch 1', create(), {}, 'apply 1'],
    ['[API-3] a Core create is applied at epoch 1', sketch(coreId, { action: 'create' }), {}, 'apply 1'],
    ['[API-6] a repeat is a duplicate', create(), { state: members, repeat: true }, 'duplicate'],
    ['[API-6] a repeat is a duplicate although its initiator is no member any more', add(), { state: stateOf([carol]), repeat: true }, 'duplicate'],
    ['[ID-3] an id that names another owner is refused', create({ conversationId: newConversationId(otherPeer) }), {}, 'conversation_owner_mismatch'],
    ['[ERR-3] the owner of the id is looked at before whether it exists', create({ conversationId: newConversationId(otherPeer) }), { state: members }, 'conversation_owner_mismatch'],
    ['[ID-3] a Full founding needs an owner in its id', create({ conversationId: coreId }), {}, 'invalid_body /conversationId'],
    ['[API-6] other content under a known id is refused', create(), { state: members }, 'conversation_exists'],
    ['[ERR-3] an existing id is refused before its local users are looked at', create(), { state: members, unknown: [alice] }, 'conversation_exists'],
    ['[ID-3] an id of another owner is free for this one', sketch(coreId, { action: 'create' }), { state: stateOf([carol, dave], { ownerDomain: otherPeer }) }, 'apply 1'],
    ['[ERR-3] an unknown local user is refused', create(), { unknown: [alice] }, 'unknown_user'],
    ['[ERR-3] a deactivated local user is refused', create(), { gone: [alice] }, 'user_gone'],
    ['[ERR-3] local users are looked at before keys', create({ keysFor: [] }), { unknown: [alice] }, 'unknown_user'],
    ['[API-3] a local member without a key is refused', create({ all: [bob, alice, dave] }), {}, 'invalid_body /participantsToAdd'],
    ['[API-3] a key for each local member is accepted', create({ all: [bob, alice, dave], keysFor: [dave, alice] }), {}, 'apply 1'],
    ["[API-3] a key for another server's user is refused", create({ keysFor: [alice, bob] }), {}, 'invalid_body /participantsToAdd'],
    ['[API-3] no local member is refused', create({ all: [bob, carol], keysFor: [] }), {}, 'invalid_body /participantsToAdd'],
  ]);
});

describe('an add_participant for an unknown conversation founds it', () => {
  table([
    ['[API-3] at the epoch that it states', add({ epoch: 7 }), {}, 'apply 7'],
    ['[API-5] at epoch 1 where it states none', sketch(coreId, { action: 'add_participant' }), {}, 'apply 1'],
    ['[API-5] an epoch that no counter holds is refused', add({ epoch: 2 ** 31 }), {}, 'invalid_body /epoch'],
    ['[API-5] the last epoch that a counter holds is accepted', add({ epoch: 2 ** 31 - 1 }), {}, `apply ${2 ** 31 - 1}`],
    ['[ID-3] not under an id that names another owner', add({ conversationId: newConversationId(local) }), {}, 'conversation_owner_mismatch'],
    ['[ID-3] in Full not under an id without owner', add({ conversationId: coreId }), {}, 'invalid_body /conversationId'],
    ['[API-3] in Core with a key for those added, whoever else is local', sketch(coreId, { action: 'add_participant', all: [bob, alice, dave], keysFor: [dave] }), {}, 'apply 1'],
    ['[API-3] in Core not without any key', sketch(coreId, { action: 'add_participant', keysFor: [] }), {}, 'invalid_body /participantsToAdd'],
    ['[API-3] not without a local member', add({ all: [bob, carol], keysFor: [] }), {}, 'invalid_body /participantsToAdd'],
    ["[API-3] in Core not with a key for another server's user", sketch(coreId, { action: 'add_participant', keysFor: [alice, bob] }), {}, 'invalid_body /participantsToAdd'],
    ['[ERR-3] not for an unknown local user', add({ epoch: 7 }), { unknown: [dave] }, 'unknown_user'],
    ['[API-3] in Full with a key for each local member', add({ keysFor: [dave] }), {}, 'invalid_body /participantsToAdd'],
    ["[ID-3] beside another owner's conversation of the same id", sketch(coreId, { action: 'add_participant' }), { state: stateOf([carol, dave], { ownerDomain: otherPeer }) }, 'apply 1'],
  ]);
});

describe('an add_participant for a known conversation', () => {
  const two = stateOf([bob, alice]);
  table([
    ['[API-5] Full has the next epoch', add(), { state: two }, 'apply 4'],
    ['[API-5] Core leaves the epoch as it is', add({ epoch: undefined, keysFor: [dave] }), { state: two }, 'apply 3'],
    ['[API-3] Core gives keys to the added alone', add({ epoch: undefined }), { state: two }, 'invalid_body /participantsToAdd'],
    ['[API-3] Core that adds nobody here brings no key here', add({ epoch: undefined, all: [bob, alice, carol], keysFor: [] }), { state: two }, 'apply 3'],
    ["[API-3] a key for another server's user is refused", add({ keysFor: [alice, dave, bob] }), { state: two }, 'invalid_body /participantsToAdd'],
    ['[API-3] Core gives no key to who is a member already', add({ epoch: undefined, all: [bob, alice, carol], keysFor: [alice] }), { state: two }, 'invalid_body /participantsToAdd'],
    ['[API-5] Full that adds nobody still begins an epoch', add({ all: [bob, alice], keysFor: [alice] }), { state: two }, 'apply 4'],
    ['[API-3] Full gives a key to every local member', add({ keysFor: [dave] }), { state: two }, 'invalid_body /participantsToAdd'],
    ['[API-3] nobody is removed by it', add({ all: [bob, dave], keysFor: [dave] }), { state: two }, 'invalid_body /allParticipants'],
    ['[ERR-3] an initiator who is no member is refused', add({ by: erin, all: [bob, alice, dave, erin] }), { state: two }, 'not_a_member'],
    ['[ERR-3] membership is looked at before the owner domain', add({ by: carol, all: [bob, alice, dave, carol] }), { state: two }, 'not_a_member'],
    ['[API-5] a member of another domain is refused', add({ by: carol, all: [bob, alice, dave, carol] }), { state: members }, 'not_owner_domain'],
    ['[ERR-3] the owner domain is looked at before the epoch', add({ by: carol, all: [bob, alice, dave, carol], epoch: 9 }), { state: members }, 'not_owner_domain'],
    ['[API-5] the current epoch is stale', add({ epoch: 3 }), { state: two }, 'stale_epoch'],
    ['[API-5] the epoch after the next is stale', add({ epoch: 5 }), { state: two }, 'stale_epoch'],
    ['[ERR-3] the epoch is looked at before local users', add({ epoch: 5 }), { state: two, unknown: [dave] }, 'stale_epoch'],
    ['[ERR-3] an unknown newcomer is refused', add(), { state: two, unknown: [dave] }, 'unknown_user'],
    ['[ERR-3] a deactivated newcomer is refused', add(), { state: two, gone: [dave] }, 'user_gone'],
    ['[ERR-3] local users are looked at before keys', add({ keysFor: [dave] }), { state: two, gone: [dave] }, 'user_gone'],
    ["[ID-3] a member of another owner's conversation of the same id means that one", add({ epoch: undefined, conversationId: coreId }), { state: stateOf([bob, alice, carol], { ownerDomain: otherPeer }) }, 'not_owner_domain'],
  ]);

  test('[API-5] a stale epoch is refused with the current one', async () => {
    const decision = await decide(add({ epoch: 3 }), { state: two });
    expect(decision).toMatchObject({ kind: 'refuse', refusal: { code: 'stale_epoch' satisfies ErrorCode, currentEpoch: 3 } });
  });
});

describe('a rotate_key', () => {
  table([
    ['[API-5] has the next epoch', rotate(), { state: members }, 'apply 4'],
    ['[API-5] has the next epoch where it states none', rotate({ epoch: undefined }), { state: members }, 'apply 4'],
    ['[API-4] may leave everybody where they are', rotate({ all: [bob, alice, carol] }), { state: members }, 'apply 4'],
    ['[API-4] brings no key where nobody remains', rotate({ all: [bob, carol], keysFor: [] }), { state: members }, 'apply 4'],
    ['[API-4] brings no key where nobody was left before', rotate({ all: [bob], keysFor: [] }), { state: stateOf([bob, carol]) }, 'apply 4'],
    ["[API-4] a key for another server's user is refused", rotate({ keysFor: [alice, bob] }), { state: members }, 'invalid_body /participantsToAdd'],
    ['[API-5] of an epoch that no counter holds is refused', rotate({ epoch: 2 ** 31 }), { state: stateOf([bob, alice], { epoch: 2 ** 31 - 1 }) }, 'invalid_body /epoch'],
    ['[API-4] a remaining local member without a key is refused', rotate({ keysFor: [] }), { state: members }, 'invalid_body /participantsToAdd'],
    ['[API-4] somebody who was no member is refused', rotate({ all: [bob, alice, dave], keysFor: [alice, dave] }), { state: members }, 'invalid_body /allParticipants'],
    ['[ERR-3] of an unknown conversation is refused', rotate(), {}, 'unknown_conversation'],
    ['[ERR-3] an unknown conversation is refused before its local users are looked at', rotate(), { unknown: [alice] }, 'unknown_conversation'],
    ['[ERR-3] of somebody who is no member is refused', rotate({ by: erin, all: [erin, alice] }), { state: members }, 'not_a_member'],
    ['[API-5] of a member of another domain is refused', rotate({ by: carol, all: [carol, alice] }), { state: members }, 'not_owner_domain'],
    ['[API-5] of the current epoch is stale', rotate({ epoch: 3 }), { state: members }, 'stale_epoch'],
    ['[API-5] from the epoch before the first is stale', rotate({ epoch: 1 }), { state: members }, 'stale_epoch'],
  ]);
});

describe('a leave', () => {
  const leave = (overrides: Partial<ChangeSketch> = {}): ChangeBody => leaveBody({ conversationId: id, by: carol, all: [bob, alice, carol], epoch: 3, ...overrides });
  table([
    ['[API-3] keeps the epoch', leave(), { state: members }, 'apply 3'],
    ['[API-5] comes from any domain', leave({ by: bob }), { state: stateOf([bob, alice], { ownerDomain: otherPeer }) }, 'apply 3'],
    ['[API-3] may be that of the owner', leave({ by: bob }), { state: members }, 'apply 3'],
    ['[API-6] that was accepted is a duplicate, although its initiator is no member any more', leave(), { state: stateOf([bob, alice]), repeat: true }, 'duplicate'],
    ['[ERR-3] of an unknown conversation is refused', leave(), {}, 'unknown_conversation'],
    ['[ERR-3] of who is no member is refused, before the epoch is looked at', leave({ epoch: 9 }), { state: stateOf([bob, alice]) }, 'not_a_member'],
    ['[API-5] of another epoch than the present one is stale', leave({ epoch: 4 }), { state: members }, 'stale_epoch'],
    ['[API-3] is taken whoever of its list is unknown here or gone', leave(), { state: members, unknown: [alice], gone: [dave] }, 'apply 3'],
    ['[API-3] is taken although its list names others than are stored', leave({ all: [carol, dave] }), { state: members }, 'apply 3'],
  ]);

  const settled = stateOf([bob, alice], { epoch: 5, actorRemovedAtEpoch: 4 });
  table([
    ['[API-5] that a later epoch was faster than is a duplicate', leave(), { state: settled }, 'duplicate'],
    ['[API-5] of the epoch that its initiator was taken out in is that of no member', leave({ epoch: 4 }), { state: settled }, 'not_a_member'],
    ['[API-5] of an epoch since, too: it does not tell which one is current', leave({ epoch: 5 }), { state: settled }, 'not_a_member'],
    ['[API-5] without an epoch, too', leave({ epoch: undefined }), { state: settled }, 'not_a_member'],
    ['[API-5] is the one change that is settled so', rotate({ by: carol, all: [carol, alice], epoch: 3 }), { state: settled }, 'not_a_member'],
  ]);

  test('[API-3] leaves everybody but its initiator where they are stored, whatever it lists', async () => {
    const decision = await decide(leave({ all: [carol, dave] }), { state: members });
    expect(decision).toMatchObject({ kind: 'apply', write: { participantsAfter: [bob, alice], sessionKeys: [], acceptedBy: [], ownerDomain: peer } });
  });
});

describe('a rotation that crossed a leave', () => {
  const crossed = stateOf([bob, alice], { leftInEpoch: [carol] });
  table([
    ['[API-4] may list who left in the present epoch', rotate({ all: [bob, alice, carol] }), { state: crossed }, 'apply 4'],
    ['[API-4] may leave them out', rotate(), { state: crossed }, 'apply 4'],
    ['[API-4] lists nobody else who is no member', rotate({ all: [bob, alice, erin] }), { state: crossed }, 'invalid_body /allParticipants'],
  ]);

  test('[E2E-6] a local owner honours the leave', async () => {
    const body = rotate({ all: [bob, alice, carol] });
    expect(await decide(body, { state: crossed }, { localDomain: peer, needsKey: () => true })).toMatchObject({ refusal: { code: 'invalid_body' } });
  });
});

describe('an add_participant for a conversation without a local member', () => {
  const left = stateOf([bob, carol]);
  table([
    ['[API-3] founds it anew at a later epoch, by whom and with whom it says', add({ epoch: 9, by: erin, all: [erin, alice] , keysFor: [alice] }), { state: left }, 'apply 9'],
    ['[API-5] not at the epoch that is stored', add({ epoch: 3, by: erin, all: [erin, alice], keysFor: [alice] }), { state: left }, 'stale_epoch'],
    ['[API-5] in Core too, by whom and with whom it says, at the last epoch', add({ epoch: undefined, by: erin, all: [erin, alice], keysFor: [alice] }), { state: left }, 'apply 3'],
    ['[API-3] in Core takes the keys that it is given', add({ epoch: undefined, keysFor: [dave] }), { state: left }, 'apply 3'],
    ['[API-3] in Core not without any key', add({ epoch: undefined, keysFor: [] }), { state: left }, 'invalid_body /participantsToAdd'],
    ['[API-3] in Full gives a key to every local member', add({ epoch: 9, keysFor: [dave] }), { state: left }, 'invalid_body /participantsToAdd'],
    ['[API-3] not without a local member', add({ epoch: 9, all: [bob, carol, erin], keysFor: [] }), { state: left }, 'invalid_body /participantsToAdd'],
    ['[API-5] not from another domain', add({ epoch: 9, by: carol, all: [bob, carol, alice], keysFor: [alice] }), { state: left }, 'not_owner_domain'],
  ]);
});

describe('[ERR-3] who is local is looked up', () => {
  const lookupsOf = async (body: ChangeBody, given: Given = {}): Promise<readonly (readonly UserId[])[]> => {
    const lookups: (readonly UserId[])[] = [];
    await decide(body, { ...given, lookups });
    return lookups;
  };

  test('once for all of them, and nobody else is', async () => {
    expect(await lookupsOf(add({ all: [bob, alice, carol, dave] }), { state: members })).toEqual([[alice, dave]]);
  });

  test.each<[string, ChangeBody, Given]>([
    ['a repeat', create(), { state: members, repeat: true }],
    ['an id that names another owner', create({ conversationId: newConversationId(otherPeer) }), {}],
    ['a conversation that exists', create(), { state: members }],
    ['an unknown conversation', rotate(), {}],
    ['an initiator who is no member', rotate({ by: erin, all: [erin, alice] }), { state: members }],
    ['a member of another domain than the owner', rotate({ by: carol, all: [carol, alice] }), { state: members }],
    ['a stale epoch', rotate({ epoch: 3 }), { state: members }],
    ['a leave', leaveBody({ conversationId: id, by: carol, all: [bob, alice, carol], epoch: 3 }), { state: members }],
  ])('never for %s', async (_name, body, given) => {
    expect(await lookupsOf(body, given)).toEqual([]);
  });
});

describe('what is written', () => {
  const write = async (body: ChangeBody, given: Given = {}, overrides: Partial<ChangeContext> = {}) => {
    const decision = await decide(body, given, overrides);
    if (decision.kind !== 'apply') throw new Error('the change was not applied');
    return decision.write;
  };

  test('[ID-3] the founding domain owns the conversation, whoever changes it later', async () => {
    expect((await write(create())).ownerDomain).toBe(peer);
    expect((await write(rotate(), { state: members })).ownerDomain).toBe(peer);
    expect((await write(sketch(coreId, { action: 'create' }), { state: stateOf([carol], { ownerDomain: otherPeer }) })).ownerDomain).toBe(peer);
  });

  test('[API-3] only keys of local users are kept, also of a change made here', async () => {
    const body = create({ conversationId: newConversationId(local), by: alice, keysFor: [bob, alice] });
    expect((await write(body, {}, { needsKey: () => true })).sessionKeys.map(({ userId }) => userId)).toEqual([alice]);
  });

  test('a local creator has accepted the conversation, those invited have not', async () => {
    const body = create({ conversationId: newConversationId(local), by: alice, all: [alice, dave], keysFor: [alice, dave] });
    expect((await write(body)).acceptedBy).toEqual([alice]);
    expect((await write(create())).acceptedBy).toEqual([]);
  });

  test('[API-5] a statement and its signature are kept as they came, and none is kept where there is none', async () => {
    const membership = { conversationId: id, odd: ['kept', { whole: true }] };
    expect(await write({ ...create(), membership, membershipSignature: 'sig' })).toMatchObject({ membership, membershipSignature: 'sig', leaveSignature: null });
    expect(await write(create())).toMatchObject({ membership: null, membershipSignature: null });
  });

  test('[API-3] a leave states nothing of the members, whatever its sender adds', async () => {
    const membership = { conversationId: id, epoch: 3, participants: [] };
    const body = { ...leaveBody({ conversationId: id, by: carol, all: [bob, alice, carol], epoch: 3 }), membership, membershipSignature: 'sig' };
    expect(await write(body, { state: members })).toMatchObject({ membership: null, membershipSignature: null, leaveSignature });
  });

  test('[API-4] deliveries are drafted for the members before the change', async () => {
    const seen: (readonly UserId[])[] = [];
    const deliveriesFor = (before: readonly UserId[]): readonly OutboxDraft[] => {
      seen.push(before);
      return [];
    };
    await write(rotate(), { state: members }, { deliveriesFor });
    expect(seen).toEqual([[bob, alice, carol]]);
  });
});
