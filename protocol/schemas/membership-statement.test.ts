import { describe, expect, it, test } from 'vitest';
import { encodeBase64, encodeBase64Url } from '../base64.ts';
import { membershipStatement } from './membership-statement.ts';

const key = encodeBase64(new Uint8Array(32).fill(1));
const first = {
  v: 1,
  conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test',
  epoch: 1,
  prev: null,
  action: 'create',
  actor: 'alice@a.test',
  participants: [
    { userId: 'alice@a.test', role: 'owner', signingKey: key },
    { userId: 'bob@b.test', role: 'member', signingKey: key },
  ],
  keyCommitment: key,
  timestamp: '2026-11-22T18:40:00.000Z',
};
const next = { ...first, epoch: 2, prev: encodeBase64Url(new Uint8Array(32)), action: 'rotate_key' };
const participant = (changes: object) => ({ participants: [first.participants[0], { ...first.participants[1], ...changes }] });

describe('[E2E-4] a membership statement', () => {
  test.each([
    ['a first', first], ['a next', next], ['an addition', { ...next, action: 'add_participant' }], ['an admin', { ...next, ...participant({ role: 'admin' }) }],
  ])('is read: %s', (_, statement) => {
    expect(membershipStatement.parse(statement)).toEqual(statement);
  });

  it('[API-10] stays the very object received, unknown members included', () => {
    const statement = { ...next, later: 1, ...participant({ later: 1 }) };
    expect(membershipStatement.parse(statement)).toBe(statement);
  });

  test.each(Object.keys(first))('is refused without %s', (name) => {
    const refused = membershipStatement.safeParse(Object.fromEntries(Object.entries(first).filter(([other]) => other !== name)));
    expect(refused.error?.issues[0]?.path).toEqual([name]);
  });

  test.each<[string, object, readonly (string | number)[]]>([
    ['version 2', { v: 2 }, ['v']], ['epoch 0', { epoch: 0 }, ['epoch']], ['prev null after epoch 1', { prev: null }, ['prev']],
    ['a prev of 31 bytes', { prev: encodeBase64Url(new Uint8Array(31)) }, ['prev']], ['a padded prev', { prev: key }, ['prev']],
    ['create after epoch 1', { action: 'create' }, ['action']], ['another action', { action: 'leave' }, ['action']], ['a malformed actor', { actor: 'alice' }, ['actor']],
    ['nobody', { participants: [] }, ['participants']], ['no owner', { participants: first.participants.slice(1) }, ['participants']],
    ['two owners', participant({ role: 'owner' }), ['participants']], ['a member twice', participant({ userId: 'alice@a.test' }), ['participants']],
    ['another role', participant({ role: 'guest' }), ['participants', 1, 'role']], ['a signing key of 31 bytes', participant({ signingKey: 'AAAA' }), ['participants', 1, 'signingKey']],
    ['a commitment of 3 bytes', { keyCommitment: 'AAAA' }, ['keyCommitment']], ['a timestamp without milliseconds', { timestamp: '2026-11-22T18:40:00Z' }, ['timestamp']],
  ])('is refused with %s', (_, changes, path) => {
    expect(membershipStatement.safeParse({ ...next, ...changes }).error?.issues[0]?.path).toEqual(path);
  });

  it('is refused where the first is no create', () => {
    expect(membershipStatement.safeParse({ ...first, action: 'rotate_key' }).success).toBe(false);
    expect(membershipStatement.safeParse({ ...first, prev: next.prev }).success).toBe(false);
  });
});
