import type { JsonObject } from '../../protocol/json.ts';
import { lines, listKeys, sha256, sha256B64, signB64 } from './fixed.ts';
import { identityOf, keysOf, person } from './people.ts';
import type { Person } from './people.ts';
import { plainJcs } from './plain-jcs.ts';
import { following, founding, hashOf, listed, membershipText, PEOPLE, signed } from './statements.ts';
import type { SignedStatement } from './statements.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const { alice, anna, bob, carol, dave } = PEOPLE;
const alice2 = person('alice@a.test', 2);
const mallory = person('mallory@a.test');

const TWO = [listed(alice, 'owner'), listed(bob, 'member')];
const THREE = [...TWO, listed(carol, 'member')];
const WITH_ADMIN = [listed(alice, 'owner'), listed(anna, 'admin'), listed(bob, 'member')];
const first = founding();
const withAdmin = founding({ participants: WITH_ADMIN });
const withAnna = founding({ participants: [...TWO, listed(anna, 'member')] });
const withMallory = founding({ participants: [...WITH_ADMIN, listed(mallory, 'member')] });

/** What a client knows beside the statements: keys that it pinned, and identities that it verified. */
interface Known {
  readonly pins?: JsonObject;
  readonly identities?: readonly JsonObject[];
}

const PINS: JsonObject = Object.fromEntries([...Object.values(PEOPLE), mallory].map(({ userId, signing }) => [userId, [signing.publicKey]]));

/** Lists membership statements with their hashes and signatures, and chains of them. @see docs/protocol.md [E2E-4] [E2E-5] */
export function membershipVectors(): VectorSubject {
  return {
    subject: 'membership',
    notes: {
      Ordinary: 'A statement or chain that every client accepts.',
      JoinedLater: 'The first statement that a client sees is of a later epoch.',
      Rotation: 'The actor rotated their keys and signs with the successor of the listed one.',
      Unknown: 'Members that this version does not know are part of the hash.',
      Form: 'A statement that is not of its form.',
      OwnerDomain: 'Owners and admins live on the domain of the conversation id.',
      Chain: 'Epoch, `prev` and conversation against the statement before.',
      Actor: 'An actor who may not act.',
      Role: 'Only the owner changes roles. A newcomer with a role is a change too.',
      Owner: 'The owner cannot be removed.',
      Action: 'A rotation adds nobody.',
      Pin: 'The key that the first statement lists for its actor is one that the client has pinned.',
      Signature: 'The signature is another, of another key, or over another text.',
    },
    privateTestKeys: listKeys(keysOf(...Object.values(PEOPLE), alice2, mallory)),
    groups: [
      { type: 'MembershipStatement', clause: 'E2E-4', tests: statements() },
      { type: 'MembershipChain', clause: 'E2E-5', tests: [...chains(), ...forms(), ...firsts(), ...links(), ...rights(), ...signatures()] },
    ],
  };
}

function statements() {
  const hashes = (flag: string, comment: string, membership: JsonObject) =>
    valid(flag, comment, {
      input: { membership, key: 'alice@a.test 1 Ed25519' },
      expected: { canonical: plainJcs(membership), hash: hashOf(membership), signedText: membershipText(membership), membershipSignature: signed(membership, alice.signing).membershipSignature },
    });
  return [
    hashes('Ordinary', 'epoch 1', first),
    hashes('Ordinary', 'epoch 2', following(first)),
    hashes('Ordinary', 'members in another order: the same hash', Object.fromEntries(Object.entries(first).reverse())),
    hashes('Ordinary', 'participants in another order: another hash', founding({ participants: [...TWO].reverse() })),
    hashes('Unknown', 'a member that this version does not know', founding({ later: { b: 1, a: [true, null] } })),
  ];
}

function known({ pins = PINS, identities = [] }: Known) {
  return { pins, identities };
}

function accepts(flag: string, comment: string, rest: Known & { statements: readonly SignedStatement[] }) {
  return valid(flag, comment, { input: { ...known(rest), statements: rest.statements }, expected: { hashes: rest.statements.map(({ membership }) => hashOf(membership)) } });
}

/** Drafts a chain whose last statement is refused. */
function refuses(flag: string, comment: string, rest: Known & { reason: string; statements: readonly SignedStatement[] }) {
  const { reason, statements } = rest;
  return invalid(flag, comment, { input: { ...known(rest), statements }, error: { reason, pointer: `/statements/${statements.length - 1}` } });
}

const byAlice = (...membership: readonly JsonObject[]): SignedStatement[] => membership.map((one) => signed(one, alice.signing));
/** A chain of two or more, the last signed by somebody. */
const after = (previous: JsonObject, next: JsonObject, by: Person = alice): SignedStatement[] => [...byAlice(previous), signed(next, by.signing)];
const adds = (previous: JsonObject, changes: JsonObject = {}): JsonObject => following(previous, { action: 'add_participant', ...changes });

function chains() {
  const second = adds(first, { participants: THREE });
  const third = following(second, { participants: TWO });
  const joined = following(withAdmin, { epoch: 7, actor: anna.userId });
  const rotated = [{ ...listed(alice, 'owner'), signingKey: alice2.signing.publicKey }, listed(bob, 'member')];
  const adopted = following(first, { participants: rotated });
  return [
    accepts('Ordinary', 'a create', { statements: byAlice(first) }),
    accepts('Ordinary', 'a new key for the same people', { statements: after(first, following(first)) }),
    accepts('Ordinary', 'the owner adds', { statements: after(first, second) }),
    accepts('Ordinary', 'the owner adds, then removes', { statements: byAlice(first, second, third) }),
    accepts('Ordinary', 'an admin adds a member', { statements: after(withAdmin, adds(withAdmin, { actor: anna.userId, participants: [...WITH_ADMIN, listed(carol, 'member')] }), anna) }),
    accepts('Ordinary', 'an admin removes a member', { statements: after(withAdmin, following(withAdmin, { actor: anna.userId, participants: WITH_ADMIN.slice(0, 2) }), anna) }),
    accepts('Role', 'the owner makes a member of the own domain an admin', {
      statements: after(withAnna, following(withAnna, { participants: [...TWO, listed(anna, 'admin')] })),
    }),
    accepts('Role', 'the owner adds an admin', { statements: after(first, adds(first, { participants: [...TWO, listed(anna, 'admin')] })) }),
    accepts('Role', 'the owner hands over and stays as a member', {
      statements: after(withAdmin, following(withAdmin, { participants: [listed(alice, 'member'), listed(anna, 'owner'), listed(bob, 'member')] })),
    }),
    accepts('JoinedLater', 'a first statement of epoch 7 by an admin', { statements: [signed(joined, anna.signing)] }),
    accepts('JoinedLater', 'and the one after it', { statements: [signed(joined, anna.signing), signed(following(joined), alice.signing)] }),
    accepts('Pin', 'an earlier pin of the actor', { pins: { ...PINS, 'alice@a.test': [alice2.signing.publicKey, alice.signing.publicKey] }, statements: byAlice(first) }),
    accepts('Rotation', 'signed with the successor of the listed key', { identities: [identityOf(alice2, [alice])], statements: after(first, following(first), alice2) }),
    accepts('Rotation', 'a statement that lists the successor, and one signed by it', {
      identities: [identityOf(alice2, [alice])], statements: [...after(first, adopted, alice2), signed(following(adopted), alice2.signing)],
    }),
    accepts('Unknown', 'members that this version does not know', { statements: byAlice(founding({ later: 1 }), following(founding({ later: 1 }), { other: [2] })) }),
  ];
}

function forms() {
  const bad = (comment: string, changes: JsonObject) => refuses('Form', comment, { reason: 'malformed', statements: byAlice(founding(changes)) });
  const badNext = (comment: string, changes: JsonObject) => refuses('Form', comment, { reason: 'malformed', statements: after(first, following(first, changes)) });
  return [
    bad('v 2', { v: 2 }),
    bad('v as text', { v: '1' }),
    bad('epoch 0', { epoch: 0 }),
    bad('epoch 1 with prev', { prev: hashOf(first) }),
    bad('epoch 1 as add_participant', { action: 'add_participant' }),
    bad('another action', { action: 'leave' }),
    bad('no participants', { participants: [] }),
    bad('no owner', { participants: [listed(alice, 'admin'), listed(bob, 'member')] }),
    bad('two owners', { participants: [listed(alice, 'owner'), listed(anna, 'owner')] }),
    bad('somebody twice', { participants: [...TWO, listed(bob, 'member')] }),
    bad('another role', { participants: [listed(alice, 'owner'), listed(bob, 'guest')] }),
    bad('a key of 31 bytes', { participants: [{ ...listed(alice, 'owner'), signingKey: alice.signing.publicBytes.subarray(1).toString('base64') }] }),
    bad('a user id with capital letters', { actor: 'Alice@a.test' }),
    bad('keyCommitment as base64url', { keyCommitment: sha256('x').toString('base64url') }),
    bad('keyCommitment of 31 bytes', { keyCommitment: Buffer.alloc(31).toString('base64') }),
    bad('timestamp without milliseconds', { timestamp: '2026-11-18T11:06:40Z' }),
    bad('a conversation id with a slash', { conversationId: 'x/y:a.test' }),
    badNext('epoch 2 without prev', { prev: null }),
    badNext('epoch 2 as create', { action: 'create' }),
    badNext('prev as base64', { prev: sha256(plainJcs(first)).toString('base64') }),
    badNext('prev in hexadecimal', { prev: sha256(plainJcs(first)).toString('hex') }),
  ];
}

function firsts() {
  const bad = (flag: string, comment: string, rest: Known & { reason: string; statement: JsonObject; by?: Person }) =>
    refuses(flag, comment, { ...rest, statements: [signed(rest.statement, (rest.by ?? alice).signing)] });
  const later = following(withAdmin, { epoch: 7 });
  return [
    bad('OwnerDomain', 'an owner of another domain', { reason: 'not_owner_domain', statement: founding({ actor: bob.userId, participants: [listed(bob, 'owner'), listed(alice, 'member')] }), by: bob }),
    bad('OwnerDomain', 'an admin of another domain', { reason: 'not_owner_domain', statement: founding({ participants: [listed(alice, 'owner'), listed(bob, 'admin')] }) }),
    bad('OwnerDomain', 'a conversation id without a domain', { reason: 'not_owner_domain', statement: founding({ conversationId: 'c1' }) }),
    bad('OwnerDomain', 'a conversation id with the domain in front', { reason: 'not_owner_domain', statement: founding({ conversationId: 'a.test:c1' }) }),
    bad('Actor', 'a create by an admin', { reason: 'actor_not_allowed', statement: { ...withAdmin, actor: anna.userId }, by: anna }),
    bad('Actor', 'a create by a member', { reason: 'actor_not_allowed', statement: founding({ actor: bob.userId }), by: bob }),
    bad('Actor', 'a create by somebody who is not in it', { reason: 'actor_not_allowed', statement: founding({ actor: mallory.userId }), by: mallory }),
    bad('JoinedLater', 'a first statement of epoch 7 by a member', { reason: 'actor_not_allowed', statement: { ...later, actor: bob.userId }, by: bob }),
    bad('JoinedLater', 'a first statement of epoch 7 by somebody who is not in it', { reason: 'actor_not_allowed', statement: { ...later, actor: mallory.userId }, by: mallory }),
    bad('Pin', 'nobody is pinned', { reason: 'unknown_actor_key', statement: first, pins: {} }),
    bad('Pin', 'another key is pinned', { reason: 'unknown_actor_key', statement: first, pins: { 'alice@a.test': [alice2.signing.publicKey] } }),
    bad('Pin', 'the key that signed is pinned, another is listed', {
      reason: 'unknown_actor_key', statement: founding({ participants: [{ ...listed(alice, 'owner'), signingKey: mallory.signing.publicKey }, listed(bob, 'member')] }),
    }),
    bad('Pin', 'the key is pinned for somebody else', { reason: 'unknown_actor_key', statement: first, pins: { 'anna@a.test': [alice.signing.publicKey] } }),
  ];
}

function links() {
  const bad = (comment: string, reason: string, next: JsonObject) => refuses('Chain', comment, { reason, statements: after(first, next) });
  const other = founding({ timestamp: '2026-11-18T11:06:40.001Z' });
  const second = following(first);
  return [
    bad('prev of another first statement', 'fork', following(first, { prev: hashOf(other) })),
    bad('prev of itself', 'fork', following(first, { prev: hashOf(following(first)) })),
    bad('prev of the JSON as it stands, not of its canonical form', 'fork', following(first, { prev: sha256(JSON.stringify(first)).toString('base64url') })),
    bad('an epoch left out', 'wrong_epoch', following(first, { epoch: 3 })),
    bad('the same epoch again', 'wrong_epoch', { ...first }),
    bad('another conversation', 'wrong_conversation', following(first, { conversationId: 'AQEBAQEBAQEBAQEBAQEBAQ:a.test' })),
    refuses('Chain', 'a second statement of epoch 2 after epoch 3', { reason: 'wrong_epoch', statements: byAlice(first, second, following(second), following(first, { participants: THREE, action: 'add_participant' })) }),
    refuses('Chain', 'epoch 3 that follows another epoch 2', {
      reason: 'fork', statements: byAlice(first, second, following(following(first, { timestamp: '2026-11-18T11:06:41.000Z' }))),
    }),
  ];
}

function rights() {
  const bad = (flag: string, comment: string, rest: { reason: string; previous?: JsonObject; next: JsonObject; by?: Person }) =>
    refuses(flag, comment, { reason: rest.reason, statements: after(rest.previous ?? withAdmin, rest.next, rest.by) });
  const byAnna = (changes: JsonObject, action = 'rotate_key'): JsonObject => following(withAdmin, { actor: anna.userId, action, ...changes });
  const [owner = {}, admin = {}, member = {}] = WITH_ADMIN;
  return [
    bad('Actor', 'a member makes a new key', { reason: 'actor_not_allowed', next: following(withAdmin, { actor: bob.userId }), by: bob }),
    bad('Actor', 'a member adds somebody', { reason: 'actor_not_allowed', next: adds(withAdmin, { actor: bob.userId, participants: [...WITH_ADMIN, listed(dave, 'member')] }), by: bob }),
    bad('Actor', 'somebody who was no participant before', { reason: 'actor_not_allowed', previous: first, next: adds(first, { actor: anna.userId, participants: [...TWO, listed(anna, 'admin')] }), by: anna }),
    bad('Actor', 'a member who makes an admin of themselves', {
      reason: 'actor_not_allowed', previous: withAnna, next: following(withAnna, { actor: anna.userId, participants: [...TWO, listed(anna, 'admin')] }), by: anna,
    }),
    bad('Role', 'an admin makes a member an admin', {
      reason: 'role_change', previous: withMallory, next: following(withMallory, { actor: anna.userId, participants: [...WITH_ADMIN, listed(mallory, 'admin')] }), by: anna,
    }),
    bad('Role', 'an admin adds an admin', { reason: 'role_change', next: byAnna({ participants: [...WITH_ADMIN, listed(mallory, 'admin')] }, 'add_participant'), by: anna }),
    bad('Role', 'an admin takes over', { reason: 'role_change', next: byAnna({ participants: [listed(alice, 'member'), listed(anna, 'owner'), member] }), by: anna }),
    bad('Role', 'an admin makes a member of themselves', { reason: 'role_change', next: byAnna({ participants: [owner, listed(anna, 'member'), member] }), by: anna }),
    bad('Owner', 'an admin removes the owner', { reason: 'owner_removed', next: byAnna({ participants: [listed(anna, 'owner'), member] }), by: anna }),
    bad('Owner', 'the owner leaves the list and names another', { reason: 'owner_removed', next: following(withAdmin, { participants: [listed(anna, 'owner'), member] }) }),
    bad('Action', 'a rotation adds somebody', { reason: 'wrong_action', next: following(withAdmin, { participants: [...WITH_ADMIN, listed(carol, 'member')] }) }),
    bad('Action', 'a rotation adds one and removes another', { reason: 'wrong_action', next: following(withAdmin, { participants: [owner, admin, listed(carol, 'member')] }) }),
    bad('OwnerDomain', 'the owner makes a member of another domain an admin', { reason: 'not_owner_domain', next: following(withAdmin, { participants: [owner, admin, listed(bob, 'admin')] }) }),
    bad('OwnerDomain', 'the owner hands over to another domain', { reason: 'not_owner_domain', next: following(withAdmin, { participants: [listed(alice, 'member'), listed(bob, 'owner')] }) }),
  ];
}

function signatures() {
  const next = following(first);
  const bad = (comment: string, rest: Known & { membership?: JsonObject; membershipSignature: string }) => {
    const { membership = next, membershipSignature, ...more } = rest;
    return refuses('Signature', comment, { ...more, reason: 'bad_signature', statements: [...byAlice(first), { membership, membershipSignature }] });
  };
  const over = (comment: string, text: string) => bad(comment, { membershipSignature: signB64(alice.signing, text) });
  const right = membershipText(next);
  return [
    refuses('Signature', 'a first statement signed by somebody else', { reason: 'bad_signature', statements: [signed(first, mallory.signing)] }),
    refuses('Signature', 'a first statement signed by another participant', { reason: 'bad_signature', statements: [signed(first, bob.signing)] }),
    bad('somebody else', { membershipSignature: signB64(mallory.signing, right) }),
    bad('another participant', { membershipSignature: signB64(bob.signing, right) }),
    bad('a successor of the listed key that nobody vouches for', { identities: [identityOf(alice2)], membershipSignature: signB64(alice2.signing, right) }),
    bad('a successor of the key of somebody else', { identities: [identityOf(person('bob@b.test', 2), [bob])], membershipSignature: signB64(person('bob@b.test', 2).signing, right) }),
    bad('a key that only this statement lists', {
      membership: following(first, { participants: [{ ...listed(alice, 'owner'), signingKey: alice2.signing.publicKey }, listed(bob, 'member')] }),
      membershipSignature: signB64(alice2.signing, membershipText(following(first, { participants: [{ ...listed(alice, 'owner'), signingKey: alice2.signing.publicKey }, listed(bob, 'member')] }))),
    }),
    bad('that of the statement before', { membershipSignature: signB64(alice.signing, membershipText(first)) }),
    bad('a member altered afterwards', { membership: { ...next, timestamp: '2026-11-18T11:06:40.001Z' }, membershipSignature: signB64(alice.signing, right) }),
    bad('an unknown member added afterwards', { membership: { ...next, later: 1 }, membershipSignature: signB64(alice.signing, right) }),
    bad('nothing', { membershipSignature: '' }),
    bad('without padding', { membershipSignature: signB64(alice.signing, right).replace(/=+$/, '') }),
    over('a line feed at the end', `${right}\n`),
    over('no label', sha256B64(plainJcs(next))),
    over('another label', lines('securechat-message-v1', sha256B64(plainJcs(next)))),
    over('the hash as base64url', lines('securechat-membership-v1', hashOf(next))),
    over('the statement itself', lines('securechat-membership-v1', plainJcs(next))),
    over('the hash of the JSON as it stands', lines('securechat-membership-v1', sha256B64(JSON.stringify(next)))),
  ];
}
