import { createHash, createPublicKey, verify } from 'node:crypto';

import { beforeAll, describe, expect, it } from 'vitest';

import { parseConversationId } from '../protocol/ids.ts';
import { canonicalizeJson } from '../protocol/json.ts';
import type { MembershipStatement } from '../protocol/schemas/membership-statement.ts';
import { publicIdentityOf } from './identity.ts';
import type { IdentityKeys } from './identity.ts';
import { createStatement, membershipHash, signMembership, verifyFirstStatement, verifyNextStatement } from './membership.ts';
import type { MembershipRefusal } from './membership.ts';
import { createSessionKey } from './session-key.ts';
import {
  foundingStatement,
  NOON,
  OTHER_CONVERSATION,
  participant,
  person,
  seededRandom,
  signingKeyOf,
} from './testing/people.ts';

const alice = person('alice@a.test');
const anna = person('anna@a.test');
const bob = person('bob@b.test');
const carol = person('carol@c.test');
const dave = person('dave@d.test');
const trio = [participant(alice, 'owner'), participant(anna, 'admin'), participant(bob, 'member')];

let first: MembershipStatement;
let second: MembershipStatement;

beforeAll(async () => {
  first = await foundingStatement({ owner: alice, participants: trio, sessionKey: createSessionKey(seededRandom('chain')) });
  second = await nextOf({ action: 'rotate_key' });
});

/** Builds a good statement for epoch 2 by Alice, with something about it changed. */
async function nextOf(change: Partial<MembershipStatement>): Promise<MembershipStatement> {
  const { conversationId, participants, keyCommitment } = first;
  const good = { conversationId, previous: first, action: 'add_participant', actor: alice.userId, participants } as const;
  return { ...(await createStatement({ ...good, keyCommitment, timestamp: NOON })), ...change };
}

async function verdictOnFirst(statement: MembershipStatement, signer: IdentityKeys, pinned = signer): Promise<true | MembershipRefusal> {
  const signature = await signMembership({ statement, signingSecretKey: signer.signingSecretKey });
  const verdict = await verifyFirstStatement({ statement, signature, actorSigningKeys: [signingKeyOf(pinned)] });
  return verdict.verified || verdict.reason;
}

async function verdictOnNext(next: MembershipStatement, signer: IdentityKeys, previous = first): Promise<true | MembershipRefusal> {
  const signature = await signMembership({ statement: next, signingSecretKey: signer.signingSecretKey });
  const verdict = await verifyNextStatement({ previous, next, signature });
  return verdict.verified || verdict.reason;
}

describe('a statement', () => {
  it('[E2E-4] is hashed and signed over its JCS', async () => {
    const jcs = canonicalizeJson(first);
    expect(await membershipHash(first)).toBe(createHash('sha256').update(jcs).digest('base64url'));
    const text = `securechat-membership-v1\n${createHash('sha256').update(jcs).digest('base64')}`;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(alice.signingKey).toString('base64url') };
    const signature = await signMembership({ statement: first, signingSecretKey: alice.signingSecretKey });
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    expect(verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))).toBe(true);
  });

  it('[API-10] keeps members that this version does not know in its hash', async () => {
    const extended = { ...first, color: 'blue' };
    expect(await membershipHash(extended)).not.toBe(await membershipHash(first));
    expect(await verdictOnFirst(extended, alice)).toBe(true);
  });

  it('[E2E-4] counts epochs from 1 and names the one before', async () => {
    expect([first.epoch, first.prev]).toEqual([1, null]);
    expect([second.epoch, second.prev]).toEqual([2, await membershipHash(first)]);
  });
});

describe('the first statement', () => {
  it('[E2E-5] epoch 1 created and signed by its owner is accepted, with its hash', async () => {
    const signature = await signMembership({ statement: first, signingSecretKey: alice.signingSecretKey });
    const verdict = await verifyFirstStatement({ statement: first, signature, actorSigningKeys: [signingKeyOf(alice)] });
    expect(verdict).toEqual({ verified: true, statementHash: await membershipHash(first) });
  });

  it('[E2E-5] signed under an earlier pin of an owner who has rotated since is accepted', async () => {
    const signature = await signMembership({ statement: first, signingSecretKey: alice.signingSecretKey });
    const actorSigningKeys = [signingKeyOf(person('alice@a.test', 2)), signingKeyOf(alice)];
    expect(await verifyFirstStatement({ statement: first, signature, actorSigningKeys })).toMatchObject({ verified: true });
  });

  it('[E2E-5] signed by a key that is not the listed one is refused', async () => {
    expect(await verdictOnFirst(first, bob, alice)).toBe('bad_signature');
  });

  it('[E2E-5] that lists another key for its actor than the pinned one is refused', async () => {
    expect(await verdictOnFirst(first, alice, bob)).toBe('unknown_actor_key');
  });

  it('[E2E-5] created by somebody who is not the owner is refused', async () => {
    expect(await verdictOnFirst({ ...first, actor: anna.userId }, anna)).toBe('actor_not_allowed');
    expect(await verdictOnFirst({ ...first, actor: carol.userId }, carol)).toBe('actor_not_allowed');
  });

  it("[E2E-5] an owner or admin off the id's domain is refused", async () => {
    const bobOwns = [participant(bob, 'owner'), participant(alice, 'member')];
    expect(await verdictOnFirst({ ...first, actor: bob.userId, participants: bobOwns }, bob)).toBe('not_owner_domain');
    const bobAdmin = [participant(alice, 'owner'), participant(bob, 'admin')];
    expect(await verdictOnFirst({ ...first, participants: bobAdmin }, alice)).toBe('not_owner_domain');
    const conversationId = parseConversationId('without-owner');
    expect(await verdictOnFirst({ ...first, conversationId }, alice)).toBe('not_owner_domain');
  });

  it.each<[string, Partial<MembershipStatement>]>([
    ['no owner', { participants: [participant(alice, 'admin')] }],
    ['two owners', { participants: [participant(alice, 'owner'), participant(anna, 'owner')] }],
    ['nobody', { participants: [] }],
    ['somebody twice', { participants: [participant(alice, 'owner'), participant(bob, 'member'), participant(bob, 'member')] }],
    ['another action', { action: 'rotate_key' }],
    ['a predecessor', { prev: 'A'.repeat(43) }],
    ['epoch 0', { epoch: 0 }],
    ['a commitment of another length', { keyCommitment: 'AAAA' }],
  ])('[E2E-4] epoch 1 with %s is malformed', async (_fault, change) => {
    expect(await verdictOnFirst({ ...first, ...change }, alice)).toBe('malformed');
  });

  it('[E2E-4] with half a surrogate pair in it is malformed, never an error', async () => {
    const statement = { ...first, color: '\ud800' };
    const verdict = await verifyFirstStatement({ statement, signature: '', actorSigningKeys: [signingKeyOf(alice)] });
    expect(verdict).toEqual({ verified: false, reason: 'malformed' });
  });

  it('[E2E-5] a later epoch by its owner or an admin in it is accepted: joined at n', async () => {
    expect(await verdictOnFirst(second, alice)).toBe(true);
    expect(await verdictOnFirst({ ...second, actor: anna.userId }, anna)).toBe(true);
  });

  it('[E2E-5] a later epoch by a member or a stranger is refused', async () => {
    expect(await verdictOnFirst({ ...second, actor: bob.userId }, bob)).toBe('actor_not_allowed');
    expect(await verdictOnFirst({ ...second, actor: carol.userId }, carol)).toBe('actor_not_allowed');
  });

  it('[E2E-4] a later epoch without predecessor, or as a create, is malformed', async () => {
    expect(await verdictOnFirst({ ...second, prev: null }, alice)).toBe('malformed');
    expect(await verdictOnFirst({ ...second, action: 'create' }, alice)).toBe('malformed');
  });

  it('[E2E-5] text that is no signature is a bad one, never an error', async () => {
    const verdict = await verifyFirstStatement({ statement: first, signature: '?', actorSigningKeys: [signingKeyOf(alice)] });
    expect(verdict).toEqual({ verified: false, reason: 'bad_signature' });
  });
});

describe('the next statement', () => {
  it('[E2E-5] by the owner or an admin of the epoch before is accepted', async () => {
    expect(await verdictOnNext(second, alice)).toBe(true);
    expect(await verdictOnNext({ ...second, actor: anna.userId }, anna)).toBe(true);
  });

  it('[E2E-5] by a member, a stranger or somebody who makes themselves admin is refused', async () => {
    expect(await verdictOnNext({ ...second, actor: bob.userId }, bob)).toBe('actor_not_allowed');
    expect(await verdictOnNext({ ...second, actor: carol.userId }, carol)).toBe('actor_not_allowed');
    const eve = person('eve@a.test');
    const participants = [...trio, participant(eve, 'admin')];
    expect(await verdictOnNext(await nextOf({ actor: eve.userId, participants }), eve)).toBe('actor_not_allowed');
  });

  it('[E2E-5] signed with another key than the listed one is refused, although it lists that key itself', async () => {
    const participants = [{ ...participant(alice, 'owner'), signingKey: signingKeyOf(dave) }, ...trio.slice(1)];
    expect(await verdictOnNext({ ...second, participants }, dave)).toBe('bad_signature');
    expect(await verdictOnNext({ ...second, participants }, alice)).toBe(true);
  });

  it('[E2E-5] signed with a successor of the listed key is accepted, with an unrelated one not', async () => {
    const alice2 = person('alice@a.test', 2);
    const signature = await signMembership({ statement: second, signingSecretKey: alice2.signingSecretKey });
    const verify = async (identity: ReturnType<typeof publicIdentityOf>): Promise<boolean> =>
      (await verifyNextStatement({ previous: first, next: second, signature, actorIdentities: [identity] })).verified;
    expect(await verify(publicIdentityOf(alice2, [alice]))).toBe(true);
    expect(await verify(publicIdentityOf(alice2))).toBe(false);
    expect(await verify(publicIdentityOf({ ...alice2, userId: anna.userId }, [alice]))).toBe(false);
  });

  it.each<[MembershipRefusal, string, () => Partial<MembershipStatement>]>([
    ['wrong_conversation', 'of another conversation', () => ({ conversationId: OTHER_CONVERSATION })],
    ['wrong_epoch', 'that skips an epoch', () => ({ epoch: 3 })],
    ['fork', 'after another predecessor', () => ({ prev: 'A'.repeat(43) })],
    ['malformed', 'that is a create', () => ({ action: 'create' })],
    ['malformed', 'with two owners', () => ({ participants: [participant(alice, 'owner'), participant(anna, 'owner')] })],
    ['not_owner_domain', 'with an admin elsewhere', () => ({ participants: [...trio.slice(0, 2), participant(bob, 'admin')] })],
    ['owner_removed', 'without the owner', () => ({ participants: [participant(anna, 'owner'), participant(bob, 'member')] })],
    ['wrong_action', 'that rotates and adds', () => ({ action: 'rotate_key', participants: [...trio, participant(carol, 'member')] })],
  ])('[E2E-5] gives %s for one %s', async (reason, _fault, change) => {
    expect(await verdictOnNext(await nextOf(change()), alice)).toBe(reason);
  });

  it('[E2E-5] the same statement again is no successor of itself', async () => {
    expect(await verdictOnNext(first, alice)).toBe('wrong_epoch');
  });

  it('[E2E-5] an admin adds a member and removes one', async () => {
    const added = await nextOf({ actor: anna.userId, participants: [...trio, participant(carol, 'member')] });
    const removed = await nextOf({ actor: anna.userId, action: 'rotate_key', participants: trio.slice(0, 2) });
    expect(await verdictOnNext(added, anna)).toBe(true);
    expect(await verdictOnNext(removed, anna)).toBe(true);
  });

  it('[E2E-5] the owner changes roles and hands over, an admin does not', async () => {
    const arthur = person('arthur@a.test');
    const changes = [
      [participant(alice, 'owner'), participant(anna, 'member'), participant(bob, 'member')],
      [participant(alice, 'member'), participant(anna, 'owner'), participant(bob, 'member')],
    ];
    for (const participants of changes) {
      expect(await verdictOnNext(await nextOf({ action: 'rotate_key', participants }), alice)).toBe(true);
      const byAdmin = await nextOf({ action: 'rotate_key', participants, actor: anna.userId });
      expect(await verdictOnNext(byAdmin, anna)).toBe('role_change');
    }
    const withAdmin = [...trio, participant(arthur, 'admin')];
    expect(await verdictOnNext(await nextOf({ participants: withAdmin }), alice)).toBe(true);
    expect(await verdictOnNext(await nextOf({ participants: withAdmin, actor: anna.userId }), anna)).toBe('role_change');
  });

  it('[E2E-5] is only the one that was signed', async () => {
    const signature = await signMembership({ statement: second, signingSecretKey: alice.signingSecretKey });
    const next = { ...second, keyCommitment: first.keyCommitment.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A')) };
    expect(await verifyNextStatement({ previous: first, next, signature })).toEqual({ verified: false, reason: 'bad_signature' });
  });
});
