import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { flippedB64, lines, listKeys, NOW, sha256B64, sha256B64Url, signB64 } from './fixed.ts';
import type { TestKey } from './fixed.ts';
import { endpoints, json, weakKeys } from './key-document-edges.ts';
import { plainJcs } from './plain-jcs.ts';
import { accepts, FIRST, listed, malformed, MEMBERS, one, refuses, SECOND, signedBy, signedText } from './signed-documents.ts';
import { SERVER_KEYS } from './signed-exchange.ts';
import type { VectorSubject } from './vector-file.ts';

const KEYS: Readonly<Record<string, TestKey>> = { 'example-1': FIRST, 'example-2': SECOND };
const TWO_KEYS: JsonObject = { ...MEMBERS, keys: [listed('example-1', FIRST), listed('example-2', SECOND)] };
const FULL: JsonObject = {
  ...TWO_KEYS,
  endpoints: ['s2s.a.test:8448'],
  profile: 'full',
  limits: { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 },
  software: { name: 'SecureChat', version: '1.0.0' },
};

const without = (name: string): JsonObject => {
  const { [name]: _, ...rest } = MEMBERS;
  return signedBy(rest, { 'example-1': FIRST });
};

/** Lists key documents as a reader judges them at `now`, fetched from `domain`. @see docs/protocol.md [KEY-2] [KEY-3] */
export function keyDocumentVectors(): VectorSubject {
  return {
    subject: 'key-documents',
    notes: {
      Ordinary: 'A document that every reader accepts.',
      Unknown: 'Members that this version does not know: ignored, and covered by the signatures.',
      Missing: 'A required member is not there.',
      Type: 'A member of a wrong type or form.',
      Number: 'Limits are integers by the value of their double, from 0.',
      Keys: 'How many keys there are, and their names.',
      Current: '`publicKey` is one of the listed keys.',
      Signatures: 'Exactly one good signature of each listed key.',
      Construction: 'Another text was signed than that of the clause.',
      WeakKey: 'A key of small order or in a form that is not canonical.',
      Domain: 'The document names another domain than the one that it was fetched from.',
      Validity: '`validUntil` against `now`: later, and at most 7 days later.',
      Endpoints: 'Entries of `endpoints`. One that is malformed makes the whole document invalid.',
      Json: 'A document that is not strict JSON, or no object.',
    },
    privateTestKeys: listKeys(SERVER_KEYS),
    groups: [
      {
        type: 'KeyDocument',
        clause: 'KEY-2',
        given: { domain: 'a.test', now: NOW },
        tests: [...accepted(), ...validity(), ...members(), ...lists(), ...signatures(), ...constructions(), ...weakKeys(), ...endpoints(), ...json()],
      },
    ],
  };
}

function eight(): { keys: readonly JsonObject[]; byKid: Record<string, TestKey> } {
  const four = Object.values(SERVER_KEYS);
  const byKid = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`k${index + 1}`, four[index % 4] ?? FIRST]));
  return { keys: Object.entries(byKid).map(([kid, key]) => listed(kid, key)), byKid };
}

function accepted() {
  const { keys, byKid } = eight();
  return [
    accepts('Ordinary', 'the worked example', one({ endpoints: [], validUntil: '2026-11-23T11:06:40.000Z' })),
    accepts('Ordinary', 'required members alone', one()),
    accepts('Ordinary', 'every member', signedBy(FULL, KEYS)),
    accepts('Ordinary', 'indented, with its members in another order', JSON.stringify(Object.fromEntries(Object.entries(signedBy(FULL, KEYS)).reverse()), null, 2)),
    accepts('Ordinary', 'another profile than full, which is Core', one({ profile: 'core' })),
    accepts('Ordinary', 'several versions of the protocol', one({ protocolVersions: ['v2', 'v1'] })),
    accepts('Keys', 'two keys, the first signing', signedBy(TWO_KEYS, KEYS)),
    accepts('Keys', 'two keys, the second signing', signedBy({ ...TWO_KEYS, publicKey: SECOND.publicKey }, KEYS)),
    accepts('Keys', 'eight keys', signedBy({ ...MEMBERS, keys }, byKid)),
    accepts('Keys', 'one key under two kids', signedBy({ ...MEMBERS, keys: [listed('a', FIRST), listed('b', FIRST)] }, { a: FIRST, b: FIRST })),
    accepts('Keys', 'a kid that programming languages know', signedBy({ ...MEMBERS, keys: [listed('constructor', FIRST)] }, { constructor: FIRST })),
    accepts('Unknown', 'an unknown member', one({ later: { kept: [1, 'a', null] } })),
    accepts('Unknown', 'an unknown member whose name sorts beyond ASCII', one({ '\ufb33': 1, '\ud83d\ude00': 2 })),
    accepts('Unknown', 'unknown members of a key, of limits and of software', one({
      keys: [{ ...listed('example-1', FIRST), use: 'sig' }], limits: { maxLater: 1 }, software: { name: 'X', version: '1', later: true },
    })),
    accepts('Number', 'one limit alone', one({ limits: { maxBodyBytes: 1_000 } })),
    accepts('Number', 'limits of 0', one({ limits: { maxBodyBytes: 0, maxBatchItems: 0, maxParticipants: 0, maxMediaBytes: 0 } })),
    accepts('Number', 'an integer written as 1e3', JSON.stringify(one({ limits: { maxBodyBytes: 1_000 } })).replace(':1000', ':1e3')),
    accepts('Number', 'an integer written as 1000.0', JSON.stringify(one({ limits: { maxBodyBytes: 1_000 } })).replace(':1000', ':1000.0')),
    accepts('Number', 'minus zero, which is 0 in what is signed', JSON.stringify(one({ limits: { maxMediaBytes: 0 } })).replace('"maxMediaBytes":0', '"maxMediaBytes":-0')),
  ];
}

function validity() {
  const until = (validUntil: JsonValue): JsonObject => one({ validUntil });
  return [
    accepts('Validity', 'for another millisecond', until('2026-11-18T11:06:40.001Z')),
    accepts('Validity', 'for 7 days', until('2026-11-25T11:06:40.000Z')),
    refuses('Validity', 'until now', { reason: 'expired', document: until(NOW) }),
    refuses('Validity', 'until a day ago', { reason: 'expired', document: until('2026-11-17T11:06:40.000Z') }),
    refuses('Validity', 'for 7 days and a millisecond', { reason: 'valid_too_long', document: until('2026-11-25T11:06:40.001Z') }),
    refuses('Validity', 'for a year', { reason: 'valid_too_long', document: until('2027-11-18T11:06:40.000Z') }),
    malformed('Validity', 'a time without milliseconds', until('2026-11-24T11:06:40Z')),
    malformed('Validity', 'a day that does not exist', until('2026-11-31T11:06:40.000Z')),
    malformed('Validity', 'Unix seconds', until(1_795_500_000)),
    refuses('Domain', 'another domain', { reason: 'wrong_domain', document: one({ domain: 'b.test' }) }),
    refuses('Domain', 'a subdomain', { reason: 'wrong_domain', document: one({ domain: 'chat.a.test' }) }),
    malformed('Domain', 'capital letters', one({ domain: 'A.test' })),
    malformed('Domain', 'a trailing dot', one({ domain: 'a.test.' })),
    malformed('Domain', 'a port', one({ domain: 'a.test:443' })),
  ];
}

function members() {
  const bad = (comment: string, changes: JsonObject) => malformed('Type', comment, one(changes));
  const badLimit = (comment: string, token: string) => malformed('Number', comment, JSON.stringify(one({ limits: { maxBodyBytes: 1_000 } })).replace(':1000', `:${token}`));
  return [
    ...Object.keys(MEMBERS).map((name) => malformed('Missing', `no ${name}`, without(name))),
    malformed('Missing', 'no signatures', MEMBERS),
    bad('domain that is a list', { domain: ['a.test'] }),
    bad('publicKey that is null', { publicKey: null }),
    bad('publicKey of 31 bytes', { publicKey: FIRST.publicBytes.subarray(1).toString('base64') }),
    bad('publicKey as base64url', { publicKey: FIRST.publicBytes.toString('base64url') }),
    bad('publicKey in hexadecimal', { publicKey: FIRST.publicBytes.toString('hex') }),
    bad('keys that is an object', { keys: { 'example-1': FIRST.publicKey } }),
    bad('a key that is a text', { keys: [FIRST.publicKey] }),
    bad('a key without kid', { keys: [{ publicKey: FIRST.publicKey }] }),
    bad('a key whose kid is a number', { keys: [{ kid: 1, publicKey: FIRST.publicKey }] }),
    bad('protocolVersions that is a text', { protocolVersions: 'v1' }),
    bad('protocolVersions without v1', { protocolVersions: ['v2'] }),
    bad('protocolVersions with a number', { protocolVersions: ['v1', 2] }),
    bad('profile that is null', { profile: null }),
    bad('profile that is a list', { profile: ['full'] }),
    bad('limits that is a list', { limits: [] }),
    bad('limits that is null', { limits: null }),
    bad('software that is a text', { software: 'SecureChat 1.0.0' }),
    badLimit('a limit that is a text', '"1000"'),
    badLimit('a limit that is null', 'null'),
    badLimit('a limit below 0', '-1'),
    badLimit('a limit with a fraction', '1000.5'),
    badLimit('a limit of 2^53', '9007199254740992'),
    badLimit('a limit of 1e999', '1e999'),
  ];
}

function lists() {
  const { keys, byKid } = eight();
  const ninth = { ...byKid, k9: FIRST };
  return [
    malformed('Keys', 'no key', signedBy({ ...MEMBERS, keys: [] }, {})),
    malformed('Keys', 'nine keys', signedBy({ ...MEMBERS, keys: [...keys, listed('k9', FIRST)] }, ninth)),
    malformed('Keys', 'one kid twice', signedBy({ ...MEMBERS, keys: [listed('example-1', FIRST), listed('example-1', FIRST)] }, { 'example-1': FIRST })),
    malformed('Keys', 'one kid twice with two keys', signedBy({ ...MEMBERS, keys: [listed('example-1', FIRST), listed('example-1', SECOND)] }, { 'example-1': FIRST })),
    malformed('Keys', 'a kid with a dot', signedBy({ ...MEMBERS, keys: [listed('example.1', FIRST)] }, { 'example.1': FIRST })),
    malformed('Keys', 'an empty kid', signedBy({ ...MEMBERS, keys: [listed('', FIRST)] }, { '': FIRST })),
    malformed('Keys', 'a kid of 33 characters', signedBy({ ...MEMBERS, keys: [listed('k'.repeat(33), FIRST)] }, { ['k'.repeat(33)]: FIRST })),
    malformed('Current', 'a key that is not listed', one({ publicKey: SECOND.publicKey })),
  ];
}

function signatures() {
  const sound = signedBy(TWO_KEYS, KEYS);
  const withSignatures = (signed: JsonValue): JsonObject => ({ ...TWO_KEYS, signatures: signed });
  const [first, second] = [signB64(FIRST, signedText(TWO_KEYS)), signB64(SECOND, signedText(TWO_KEYS))];
  const wrong = (comment: string, document: JsonObject) => refuses('Signatures', comment, { reason: 'bad_signature', document });
  return [
    malformed('Signatures', 'none of the second key', withSignatures({ 'example-1': first })),
    malformed('Signatures', 'none of the first key', withSignatures({ 'example-2': second })),
    malformed('Signatures', 'none', withSignatures({})),
    malformed('Signatures', 'one of a kid that is not listed', withSignatures({ 'example-1': first, 'example-2': second, 'example-3': first })),
    malformed('Signatures', 'one of a kid that is not listed in place of one that is', withSignatures({ 'example-1': first, 'example-3': second })),
    malformed('Signatures', 'a list', withSignatures([first, second])),
    malformed('Signatures', 'one of 63 bytes', withSignatures({ 'example-1': first, 'example-2': Buffer.from(second, 'base64').subarray(1).toString('base64') })),
    malformed('Signatures', 'one without padding', withSignatures({ 'example-1': first, 'example-2': second.replace(/=+$/, '') })),
    malformed('Signatures', 'one that is null', withSignatures({ 'example-1': first, 'example-2': null })),
    wrong('the two the other way round', withSignatures({ 'example-1': second, 'example-2': first })),
    wrong('a bit of the first', withSignatures({ 'example-1': flippedB64(first), 'example-2': second })),
    wrong('a bit of the second', withSignatures({ 'example-1': first, 'example-2': flippedB64(second, -1) })),
    wrong('that of another document', withSignatures({ 'example-1': signB64(FIRST, signedText(MEMBERS)), 'example-2': second })),
    wrong('a member altered', { ...sound, validUntil: '2026-11-24T11:06:41.000Z' }),
    wrong('an endpoint added', { ...sound, endpoints: ['evil.test:443'] }),
    wrong('an unknown member added', { ...sound, later: 1 }),
    wrong('the profile taken away', Object.fromEntries(Object.entries(signedBy(FULL, KEYS)).filter(([name]) => name !== 'profile'))),
    wrong('a limit altered', { ...signedBy(FULL, KEYS), limits: { maxBodyBytes: 1 } }),
  ];
}

function constructions() {
  const over = (comment: string, text: string) =>
    refuses('Construction', comment, { reason: 'bad_signature', document: { ...MEMBERS, signatures: { 'example-1': signB64(FIRST, text) } } });
  return [
    over('a line feed at the end', `${signedText(MEMBERS)}\n`),
    over('no label', sha256B64(plainJcs(MEMBERS))),
    over('the label of requests', lines('securechat-s2s-v1', sha256B64(plainJcs(MEMBERS)))),
    over('the document itself', plainJcs(MEMBERS)),
    over('the label and the document itself', lines('securechat-s2s-keys-v1', plainJcs(MEMBERS))),
    over('the hash as base64url', lines('securechat-s2s-keys-v1', sha256B64Url(plainJcs(MEMBERS)))),
    over('the hash of the members in the order of the document', lines('securechat-s2s-keys-v1', sha256B64(JSON.stringify(MEMBERS)))),
    over('the hash with empty signatures', lines('securechat-s2s-keys-v1', sha256B64(plainJcs({ ...MEMBERS, signatures: {} })))),
    refuses('Construction', 'unknown members not covered', {
      reason: 'bad_signature', document: { ...MEMBERS, later: 1, signatures: { 'example-1': signB64(FIRST, signedText(MEMBERS)) } },
    }),
  ];
}
