import { describe, expect, it, test } from 'vitest';
import { encodeBase64 } from '../base64.ts';
import { ProtocolError } from '../errors.ts';
import { parseBody } from './parse-body.ts';
import { sessionKeyBody } from './session-key-body.ts';

const core = {
  conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test',
  action: 'rotate_key',
  initiatorId: 'alice@a.test',
  participantsToAdd: [{ userId: 'bob@b.test', encryptedSessionKey: encodeBase64(new Uint8Array(105)) }],
  allParticipants: ['alice@a.test', 'bob@b.test'],
  timestamp: '2026-11-22T18:40:00.000Z',
};

function pointerOf(body: unknown): string | undefined {
  try {
    parseBody(sessionKeyBody, body);
  } catch (error) {
    if (error instanceof ProtocolError) return error.pointer;
  }
  return undefined;
}

describe('[API-4] a rotation', () => {
  test.each([
    ['Core', core], ['Full', { ...core, epoch: 2 }], ['nobody left on the server', { ...core, participantsToAdd: [], allParticipants: ['alice@a.test'] }],
  ])('is read: %s', (_, body) => {
    expect(parseBody(sessionKeyBody, body)).toEqual(body);
  });

  it('[API-10] loses the members it does not know', () => {
    expect(parseBody(sessionKeyBody, { ...core, leaveSignature: 1, later: 1 })).toEqual(core);
  });

  test.each<[string, object, string]>([
    ['another action', { action: 'create' }, '/action'], ['no action', { action: undefined }, '/action'],
    ['the initiator not a member', { allParticipants: ['bob@b.test'] }, '/allParticipants'],
    ['a key for someone removed', { allParticipants: ['alice@a.test'] }, '/participantsToAdd/0/userId'],
    ['a membership of another epoch', { epoch: 2, membership: { conversationId: core.conversationId, epoch: 3 } }, '/membership/epoch'],
  ])('is refused with %s', (_, changes, pointer) => {
    expect(pointerOf({ ...core, ...changes })).toBe(pointer);
  });
});
