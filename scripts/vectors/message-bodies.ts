import type { JsonObject, JsonValue } from '../../protocol/json.ts';
import { b64, CONVERSATION_ID, inWords, MESSAGE_ID, reads, refuses, without } from './bodies.ts';
import { NOW } from './fixed.ts';

const PAYLOAD: JsonObject = { nonce: b64(12), ciphertext: b64(24), authTag: b64(16), associatedData: { v: 1 } };

/** A message without the members of the Full profile. */
export const CORE_MESSAGE: JsonObject = {
  conversationId: CONVERSATION_ID, senderId: 'alice@a.test', recipientServerDomain: 'b.test', payload: PAYLOAD, timestamp: NOW,
};
/** A message with every member. */
export const FULL_MESSAGE: JsonObject = { messageId: MESSAGE_ID, ...CORE_MESSAGE, payload: { ...PAYLOAD, signature: b64(64) } };

const withPayload = (changes: JsonObject): JsonObject => ({ ...CORE_MESSAGE, payload: { ...PAYLOAD, ...changes } });

/** Drafts bodies of `POST /messages`. @see docs/protocol.md [API-2] */
export function messageBodies() {
  return [...accepted(), ...refused(), ...order()];
}

function accepted() {
  const opaque = { later: [{ b: 2, a: 1 }], '': null };
  return [
    reads('Ordinary', 'Core', { body: CORE_MESSAGE }),
    reads('Ordinary', 'Full', { body: FULL_MESSAGE }),
    reads('Ordinary', 'messageId without signature', { body: { ...CORE_MESSAGE, messageId: MESSAGE_ID } }),
    reads('Ordinary', 'signature without messageId', { body: withPayload({ signature: b64(64) }) }),
    reads('Boundary', 'nonce and ciphertext of one byte', { body: withPayload({ nonce: 'AA==', ciphertext: 'AA==' }) }),
    reads('Opaque', 'associatedData without members', { body: withPayload({ associatedData: {} }) }),
    reads('Opaque', 'associatedData is kept whole', { body: withPayload({ associatedData: opaque }) }),
    reads('Unknown', 'an unknown member of the body', { body: { ...FULL_MESSAGE, later: 1 }, kept: FULL_MESSAGE }),
    reads('Unknown', 'an unknown member of payload', { body: withPayload({ later: 1 }), kept: CORE_MESSAGE }),
    reads('Ordinary', 'the members in another order', { body: Object.fromEntries(Object.entries(FULL_MESSAGE).reverse()) }),
  ];
}

function refused() {
  const bad = (name: string, value: JsonValue, clause?: string) =>
    refuses('Value', `${name} is ${inWords(value)}`, { body: { ...CORE_MESSAGE, [name]: value }, pointer: `/${name}`, ...(clause !== undefined && { clause }) });
  const badInside = (name: string, value: JsonValue, comment = inWords(value)) =>
    refuses('Value', `payload.${name} is ${comment}`, { body: withPayload({ [name]: value }), pointer: `/payload/${name}` });
  return [
    refuses('Missing', 'no member', { body: {}, pointer: '/conversationId' }),
    ...Object.keys(CORE_MESSAGE).map((name) => refuses('Missing', `no ${name}`, { body: without(CORE_MESSAGE, name), pointer: `/${name}` })),
    ...Object.keys(PAYLOAD).map((name) =>
      refuses('Missing', `no payload.${name}`, { body: { ...CORE_MESSAGE, payload: without(PAYLOAD, name) }, pointer: `/payload/${name}` }),
    ),
    bad('messageId', null, 'ID-4'),
    bad('messageId', '', 'ID-4'),
    bad('messageId', 1, 'ID-4'),
    bad('messageId', MESSAGE_ID.toUpperCase(), 'ID-4'),
    bad('messageId', '01937f3e-0000-4000-8000-000000000000', 'ID-4'),
    bad('conversationId', ''),
    bad('conversationId', '..'),
    bad('senderId', 'Alice@a.test'),
    bad('senderId', 'alice'),
    bad('recipientServerDomain', 'B.test'),
    bad('recipientServerDomain', 'b.test:443'),
    bad('payload', null),
    bad('payload', []),
    bad('payload', 'text'),
    bad('timestamp', '2026-11-18T11:06:40Z'),
    bad('timestamp', 1_795_000_000),
    badInside('nonce', ''),
    badInside('nonce', 'AA'),
    badInside('nonce', 'AB=='),
    badInside('nonce', 1),
    badInside('ciphertext', ''),
    badInside('ciphertext', '-_-_'),
    badInside('ciphertext', 'AAAA\n'),
    badInside('authTag', b64(15), '15 bytes'),
    badInside('authTag', b64(17), '17 bytes'),
    badInside('associatedData', null),
    badInside('associatedData', []),
    badInside('associatedData', '{}'),
    badInside('signature', null),
    badInside('signature', b64(63), '63 bytes'),
  ];
}

function order() {
  return [
    refuses('Order', 'messageId and timestamp malformed: the first in the order of the text', { body: { ...CORE_MESSAGE, timestamp: '', messageId: '' }, pointer: '/messageId', clause: 'ERR-1' }),
    refuses('Order', 'timestamp and a member of payload malformed, timestamp first in the body', {
      body: { timestamp: '', ...without(withPayload({ authTag: '' }), 'timestamp') }, pointer: '/payload/authTag', clause: 'ERR-1',
    }),
    refuses('Order', 'senderId missing and conversationId malformed', { body: { ...without(CORE_MESSAGE, 'senderId'), conversationId: '' }, pointer: '/conversationId', clause: 'ERR-1' }),
  ];
}
