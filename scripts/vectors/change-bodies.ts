import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { b64, CONVERSATION_ID, inWords, reads, refuses, without } from './bodies.ts';
import { NOW } from './fixed.ts';

const keyFor = (userId: string): JsonObject => ({ userId, encryptedSessionKey: b64(105) });
const listed = (userId: string): JsonObject => ({ userId, role: 'member' });

/** A change without the members of the Full profile. */
export const CORE_CHANGE: JsonObject = {
  conversationId: CONVERSATION_ID,
  initiatorId: 'alice@a.test',
  participantsToAdd: [keyFor('bob@b.test')],
  allParticipants: ['alice@a.test', 'bob@b.test'],
  timestamp: NOW,
  action: 'create',
};
const MEMBERSHIP: JsonObject = { v: 1, conversationId: CONVERSATION_ID, epoch: 1, later: { kept: 1 }, participants: [listed('bob@b.test'), listed('alice@a.test')] };
/** A change with every member. */
export const FULL_CHANGE: JsonObject = { ...CORE_CHANGE, epoch: 1, membership: MEMBERSHIP, membershipSignature: b64(64) };
const LEAVE: JsonObject = { ...CORE_CHANGE, action: 'leave', initiatorId: 'bob@b.test', participantsToAdd: [], epoch: 4, leaveSignature: b64(64) };
const ROTATION: JsonObject = { ...CORE_CHANGE, action: 'rotate_key' };

const people = (count: number): string[] => ['alice@a.test', 'bob@b.test', ...Array.from({ length: count - 2 }, (_, index) => `u${index}@c.test`)];
const withMembership = (changes: JsonObject): JsonObject => ({ ...FULL_CHANGE, membership: { ...MEMBERSHIP, ...changes } });

/** Drafts bodies of `POST /conversations`. @see docs/protocol.md [API-3] [API-5] */
export function conversationBodies() {
  return [...accepted(), ...forms(), ...contradictions(), ...memberships()];
}

/** Drafts bodies of `PUT /conversations/{conversationId}/session_key`. @see docs/protocol.md [API-4] */
export function sessionKeyBodies() {
  return [
    reads('Ordinary', 'Core', { body: ROTATION, full: false }),
    reads('Ordinary', 'Full', { body: { ...ROTATION, epoch: 2, membership: { ...MEMBERSHIP, epoch: 2 }, membershipSignature: b64(64) }, full: true }),
    reads('Ordinary', 'nobody remains on the receiving server', { body: { ...ROTATION, participantsToAdd: [], allParticipants: ['alice@a.test'] }, full: false }),
    reads('Unknown', 'an unknown member, that of a leave among them', { body: { ...ROTATION, later: 1, leaveSignature: 1 }, kept: ROTATION, full: false }),
    refuses('Missing', 'no action', { body: without(ROTATION, 'action'), pointer: '/action' }),
    refuses('Missing', 'no participantsToAdd', { body: without(ROTATION, 'participantsToAdd'), pointer: '/participantsToAdd' }),
    refuses('Value', 'the action create', { body: CORE_CHANGE, pointer: '/action' }),
    refuses('Value', 'the action leave', { body: { ...ROTATION, action: 'leave' }, pointer: '/action' }),
    refuses('Value', 'epoch 0', { body: { ...ROTATION, epoch: 0 }, pointer: '/epoch' }),
    refuses('Contradiction', 'the initiator is no member', { body: { ...ROTATION, allParticipants: ['bob@b.test'] }, pointer: '/allParticipants' }),
    refuses('Contradiction', 'a key for someone who was removed', { body: { ...ROTATION, allParticipants: ['alice@a.test'] }, pointer: '/participantsToAdd/0/userId' }),
    refuses('Contradiction', 'a membership of another epoch', { body: { ...ROTATION, epoch: 2, membership: MEMBERSHIP }, pointer: '/membership/epoch', clause: 'API-5' }),
  ];
}

function accepted() {
  return [
    reads('Ordinary', 'a Core create', { body: CORE_CHANGE, full: false }),
    reads('Ordinary', 'a Full create', { body: FULL_CHANGE, full: true }),
    reads('Ordinary', 'a Core create whose id has no colon', { body: { ...CORE_CHANGE, conversationId: 'c1' }, full: false }),
    reads('Ordinary', 'a Core add_participant', { body: { ...CORE_CHANGE, action: 'add_participant' }, full: false }),
    reads('Ordinary', 'a Full add_participant', { body: { ...withMembership({ epoch: 7 }), action: 'add_participant', epoch: 7 }, full: true }),
    reads('Ordinary', 'a leave', { body: LEAVE, full: true }),
    reads('Ordinary', 'an epoch without membership: Full all the same', { body: { ...CORE_CHANGE, epoch: 1 }, full: true }),
    reads('Unknown', 'a create with the leaveSignature of a leave', { body: { ...CORE_CHANGE, leaveSignature: b64(64) }, kept: CORE_CHANGE, full: false }),
    reads('Unknown', 'an add_participant with a leaveSignature of no form', { body: { ...CORE_CHANGE, action: 'add_participant', leaveSignature: 1 }, kept: { ...CORE_CHANGE, action: 'add_participant' }, full: false }),
    reads('Boundary', '256 members', { body: { ...CORE_CHANGE, allParticipants: people(256) }, full: false }),
    reads('Boundary', 'one member', { body: { ...CORE_CHANGE, allParticipants: ['alice@a.test'], participantsToAdd: [] }, full: false }),
    reads('Boundary', 'a session key of one byte: no server judges its length', { body: { ...CORE_CHANGE, participantsToAdd: [{ userId: 'bob@b.test', encryptedSessionKey: 'AA==' }] }, full: false }),
    reads('Opaque', 'a membership of another version, kept whole', { body: withMembership({ v: 2, action: 'later' }), full: true }),
    reads('Unknown', 'unknown members of the body and of an entry', {
      body: { ...CORE_CHANGE, later: 1, participantsToAdd: [{ ...keyFor('bob@b.test'), later: 1 }] }, kept: CORE_CHANGE, full: false,
    }),
  ];
}

function forms() {
  const bad = (name: string, value: JsonValue, pointer = `/${name}`) => refuses('Value', `${name} is ${inWords(value)}`, { body: { ...CORE_CHANGE, [name]: value }, pointer });
  const badKey = (comment: string, entry: JsonValue, pointer: string) => refuses('Value', `an entry of participantsToAdd ${comment}`, { body: { ...CORE_CHANGE, participantsToAdd: [entry] }, pointer });
  return [
    refuses('Missing', 'no member', { body: {}, pointer: '/conversationId' }),
    ...Object.keys(CORE_CHANGE).map((name) => refuses('Missing', `no ${name}`, { body: without(CORE_CHANGE, name), pointer: `/${name}` })),
    refuses('Missing', 'no participantsToAdd in a leave', { body: without(LEAVE, 'participantsToAdd'), pointer: '/participantsToAdd' }),
    bad('action', 'rotate_key'),
    bad('action', 'Create'),
    bad('action', null),
    bad('conversationId', 'a/b'),
    bad('initiatorId', 'Alice@a.test'),
    bad('participantsToAdd', null),
    bad('participantsToAdd', {}),
    bad('allParticipants', []),
    bad('allParticipants', 'alice@a.test'),
    bad('allParticipants', ['alice@a.test', 'bob@b.test', 'bob'], '/allParticipants/2'),
    bad('allParticipants', ['alice@a.test', 1], '/allParticipants/1'),
    refuses('Boundary', '257 members', { body: { ...CORE_CHANGE, allParticipants: people(257) }, pointer: '/allParticipants' }),
    bad('timestamp', '2026-11-18T11:06:40Z'),
    ...[0, -1, 1.5, '1', null].map((value) => bad('epoch', value)),
    bad('membershipSignature', b64(63)),
    bad('membershipSignature', null),
    refuses('Value', 'membership is null', { body: { ...CORE_CHANGE, epoch: 1, membership: null }, pointer: '/membership' }),
    refuses('Value', 'membership is a list', { body: { ...CORE_CHANGE, epoch: 1, membership: [] }, pointer: '/membership' }),
    badKey('that is null', null, '/participantsToAdd/0'),
    badKey('that is a text', 'bob@b.test', '/participantsToAdd/0'),
    badKey('without a user', { encryptedSessionKey: b64(105) }, '/participantsToAdd/0/userId'),
    badKey('without a key', { userId: 'bob@b.test' }, '/participantsToAdd/0/encryptedSessionKey'),
    badKey('with an empty key', { userId: 'bob@b.test', encryptedSessionKey: '' }, '/participantsToAdd/0/encryptedSessionKey'),
    badKey('with a key that is not canonical', { userId: 'bob@b.test', encryptedSessionKey: 'AB==' }, '/participantsToAdd/0/encryptedSessionKey'),
    refuses('Value', 'a leaveSignature of one byte', { body: { ...LEAVE, leaveSignature: 'AA==' }, pointer: '/leaveSignature' }),
    refuses('Order', 'action and conversationId malformed, action first in the body', { body: { action: '', ...without(CORE_CHANGE, 'action'), conversationId: '' }, pointer: '/conversationId', clause: 'ERR-1' }),
    refuses('Order', 'a malformed action and a member twice: forms come before contradictions', {
      body: { ...CORE_CHANGE, allParticipants: ['alice@a.test', 'alice@a.test'], action: '' }, pointer: '/action', clause: 'ERR-1',
    }),
  ];
}

function contradictions() {
  const bad = (comment: string, changes: JsonObject, rest: { pointer: string; clause?: string }) => refuses('Contradiction', comment, { body: { ...CORE_CHANGE, ...changes }, ...rest });
  return [
    bad('a member twice', { allParticipants: ['alice@a.test', 'bob@b.test', 'alice@a.test'] }, { pointer: '/allParticipants/2' }),
    bad('the initiator is no member', { allParticipants: ['bob@b.test'] }, { pointer: '/allParticipants' }),
    bad('a key for someone who is no member', { participantsToAdd: [keyFor('bob@b.test'), keyFor('carol@b.test')] }, { pointer: '/participantsToAdd/1/userId' }),
    bad('two keys for one member', { participantsToAdd: [keyFor('bob@b.test'), keyFor('bob@b.test')] }, { pointer: '/participantsToAdd/1/userId' }),
    bad('a create at another epoch than 1', { epoch: 2 }, { pointer: '/epoch', clause: 'API-5' }),
    bad('a Full create without an owner domain in its id', { epoch: 1, conversationId: 'c1' }, { pointer: '/conversationId', clause: 'ID-3' }),
    bad('a membership without an epoch', { membership: MEMBERSHIP }, { pointer: '/epoch', clause: 'API-5' }),
    refuses('Contradiction', 'a leave with a key', { body: { ...LEAVE, participantsToAdd: [keyFor('bob@b.test')] }, pointer: '/participantsToAdd' }),
    refuses('Contradiction', 'a leave by someone who is no member', { body: { ...LEAVE, allParticipants: ['alice@a.test'] }, pointer: '/allParticipants' }),
  ];
}

function memberships() {
  const bad = (comment: string, changes: JsonObject, pointer: string) => refuses('Contradiction', `a membership of ${comment}`, { body: withMembership(changes), pointer, clause: 'API-5' });
  return [
    bad('another conversation', { conversationId: 'other:a.test' }, '/membership/conversationId'),
    bad('another epoch', { epoch: 2 }, '/membership/epoch'),
    bad('an epoch as text', { epoch: '1' }, '/membership/epoch'),
    bad('one member less', { participants: [listed('alice@a.test')] }, '/membership/participants'),
    bad('one member more', { participants: [listed('alice@a.test'), listed('bob@b.test'), listed('carol@c.test')] }, '/membership/participants'),
    bad('another member', { participants: [listed('alice@a.test'), listed('carol@c.test')] }, '/membership/participants'),
    bad('a member twice in place of another', { participants: [listed('alice@a.test'), listed('alice@a.test')] }, '/membership/participants'),
    bad('participants that are texts', { participants: ['alice@a.test', 'bob@b.test'] }, '/membership/participants'),
    bad('participants that are no list', { participants: 2 }, '/membership/participants'),
    refuses('Contradiction', 'a membership without participants', { body: { ...FULL_CHANGE, membership: without(MEMBERSHIP, 'participants') }, pointer: '/membership/participants', clause: 'API-5' }),
  ];
}
