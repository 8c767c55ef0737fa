import { createCipheriv, hkdfSync } from 'node:crypto';
import type { JsonObject } from '../../protocol/json.ts';
import { fixedBytes, flippedB64, lines, listKeys, NOW, sha256B64, sha256B64Url, signB64 } from './fixed.ts';
import type { TestKey } from './fixed.ts';
import { keysOf } from './people.ts';
import type { Person } from './people.ts';
import { plainJcs } from './plain-jcs.ts';
import { CONVERSATION_ID, following, founding, hashOf, listed, PEOPLE, sessionKeyOf } from './statements.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

const { alice, bob, carol, dave } = PEOPLE;
const MESSAGE_ID = '01937f3e-0000-7000-8000-000000000001';
const NONCE = fixedBytes('message nonce', 12);

/** Statements of epochs 1 to 4; carol is in no list, dave in each and pinned by nobody. */
const first = founding({ participants: [listed(alice, 'owner'), listed(bob, 'member'), listed(dave, 'member')] });
const second = following(first);
const third = following(second);
const fourth = following(third);

/** What the reader knows of the conversation. */
const GIVEN: JsonObject = {
  joinedAtEpoch: 2,
  pins: Object.fromEntries([alice, bob, carol].map(({ userId, signing }) => [userId, [signing.publicKey]])),
  epochs: [
    { epoch: 2, membership: second, sessionKeyHex: sessionKeyOf(2).toString('hex'), supersededAt: '2026-11-18T11:00:00.000Z' },
    { epoch: 3, membership: third, sessionKeyHex: sessionKeyOf(3).toString('hex'), supersededAt: null },
    { epoch: 4, membership: fourth, sessionKeyHex: null, supersededAt: null },
    { epoch: 6, membership: null, sessionKeyHex: sessionKeyOf(6).toString('hex'), supersededAt: null },
  ],
};

/** Lists keys of messages, sealed messages, and messages as a reader judges them. @see docs/protocol.md [E2E-7] [E2E-8] */
export function messageVectors(): VectorSubject {
  return {
    subject: 'messages',
    notes: {
      Ordinary: 'A message that every client seals and reads in this way.',
      Unknown: 'Members of `associatedData` that this version does not know: covered, otherwise ignored.',
      Late: 'A message of an epoch that has been over for more than ten minutes.',
      Form: 'A payload or `associatedData` that is not of its form.',
      Version: 'Another version, algorithm or kind.',
      Signature: 'The signature is another, of another key, or over another text.',
      Altered: 'Something that is signed was changed on the way.',
      Envelope: 'The body names something else than `associatedData`.',
      Membership: 'The sender or the statement is not that of the epoch.',
      Pin: 'The key that the statement lists is not one that the reader has pinned.',
      MissingKey: 'An epoch whose session key or statement the reader has not.',
      Sealing: 'Signed as it must be, but sealed under another key, nonce or additional data.',
      Content: 'What is inside is not of its form.',
    },
    privateTestKeys: listKeys(keysOf(...Object.values(PEOPLE))),
    groups: [
      { type: 'MessageKey', clause: 'E2E-7', tests: messageKeys() },
      { type: 'SealMessage', clause: 'E2E-7', tests: sealing() },
      { type: 'OpenMessage', clause: 'E2E-8', given: GIVEN, tests: [...opened(), ...malformed(), ...badSignatures(), ...envelopes(), ...missingKeys(), ...sealings()] },
    ],
  };
}

/** Derives the key of an epoch by node:crypto. */
function messageKey(options: { readonly sessionKey: Buffer; readonly conversationId?: string; readonly epoch: number | string; readonly info?: string }): Buffer {
  const { sessionKey, conversationId = CONVERSATION_ID, epoch } = options;
  const info = options.info ?? lines('securechat-message-key-v1', conversationId, epoch);
  return Buffer.from(hkdfSync('sha256', sessionKey, Buffer.alloc(0), info, 32));
}

function messageKeys() {
  const derives = (comment: string, rest: { sessionKey: Buffer; conversationId: string; epoch: number }) => {
    const { sessionKey, conversationId, epoch } = rest;
    const info = lines('securechat-message-key-v1', conversationId, epoch);
    return valid('Ordinary', comment, {
      input: { sessionKeyHex: sessionKey.toString('hex'), conversationId, epoch },
      expected: { info, keyHex: messageKey(rest).toString('hex') },
    });
  };
  return [
    derives('epoch 1', { sessionKey: sessionKeyOf(1), conversationId: CONVERSATION_ID, epoch: 1 }),
    derives('epoch 2', { sessionKey: sessionKeyOf(1), conversationId: CONVERSATION_ID, epoch: 2 }),
    derives('epoch 10', { sessionKey: sessionKeyOf(1), conversationId: CONVERSATION_ID, epoch: 10 }),
    derives('another conversation', { sessionKey: sessionKeyOf(1), conversationId: 'c1', epoch: 1 }),
    derives('another session key', { sessionKey: sessionKeyOf(2), conversationId: CONVERSATION_ID, epoch: 1 }),
  ];
}

function associated(changes: JsonObject = {}): JsonObject {
  const epoch = changes['epoch'] ?? 3;
  const statement = [first, second, third, fourth][Number(epoch) - 1] ?? third;
  return {
    v: 1, alg: 'A256GCM', conversationId: CONVERSATION_ID, epoch, membership: hashOf(statement), messageId: MESSAGE_ID,
    senderId: alice.userId, device: '0123456789abcdef', seq: 1, prev: null, timestamp: NOW, ...changes,
  };
}

interface Sealing {
  readonly associatedData?: JsonObject;
  readonly content?: string;
  readonly plaintext?: Buffer;
  readonly key?: Buffer;
  readonly nonce?: Buffer;
  /** What is authenticated, where it is not the associated data. */
  readonly aad?: string;
  readonly signer?: TestKey;
  /** What is signed, where it is not the text of the clause. */
  readonly text?: (right: string, parts: SealedParts) => string;
}

interface SealedParts {
  readonly aad: string;
  readonly nonce: string;
  readonly ciphertext: Buffer;
  readonly authTag: Buffer;
}

/** Seals and signs by node:crypto, whatever is wrong with it. */
function seal(options: Sealing = {}): { payload: JsonObject; text: string } {
  const { associatedData = associated(), content = plainJcs({ kind: 'text', text: 'hello' }), nonce = NONCE, signer = alice.signing } = options;
  const epoch = Number(associatedData['epoch']);
  const key = options.key ?? messageKey({ sessionKey: sessionKeyOf(epoch), epoch });
  const plaintext = options.plaintext ?? padded(content);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(options.aad ?? plainJcs(associatedData)));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = { aad: plainJcs(associatedData), nonce: nonce.toString('base64'), ciphertext, authTag: cipher.getAuthTag() };
  const right = signedText(parts);
  const text = options.text?.(right, parts) ?? right;
  const payload = { nonce: parts.nonce, ciphertext: ciphertext.toString('base64'), authTag: parts.authTag.toString('base64'), associatedData };
  return { payload: { ...payload, signature: signB64(signer, text) }, text };
}

function signedText({ aad, nonce, ciphertext, authTag }: SealedParts): string {
  return lines('securechat-message-v1', sha256B64(aad), nonce, sha256B64(Buffer.concat([ciphertext, authTag])));
}

function padded(json: string): Buffer {
  const bytes = Buffer.from(json);
  return Buffer.concat([bytes, Buffer.of(0x80), Buffer.alloc(255 - (bytes.length % 256))]);
}

function sealing() {
  const seals = (flag: string, comment: string, rest: { associatedData?: JsonObject; content?: JsonObject; sender?: Person }) => {
    const { associatedData = associated(), content = { kind: 'text', text: 'hello' }, sender = alice } = rest;
    const { payload, text } = seal({ associatedData, content: plainJcs(content), signer: sender.signing });
    const epoch = Number(associatedData['epoch']);
    return valid(flag, comment, {
      input: { associatedData, content, sessionKeyHex: sessionKeyOf(epoch).toString('hex'), nonceHex: NONCE.toString('hex'), key: `${sender.userId} 1 Ed25519` },
      expected: { additionalData: plainJcs(associatedData), signedText: text, signatureInputHash: sha256B64Url(text), payload },
    });
  };
  return [
    seals('Ordinary', 'a text', {}),
    seals('Ordinary', 'a text of another sender, device and place', {
      sender: bob, associatedData: associated({ senderId: bob.userId, device: 'ffffffffffffffff', seq: 42, prev: sha256B64Url('the message before') }),
    }),
    seals('Ordinary', 'a text of two blocks', { content: { kind: 'text', text: 'x'.repeat(300) } }),
    seals('Ordinary', 'a reaction in another epoch', { associatedData: associated({ epoch: 2 }), content: { kind: 'reaction', emoji: '\ud83d\udc4d', to: '01937f3e-0000-7000-8000-000000000000', remove: false } }),
  ];
}

function envelopeOf(payload: JsonObject, changes: JsonObject = {}): JsonObject {
  return { conversationId: CONVERSATION_ID, messageId: MESSAGE_ID, senderId: alice.userId, timestamp: NOW, payload, ...changes };
}

function opened() {
  const opens = (flag: string, comment: string, rest: { sealed?: Sealing; envelope?: JsonObject; receivedAt?: string; late?: boolean; content?: JsonObject }) => {
    const { sealed, envelope, receivedAt = NOW, late = false, content = { kind: 'text', text: 'hello' } } = rest;
    const { payload, text } = seal(sealed);
    return valid(flag, comment, { input: { envelope: envelopeOf(payload, envelope), receivedAt }, expected: { content, late, signatureInputHash: sha256B64Url(text) } });
  };
  const old = { sealed: { associatedData: associated({ epoch: 2 }) } };
  return [
    opens('Ordinary', 'a text', {}),
    opens('Ordinary', 'another sender', { sealed: { associatedData: associated({ senderId: bob.userId }), signer: bob.signing }, envelope: { senderId: bob.userId } }),
    opens('Ordinary', 'members of associatedData in another order', { sealed: { associatedData: Object.fromEntries(Object.entries(associated()).reverse()) } }),
    opens('Ordinary', 'a later message of a device', { sealed: { associatedData: associated({ seq: 9_007_199_254_740_991, prev: sha256B64Url('the message before') }) } }),
    opens('Unknown', 'a member of associatedData that this version does not know', { sealed: { associatedData: associated({ later: { b: 1, a: [2] } }) } }),
    opens('Late', 'an older epoch, when the next is ten minutes old', { ...old, receivedAt: '2026-11-18T11:10:00.000Z' }),
    opens('Late', 'an older epoch, a millisecond later', { ...old, receivedAt: '2026-11-18T11:10:00.001Z', late: true }),
    opens('Late', 'the newest epoch, a year later', { receivedAt: '2027-11-18T11:06:40.000Z' }),
  ];
}

function refuses(flag: string, comment: string, rest: { reason: string; sealed?: Sealing; payload?: JsonObject; envelope?: JsonObject }) {
  const { reason, sealed, payload = {}, envelope } = rest;
  return invalid(flag, comment, { input: { envelope: envelopeOf({ ...seal(sealed).payload, ...payload }, envelope), receivedAt: NOW }, error: { reason } });
}

function malformed() {
  const bad = (comment: string, changes: JsonObject) => refuses('Form', comment, { reason: 'bad_envelope', sealed: { associatedData: associated(changes) } });
  const badPayload = (comment: string, payload: JsonObject) => refuses('Form', comment, { reason: 'bad_envelope', payload });
  const otherVersion = (comment: string, changes: JsonObject) => refuses('Version', comment, { reason: 'unknown_version', sealed: { associatedData: associated(changes) } });
  const { seq: _, ...withoutSeq } = associated();
  return [
    badPayload('an authTag of 15 bytes', { authTag: Buffer.alloc(15).toString('base64') }),
    badPayload('an empty ciphertext', { ciphertext: '' }),
    badPayload('a nonce that is no base64', { nonce: '***' }),
    badPayload('associatedData that is a list', { associatedData: [] }),
    badPayload('a signature of 63 bytes', { signature: Buffer.alloc(63).toString('base64') }),
    refuses('Form', 'associatedData without seq', { reason: 'bad_envelope', sealed: { associatedData: withoutSeq } }),
    bad('v as text', { v: '1' }),
    bad('alg as number', { alg: 1 }),
    bad('seq 0', { seq: 0 }),
    bad('seq with a fraction', { seq: 1.5 }),
    bad('prev as base64', { prev: sha256B64('the message before') }),
    bad('a device of 15 digits', { device: '0123456789abcde' }),
    bad('a device in capitals', { device: '0123456789ABCDEF' }),
    bad('a messageId that is no UUID', { messageId: 'x' }),
    bad('a timestamp without milliseconds', { timestamp: '2026-11-18T11:06:40Z' }),
    otherVersion('v 2', { v: 2 }),
    otherVersion('v 0', { v: 0 }),
    otherVersion('another algorithm', { alg: 'XC20P' }),
    otherVersion('another version with other members', { v: 2, seq: null, device: null }),
  ];
}

function badSignatures() {
  const bad = (comment: string, rest: { sealed?: Sealing; payload?: JsonObject }, flag = 'Signature') => refuses(flag, comment, { reason: 'bad_signature', ...rest });
  const over = (comment: string, text: Sealing['text'] & {}) => bad(comment, { sealed: { text } });
  const { payload } = seal();
  const b64 = (name: string): string => String(payload[name]);
  const { signature: _, ...unsigned } = payload;
  return [
    invalid('Signature', 'none', { input: { envelope: envelopeOf(unsigned), receivedAt: NOW }, error: { reason: 'bad_signature' } }),
    bad('of another member', { sealed: { signer: bob.signing } }),
    bad('of somebody who is no member', { sealed: { signer: carol.signing } }),
    bad('a bit of it', { payload: { signature: flippedB64(b64('signature'), 40) } }),
    bad('the nonce', { payload: { nonce: flippedB64(b64('nonce')) } }, 'Altered'),
    bad('the ciphertext', { payload: { ciphertext: flippedB64(b64('ciphertext')) } }, 'Altered'),
    bad('the tag', { payload: { authTag: flippedB64(b64('authTag'), -1) } }, 'Altered'),
    bad('the sequence number', { payload: { associatedData: associated({ seq: 2 }) } }, 'Altered'),
    bad('the device', { payload: { associatedData: associated({ device: 'ffffffffffffffff' }) } }, 'Altered'),
    bad('an unknown member of associatedData added', { payload: { associatedData: associated({ later: 1 }) } }, 'Altered'),
    bad('the epoch', { payload: { associatedData: associated({ epoch: 2 }) } }, 'Altered'),
    bad('the sender, another member', { payload: { associatedData: associated({ senderId: bob.userId }) } }, 'Altered'),
    over('a line feed at the end', (right) => `${right}\n`),
    over('no label', (right) => right.split('\n').slice(1).join('\n')),
    over('the label of a membership', (right) => right.replace('securechat-message-v1', 'securechat-membership-v1')),
    over('the hash of the ciphertext without the tag', (right, { ciphertext }) => right.split('\n').with(3, sha256B64(ciphertext)).join('\n')),
    over('the hash of the tag and the ciphertext', (right, { ciphertext, authTag }) => right.split('\n').with(3, sha256B64(Buffer.concat([authTag, ciphertext]))).join('\n')),
    over('associatedData itself', (right, { aad }) => right.split('\n').with(1, aad).join('\n')),
    over('no nonce', (right) => right.split('\n').toSpliced(2, 1).join('\n')),
  ];
}

function envelopes() {
  const moved = (comment: string, envelope: JsonObject) => refuses('Envelope', comment, { reason: 'bad_envelope', envelope });
  return [
    moved('another conversation', { conversationId: 'AQEBAQEBAQEBAQEBAQEBAQ:a.test' }),
    moved('another message', { messageId: '01937f3e-0000-7000-8000-000000000002' }),
    moved('another sender: a reflected message', { senderId: bob.userId }),
    moved('another timestamp', { timestamp: '2026-11-18T11:06:40.001Z' }),
    refuses('Envelope', 'another message of an epoch that is not known', { reason: 'bad_envelope', sealed: { associatedData: associated({ epoch: 5 }) }, envelope: { messageId: '01937f3e-0000-7000-8000-000000000002' } }),
    refuses('Membership', 'a sender who is not in the statement', { reason: 'wrong_membership', sealed: { associatedData: associated({ senderId: carol.userId }), signer: carol.signing }, envelope: { senderId: carol.userId } }),
    refuses('Membership', 'the statement of another epoch', { reason: 'wrong_membership', sealed: { associatedData: associated({ membership: hashOf(second) }) } }),
    refuses('Membership', 'a statement that nobody else has: a fork', { reason: 'wrong_membership', sealed: { associatedData: associated({ membership: hashOf(following(second, { timestamp: '2026-11-18T11:06:41.000Z' })) }) } }),
    refuses('Membership', 'an epoch without a statement', { reason: 'unverified_sender', sealed: { associatedData: associated({ epoch: 6 }) } }),
    refuses('Pin', 'a listed key that is not pinned', { reason: 'unverified_sender', sealed: { associatedData: associated({ senderId: dave.userId }), signer: dave.signing }, envelope: { senderId: dave.userId } }),
  ];
}

function missingKeys() {
  const missing = (comment: string, reason: string, epoch: number) => refuses('MissingKey', comment, { reason, sealed: { associatedData: associated({ epoch }) } });
  return [
    missing('an epoch before one\u2019s first', 'before_you_joined', 1),
    missing('an epoch whose key has not come', 'no_key_yet', 4),
    missing('an epoch of which nothing is known', 'no_key_yet', 5),
  ];
}

function sealings() {
  const corrupt = (flag: string, comment: string, sealed: Sealing) => refuses(flag, comment, { reason: 'corrupt', sealed });
  const under = (comment: string, key: Buffer) => corrupt('Sealing', comment, { key });
  const sessionKey = sessionKeyOf(3);
  return [
    under('the session key itself', sessionKey),
    under('the key of another epoch', messageKey({ sessionKey: sessionKeyOf(2), epoch: 2 })),
    under('the session key of another epoch', messageKey({ sessionKey: sessionKeyOf(2), epoch: 3 })),
    under('the epoch with a zero in front', messageKey({ sessionKey, epoch: '03' })),
    under('the key of another conversation', messageKey({ sessionKey, conversationId: 'c1', epoch: 3 })),
    under('no label', messageKey({ sessionKey, epoch: 3, info: lines(CONVERSATION_ID, 3) })),
    under('a line feed after the label', messageKey({ sessionKey, epoch: 3, info: `${lines('securechat-message-key-v1', CONVERSATION_ID, 3)}\n` })),
    corrupt('Sealing', 'no additional data', { aad: '' }),
    corrupt('Sealing', 'additional data as it stands, not in its canonical form', { aad: JSON.stringify(associated()) }),
    corrupt('Sealing', 'a nonce of 16 bytes', { nonce: fixedBytes('message nonce', 16) }),
    corrupt('Content', 'no padding', { plaintext: Buffer.from('{"kind":"text","text":"hello"}') }),
    corrupt('Content', 'what is no JSON', { content: 'hello' }),
    corrupt('Content', 'a text without text', { content: '{"kind":"text"}' }),
    refuses('Version', 'a kind that this version does not know', { reason: 'unknown_version', sealed: { content: '{"kind":"poll"}' } }),
  ];
}
