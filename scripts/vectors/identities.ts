import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { flippedB64, lines, listKeys, signB64 } from './fixed.ts';
import { bindingText, identityOf, keysOf, nextText, person, vouching } from './people.ts';
import type { Person } from './people.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const [alice1, alice2, alice3, mallory] = [person('alice@a.test'), person('alice@a.test', 2), person('alice@a.test', 3), person('mallory@a.test')];
/** Versions that keep the X25519 key, which is what a list that vouches step by step needs. */
const kept2 = person('alice@a.test', 2, alice1.box);
const kept3 = person('alice@a.test', 3, alice1.box);

/** Lists identities as servers answer them, and their comparison with a pin. @see docs/protocol.md [E2E-1] [E2E-2] */
export function identityVectors(): VectorSubject {
  return {
    subject: 'identities',
    notes: {
      Ordinary: 'An identity that every client accepts.',
      Unbound: 'Members of the Full profile are missing, as in an answer of a Core server.',
      Form: 'A member that is not of its form.',
      User: 'An identity of somebody else.',
      WeakKey: 'A key of small order or in a form that is not canonical.',
      Signature: 'The binding signature is another, of another key, or over another text.',
      Same: 'The keys that are pinned.',
      Rotated: 'A higher version that the pinned signing key leads to, in one step or step by step.',
      Reset: 'Everything else: the client treats it as another person until somebody decides.',
    },
    privateTestKeys: listKeys(keysOf(alice1, alice2, alice3, mallory)),
    groups: [
      { type: 'IdentityBinding', clause: 'E2E-1', tests: [...bound(), ...unbound(), ...badSignatures()] },
      { type: 'PinComparison', clause: 'E2E-1', tests: [...rotations(), ...resets()] },
    ],
  };
}

function bound() {
  const accepts = (comment: string, current: Person, former: readonly Person[] = []) =>
    valid('Ordinary', comment, {
      input: { userId: current.userId, answer: identityOf(current, former) },
      expected: { bindingText: bindingText(current), nextTexts: former.map(() => nextText(current)) },
    });
  return [
    accepts('the first version', alice1),
    accepts('the second version, the first vouching', alice2, [alice1]),
    accepts('the third version, both former ones vouching', alice3, [alice2, alice1]),
    accepts('a new version without former ones', alice2),
    accepts('somebody else', mallory),
  ];
}

const answer: JsonObject = identityOf(alice1);

function refuses(flag: string, comment: string, rest: { reason: string; changes?: JsonObject; without?: string; userId?: string }) {
  const { reason, changes = {}, without, userId = 'alice@a.test' } = rest;
  const changed = Object.fromEntries(Object.entries({ ...answer, ...changes }).filter(([name]) => name !== without));
  return invalid(flag, comment, { input: { userId, answer: changed }, error: { reason } });
}

function unbound() {
  const form = (comment: string, changes: JsonObject) => refuses('Form', comment, { reason: 'malformed', changes });
  const b64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
  const weak = (comment: string, changes: { readonly publicKey?: string; readonly signingKey?: string }) => {
    const { publicKey = alice1.box.publicKey, signingKey = alice1.signing.publicKey } = changes;
    const text = lines('securechat-identity-v1', 'alice@a.test', 1, alice1.createdAt, publicKey, signingKey);
    return refuses('WeakKey', comment, { reason: 'weak_key', changes: { ...changes, bindingSignature: signB64(alice1.signing, text) } });
  };
  return [
    ...['userId', 'signingKey', 'keyVersion', 'createdAt', 'bindingSignature'].map((name) => refuses('Unbound', `no ${name}`, { reason: 'unbound', without: name })),
    form('publicKey of 31 bytes', { publicKey: alice1.box.publicBytes.subarray(1).toString('base64') }),
    form('signingKey as base64url', { signingKey: alice1.signing.publicBytes.toString('base64url') }),
    form('keyVersion 0', { keyVersion: 0 }),
    form('keyVersion as text', { keyVersion: '1' }),
    form('createdAt without milliseconds', { createdAt: '2026-11-18T11:06:40Z' }),
    form('bindingSignature of 63 bytes', { bindingSignature: Buffer.alloc(63).toString('base64') }),
    form('previous that is null', { previous: null }),
    refuses('User', 'the identity of somebody else', { reason: 'wrong_user', userId: 'bob@a.test' }),
    refuses('User', 'a good identity that names another user', { reason: 'wrong_user', changes: identityOf(mallory) }),
    weak('an X25519 key of zeros', { publicKey: b64('00'.repeat(32)) }),
    weak('an X25519 key of order 1', { publicKey: b64(`01${'00'.repeat(31)}`) }),
    weak('an X25519 key of order 8', { publicKey: b64('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800') }),
    weak('an X25519 key of order 8, the other', { publicKey: b64('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157') }),
    weak('an X25519 key of p - 1', { publicKey: b64(`ec${'ff'.repeat(30)}7f`) }),
    weak('an X25519 key of p', { publicKey: b64(`ed${'ff'.repeat(30)}7f`) }),
    weak('an X25519 key of p + 1', { publicKey: b64(`ee${'ff'.repeat(30)}7f`) }),
    weak('an Ed25519 key of order 1', { signingKey: b64(`01${'00'.repeat(31)}`) }),
    weak('an Ed25519 key of order 4', { signingKey: b64('00'.repeat(32)) }),
    weak('an Ed25519 key that is not canonical', { signingKey: b64(`f0${'ff'.repeat(30)}7f`) }),
  ];
}

function badSignatures() {
  const right = bindingText(alice1);
  const parts = right.split('\n');
  const over = (comment: string, text: string) => refuses('Signature', comment, { reason: 'bad_signature', changes: { bindingSignature: signB64(alice1.signing, text) } });
  const altered = (comment: string, changes: JsonObject) => refuses('Signature', comment, { reason: 'bad_signature', changes });
  return [
    altered('a bit of the signature', { bindingSignature: flippedB64(signB64(alice1.signing, right), 40) }),
    altered('the signature of another key', { bindingSignature: signB64(mallory.signing, right) }),
    altered('another X25519 key', { publicKey: mallory.box.publicKey }),
    altered('another signing key', { signingKey: mallory.signing.publicKey }),
    altered('another version', { keyVersion: 2 }),
    altered('another time', { createdAt: '2026-11-18T11:06:40.001Z' }),
    over('a line feed at the end', `${right}\n`),
    over('no label', parts.slice(1).join('\n')),
    over('the label of a next version', parts.with(0, 'securechat-identity-next-v1').join('\n')),
    over('the lines of a next version', nextText(alice1)),
    over('the two keys the other way round', [...parts.slice(0, 4), parts[5], parts[4]].join('\n')),
    over('the version with a zero in front', parts.with(2, '01').join('\n')),
  ];
}

function pinOf({ userId, keyVersion, box, signing }: Person): JsonObject {
  return { userId, publicKey: box.publicKey, signingKey: signing.publicKey, keyVersion };
}

function rotations() {
  const takes = (flag: string, comment: string, rest: { pin: Person; identity: JsonObject; verdict: 'same' | 'rotated' }) =>
    valid(flag, comment, { input: { pin: pinOf(rest.pin), identity: rest.identity }, expected: { verdict: rest.verdict } });
  const stepwise = { ...identityOf(kept3), previous: [vouching(kept2, kept3), vouching(alice1, kept2)] };
  const newBox: Person = { ...alice1, keyVersion: 2, box: alice2.box };
  return [
    takes('Same', 'the keys that are pinned', { pin: alice1, identity: identityOf(alice1), verdict: 'same' }),
    takes('Same', 'the keys that are pinned, former ones listed', { pin: alice2, identity: identityOf(alice2, [alice1]), verdict: 'same' }),
    takes('Rotated', 'the next version, vouched for by the pinned key', { pin: alice1, identity: identityOf(alice2, [alice1]), verdict: 'rotated' }),
    takes('Rotated', 'two versions later, vouched for directly', { pin: alice1, identity: identityOf(alice3, [alice2, alice1]), verdict: 'rotated' }),
    takes('Rotated', 'two versions later, the version between pinned', { pin: alice2, identity: identityOf(alice3, [alice2, alice1]), verdict: 'rotated' }),
    takes('Rotated', 'two versions later, vouched for step by step, the X25519 key kept', { pin: alice1, identity: stepwise, verdict: 'rotated' }),
    takes('Rotated', 'a new X25519 key under the pinned signing key', { pin: alice1, identity: identityOf(newBox), verdict: 'rotated' }),
    takes('Rotated', 'a former entry beyond the pinned one that is no good', {
      pin: alice2, identity: { ...identityOf(alice3), previous: [vouching(alice2, alice3), { ...vouching(alice1, alice3), signature: Buffer.alloc(64).toString('base64') }] }, verdict: 'rotated',
    }),
  ];
}

function resets() {
  const resets = (comment: string, pin: Person, identity: JsonObject) => invalid('Reset', comment, { input: { pin: pinOf(pin), identity }, error: { reason: 'reset' } });
  const withPrevious = (...previous: readonly JsonValue[]): JsonObject => ({ ...identityOf(alice2), previous });
  const stepwiseNewBox = { ...identityOf(alice3), previous: [vouching(alice2, alice3), vouching(alice1, alice2)] };
  const sameVersion: Person = { ...alice2, keyVersion: 1 };
  const olderBox: Person = { ...alice1, box: alice2.box };
  return [
    resets('nobody vouches', alice1, identityOf(alice2)),
    resets('somebody else vouches', alice1, withPrevious(vouching(mallory, alice2))),
    resets('the pinned key is listed with the signature of another', alice1, withPrevious({ signingKey: alice1.signing.publicKey, signature: signB64(mallory.signing, nextText(alice2)) })),
    resets('the pinned key vouched for another version', alice1, withPrevious({ signingKey: alice1.signing.publicKey, signature: signB64(alice1.signing, nextText({ ...alice2, keyVersion: 3 })) })),
    resets('the pinned key vouched for another X25519 key', alice1, withPrevious({ signingKey: alice1.signing.publicKey, signature: signB64(alice1.signing, nextText({ ...alice2, box: mallory.box })) })),
    resets('the pinned key vouched for itself', alice1, withPrevious(vouching(alice1, alice1))),
    resets('the pinned key signed the binding text of the version', alice1, withPrevious({ signingKey: alice1.signing.publicKey, signature: signB64(alice1.signing, bindingText(alice2)) })),
    resets('vouched for, with the version that is pinned', alice1, identityOf(sameVersion, [alice1])),
    resets('vouched for, with an older version', alice2, { ...identityOf(alice1, [alice2]) }),
    resets('the pinned signing key with another X25519 key and the version that is pinned', alice1, identityOf(olderBox)),
    resets('step by step, though the X25519 key changed between', alice1, stepwiseNewBox),
    resets('step by step, the middle step missing', alice1, { ...identityOf(kept3), previous: [vouching(alice1, kept2)] }),
    resets('step by step, the last step by somebody else', alice1, { ...identityOf(kept3), previous: [vouching(mallory, kept3), vouching(alice1, kept2)] }),
    resets('another user with the same keys', alice1, { ...identityOf({ ...alice1, userId: 'mallory@a.test' }) }),
  ];
}
