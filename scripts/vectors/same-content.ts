import type { JsonObject } from '../../protocol/json.ts';
import { b64, MESSAGE_ID, without } from './bodies.ts';
import { CORE_CHANGE, FULL_CHANGE } from './change-bodies.ts';
import { sha256B64 } from './fixed.ts';
import { CORE_MESSAGE, FULL_MESSAGE } from './message-bodies.ts';
import { plainJcs } from './plain-jcs.ts';
import { invalid, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

/** Lists bodies and their repeats. @see docs/protocol.md [API-6] */
export function sameContentVectors(): VectorSubject {
  return {
    subject: 'same-content',
    notes: {
      Ordinary: 'The hash of a body.',
      Repeat: 'A second body of the same content: answered `duplicate`.',
      Uncovered: 'Members that are no part of the content of a message: its id, and the domain that it goes to.',
      Unknown: 'Members that the receiver does not keep.',
      Conflict: 'A second body of other content under the same id.',
      Opaque: 'Inside `associatedData` and `membership` everything counts.',
    },
    groups: [
      { type: 'MessageContent', clause: 'API-6', tests: messageHashes() },
      { type: 'ChangeContent', clause: 'API-6', tests: changeHashes() },
      { type: 'MessageRepeat', clause: 'API-6', tests: messageRepeats() },
      { type: 'ChangeRepeat', clause: 'API-6', tests: changeRepeats() },
    ],
  };
}

/** What is hashed of a message whose members are all known. */
function messageContent({ conversationId = null, senderId = null, payload = null, timestamp = null }: JsonObject): string {
  return plainJcs({ conversationId, senderId, payload, timestamp });
}

const withPayload = (changes: JsonObject): JsonObject => {
  const { payload } = FULL_MESSAGE;
  return { ...FULL_MESSAGE, payload: { ...(typeof payload === 'object' ? payload : {}), ...changes } };
};
const reversed = (body: JsonObject): JsonObject => Object.fromEntries(Object.entries(body).reverse());

function messageHashes() {
  const hashed = (comment: string, body: JsonObject, content = messageContent(body)) =>
    valid('Ordinary', comment, { input: { body }, expected: { canonical: content, sha256: sha256B64(content) } });
  return [
    hashed('Core', CORE_MESSAGE),
    hashed('Full', FULL_MESSAGE),
    hashed('another domain that it goes to: the same', { ...FULL_MESSAGE, recipientServerDomain: 'c.test' }),
    hashed('numbers in associatedData, in their canonical form', withPayload({ associatedData: { b: 1e21, a: 1.5, c: 0 } })),
    hashed('an unknown member of payload: the same as Full', withPayload({ later: 1 }), messageContent(FULL_MESSAGE)),
  ];
}

function changeHashes() {
  const hashed = (comment: string, body: JsonObject, content = plainJcs(body)) =>
    valid('Ordinary', comment, { input: { body }, expected: { canonical: content, sha256: sha256B64(content) } });
  return [
    hashed('a Core create', CORE_CHANGE),
    hashed('a Full create', FULL_CHANGE),
    hashed('a Core rotate_key', { ...CORE_CHANGE, action: 'rotate_key' }),
    hashed('an unknown member: the same as the Core create', { ...CORE_CHANGE, later: 1 }, plainJcs(CORE_CHANGE)),
  ];
}

function messageRepeats() {
  const same = (flag: string, comment: string, second: JsonObject) => valid(flag, comment, { input: { first: FULL_MESSAGE, second } });
  const other = (flag: string, comment: string, second: JsonObject) => invalid(flag, comment, { input: { first: FULL_MESSAGE, second }, error: { code: 'message_id_conflict' } });
  return [
    same('Repeat', 'the same body', FULL_MESSAGE),
    same('Repeat', 'members in another order', reversed(FULL_MESSAGE)),
    same('Uncovered', 'another domain that it goes to', { ...FULL_MESSAGE, recipientServerDomain: 'c.test' }),
    same('Unknown', 'an unknown member of the body', { ...FULL_MESSAGE, later: 1 }),
    same('Unknown', 'an unknown member of payload', withPayload({ later: 1 })),
    other('Conflict', 'another ciphertext', withPayload({ ciphertext: b64(25) })),
    other('Conflict', 'another nonce', withPayload({ nonce: b64(13) })),
    other('Conflict', 'another tag', withPayload({ authTag: 'AAAAAAAAAAAAAAAAAAAAAA==' })),
    other('Conflict', 'no signature', { ...CORE_MESSAGE, messageId: MESSAGE_ID }),
    other('Conflict', 'another sender', { ...FULL_MESSAGE, senderId: 'carol@a.test' }),
    other('Conflict', 'another conversation', { ...FULL_MESSAGE, conversationId: 'c1' }),
    other('Conflict', 'another timestamp', { ...FULL_MESSAGE, timestamp: '2026-11-18T11:06:40.001Z' }),
    other('Opaque', 'an unknown member of associatedData', withPayload({ associatedData: { v: 1, later: 1 } })),
  ];
}

function changeRepeats() {
  const same = (flag: string, comment: string, second: JsonObject) => valid(flag, comment, { input: { first: FULL_CHANGE, second } });
  const other = (flag: string, comment: string, second: JsonObject) => invalid(flag, comment, { input: { first: FULL_CHANGE, second }, error: { code: 'conversation_exists' } });
  const membership = FULL_CHANGE['membership'];
  return [
    same('Repeat', 'the same body', FULL_CHANGE),
    same('Repeat', 'members in another order', reversed(FULL_CHANGE)),
    same('Unknown', 'an unknown member', { ...FULL_CHANGE, later: 1 }),
    other('Conflict', 'members in another order of the list', { ...FULL_CHANGE, allParticipants: ['bob@b.test', 'alice@a.test'] }),
    other('Conflict', 'another session key', { ...FULL_CHANGE, participantsToAdd: [{ userId: 'bob@b.test', encryptedSessionKey: b64(104) }] }),
    other('Conflict', 'another timestamp', { ...FULL_CHANGE, timestamp: '2026-11-18T11:06:40.001Z' }),
    other('Conflict', 'another signature', { ...FULL_CHANGE, membershipSignature: Buffer.alloc(64, 1).toString('base64') }),
    other('Conflict', 'no signature', without(FULL_CHANGE, 'membershipSignature')),
    other('Conflict', 'Core in place of Full', CORE_CHANGE),
    other('Opaque', 'an unknown member of membership', { ...FULL_CHANGE, membership: { ...(typeof membership === 'object' ? membership : {}), later: 2 } }),
  ];
}
