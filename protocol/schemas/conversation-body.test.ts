import { describe, expect, it, test } from 'vitest';
import { encodeBase64 } from '../base64.ts';
import { ProtocolError } from '../errors.ts';
import { isFullChange } from './change-fields.ts';
import { conversationBody } from './conversation-body.ts';
import { parseBody } from './parse-body.ts';

const conversationId = 'AAECAwQFBgcICQoLDA0ODw:a.test';
const key = (userId: string) => ({ userId, encryptedSessionKey: encodeBase64(new Uint8Array(105)) });
const signature = encodeBase64(new Uint8Array(64));
const core = {
  conversationId,
  action: 'create',
  initiatorId: 'alice@a.test',
  participantsToAdd: [key('bob@b.test')],
  allParticipants: ['alice@a.test', 'bob@b.test'],
  timestamp: '2026-11-22T18:40:00.000Z',
};
const membership = {
  v: 1, conversationId, epoch: 1, later: { a: 1 }, participants: [{ userId: 'bob@b.test', role: 'member' }, { userId: 'alice@a.test', role: 'owner' }],
};
const full = { ...core, epoch: 1, membership, membershipSignature: signature };
const leave = { ...core, action: 'leave', participantsToAdd: [], epoch: 4, leaveSignature: signature };
const people = (count: number): string[] => ['alice@a.test', 'bob@b.test', ...Array.from({ length: count - 2 }, (_, index) => `u${index}@c.test`)];

function pointerOf(body: unknown): string | undefined {
  try {
    parseBody(conversationBody, body);
  } catch (error) {
    if (error instanceof ProtocolError) return error.pointer;
  }
  return undefined;
}

describe('[API-3] a change of a conversation', () => {
  test.each([
    ['a Core create', core], ['a Full create', full], ['a Core create whose id has no colon', { ...core, conversationId: 'c1' }],
    ['a Core add_participant', { ...core, action: 'add_participant' }], ['a Full add_participant', { ...full, action: 'add_participant', epoch: 7, membership: { ...membership, epoch: 7 } }],
    ['an add_participant whose id has no colon', { ...core, action: 'add_participant', conversationId: 'c1', epoch: 2 }],
    ['the last epoch that there is', { ...core, action: 'add_participant', epoch: 2_147_483_647 }],
    ['a leave', leave], ['256 members', { ...core, allParticipants: people(256) }], ['an epoch without membership', { ...core, epoch: 1 }],
    ['nobody to add', { ...core, participantsToAdd: [] }],
  ])('is read: %s', (_, body) => {
    expect(parseBody(conversationBody, body)).toEqual(body);
  });

  it('[API-10] loses the members it does not know, except inside membership', () => {
    const body = { ...full, later: 1, participantsToAdd: [{ ...key('bob@b.test'), later: 1 }] };
    expect(parseBody(conversationBody, body)).toEqual(full);
    expect(parseBody(conversationBody, body).membership).toBe(membership);
  });

  it('[API-5] is Full exactly when it states its epoch', () => {
    expect(isFullChange(parseBody(conversationBody, full))).toBe(true);
    expect(isFullChange(parseBody(conversationBody, core))).toBe(false);
  });

  test.each(Object.keys(core))('is refused without %s', (name) => {
    expect(pointerOf(Object.fromEntries(Object.entries(core).filter(([other]) => other !== name)))).toBe(`/${name}`);
  });

  test.each<[string, object, string]>([
    ['another action', { action: 'rotate_key' }, '/action'], ['an initiator in capitals', { initiatorId: 'Alice@a.test' }, '/initiatorId'],
    ['no members', { allParticipants: [] }, '/allParticipants'], ['257 members', { allParticipants: people(257) }, '/allParticipants'],
    ['a malformed member', { allParticipants: ['alice@a.test', 'bob@b.test', 'bob'] }, '/allParticipants/2'],
    ['a member twice', { allParticipants: ['alice@a.test', 'bob@b.test', 'alice@a.test'] }, '/allParticipants/2'],
    ['the initiator not a member', { allParticipants: ['bob@b.test'] }, '/allParticipants'],
    ['a key for no member', { participantsToAdd: [key('bob@b.test'), key('carl@b.test')] }, '/participantsToAdd/1/userId'],
    ['two keys for one member', { participantsToAdd: [key('bob@b.test'), key('bob@b.test')] }, '/participantsToAdd/1/userId'],
    ['a key that is not base64', { participantsToAdd: [{ ...key('bob@b.test'), encryptedSessionKey: '***' }] }, '/participantsToAdd/0/encryptedSessionKey'],
    ['an empty key', { participantsToAdd: [{ ...key('bob@b.test'), encryptedSessionKey: '' }] }, '/participantsToAdd/0/encryptedSessionKey'],
    ['an entry that is null', { participantsToAdd: [null] }, '/participantsToAdd/0'], ['a timestamp without milliseconds', { timestamp: '2026-11-22T18:40:00Z' }, '/timestamp'],
    ['an epoch beyond 2^31 - 1', { action: 'add_participant', epoch: 2_147_483_648 }, '/epoch'],
    ['epoch 0', { epoch: 0 }, '/epoch'], ['epoch 1.5', { epoch: 1.5 }, '/epoch'], ['epoch null', { epoch: null }, '/epoch'], ['epoch as text', { epoch: '1' }, '/epoch'],
    ['a membership that is null', { epoch: 1, membership: null }, '/membership'], ['a membership that is a list', { epoch: 1, membership: [] }, '/membership'],
    ['a membershipSignature of 63 bytes', { membershipSignature: encodeBase64(new Uint8Array(63)) }, '/membershipSignature'],
  ])('is refused with %s', (_, changes, pointer) => {
    expect(pointerOf({ ...core, ...changes })).toBe(pointer);
  });

  it('[API-5] is refused where a create states another epoch than 1', () => {
    expect(pointerOf({ ...core, epoch: 2 })).toBe('/epoch');
  });

  it('[ID-3] is refused where a Full create has no owner in its id', () => {
    expect(pointerOf({ ...core, conversationId: 'c1', epoch: 1 })).toBe('/conversationId');
  });

  it('is refused where a leave carries a key', () => {
    expect(pointerOf({ ...leave, participantsToAdd: [key('bob@b.test')] })).toBe('/participantsToAdd');
  });

  test.each(['create', 'add_participant'])('[API-10] %s knows no leaveSignature, of whatever form', (action) => {
    const plain = parseBody(conversationBody, { ...core, action });
    expect(parseBody(conversationBody, { ...core, action, leaveSignature: 1 })).toEqual(plain);
    expect(parseBody(conversationBody, { ...core, action, leaveSignature: signature })).toEqual(plain);
  });

  it('is refused where a leave has a malformed signature', () => {
    expect(pointerOf({ ...leave, leaveSignature: 'AA==' })).toBe('/leaveSignature');
  });
});

describe('[API-5] a membership beside a change', () => {
  test.each<[string, object, string]>([
    ['another conversation', { conversationId: 'other:a.test' }, '/membership/conversationId'], ['no conversation', { conversationId: undefined }, '/membership/conversationId'],
    ['another epoch', { epoch: 2 }, '/membership/epoch'], ['an epoch as text', { epoch: '1' }, '/membership/epoch'],
    ['a member less', { participants: membership.participants.slice(1) }, '/membership/participants'],
    ['a member more', { participants: [...membership.participants, { userId: 'carol@c.test' }] }, '/membership/participants'],
    ['another member', { participants: [{ userId: 'alice@a.test' }, { userId: 'carol@c.test' }] }, '/membership/participants'],
    ['a member twice', { participants: [{ userId: 'alice@a.test' }, { userId: 'alice@a.test' }] }, '/membership/participants'],
    ['participants that are no list', { participants: 2 }, '/membership/participants'], ['participants that are no objects', { participants: ['alice@a.test', null] }, '/membership/participants'],
  ])('is refused with %s', (_, changes, pointer) => {
    expect(pointerOf({ ...full, membership: { ...membership, ...changes } })).toBe(pointer);
  });

  it('is refused where the body states no epoch', () => {
    expect(pointerOf({ ...core, membership })).toBe('/epoch');
  });

  it('[API-10] may hold what this version does not know', () => {
    expect(pointerOf({ ...full, membership: { ...membership, v: 2, action: 'later' } })).toBeUndefined();
  });
});
