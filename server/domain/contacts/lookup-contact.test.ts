import { expect, test } from 'vitest';
import { ProtocolError } from '../../../protocol/errors.ts';
import { parseUserId } from '../../../protocol/ids.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { alice, bob, carol, dave, local, otherPeer, peer, publicIdentityOf } from '../testing/people.ts';
import { createContactLookup } from './lookup-contact.ts';
import type { RemoteIdentity } from './lookup-contact.ts';

function build(answer: RemoteIdentity = { kind: 'found', identity: publicIdentityOf(bob) }) {
  const asked: UserId[] = [];
  const lookup = createContactLookup({
    localDomain: local,
    accounts: {
      publicIdentity: async (userId) => {
        if (userId === alice) return publicIdentityOf(alice);
        throw new ProtocolError(userId === dave ? 'user_gone' : 'unknown_user');
      },
    },
    policy: { isBlocked: async (domain) => domain === otherPeer },
    fetchRemoteIdentity: async (userId) => {
      asked.push(userId);
      return answer;
    },
  });
  return { lookup, asked };
}

test('[API-1] a person of this server is found here, and no other server is asked', async () => {
  const { lookup, asked } = build();
  expect(await lookup(alice)).toEqual({ kind: 'found', identity: publicIdentityOf(alice) });
  expect(asked).toEqual([]);
});

test('[API-1] who is not here or not any more is told apart', async () => {
  const { lookup } = build();
  expect(await lookup(dave)).toEqual({ kind: 'user_gone', domain: local });
  expect(await lookup(parseUserId('nobody@a.test'))).toEqual({ kind: 'no_such_user', domain: local });
});

test('[API-1] a person of another server is asked for there', async () => {
  const { lookup, asked } = build();
  expect(await lookup(bob)).toEqual({ kind: 'found', identity: publicIdentityOf(bob) });
  expect(asked).toEqual([bob]);
});

test('a blocked domain is never asked', async () => {
  const { lookup, asked } = build();
  expect(await lookup(carol)).toEqual({ kind: 'blocked', domain: otherPeer });
  expect(asked).toEqual([]);
});

test.each(['no_such_server', 'server_silent', 'no_such_user', 'user_gone', 'refused'] as const)('%s names the domain at fault', async (kind) => {
  expect(await build({ kind }).lookup(bob)).toEqual({ kind, domain: peer });
});

test('a fault of this server is not taken for an unknown person', async () => {
  const broken = createContactLookup({
    localDomain: local,
    accounts: { publicIdentity: () => Promise.reject(new Error('the database is gone')) },
    policy: { isBlocked: async () => false },
    fetchRemoteIdentity: async () => ({ kind: 'no_such_user' }),
  });
  await expect(broken(alice)).rejects.toThrow('the database is gone');
});
