import { decodeBase64, encodeBase64 } from '../../protocol/base64.ts';
import type { JsonValue } from '../../protocol/json.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { AssociatedData } from '../associated-data.ts';
import { concatBytes, encodeUtf8 } from '../bytes.ts';
import { membershipHash } from '../membership.ts';
import { messageSignatureInput, sealPlaintext } from '../message-sealing.ts';
import { decryptMessage, encryptMessage } from '../message.ts';
import type { DecryptedMessage, KnownEpoch, MessageEnvelope } from '../message.ts';
import { createSessionKey } from '../session-key.ts';
import { signToText } from '../text-signature.ts';
import { CONVERSATION, foundingStatement, MESSAGE_ID, NOON, participant, person, seededRandom, signingKeyOf } from './people.ts';

/** Draws the same bytes in every run. */
export const random = seededRandom('message');
/** The owner of the conversation, who writes. */
export const alice = person('alice@a.test');
/** The other member, who reads. */
export const bob = person('bob@b.test');
/** The session key of epoch 1. */
export const sessionKey = createSessionKey(random);
/** A moment after the one at which the message was written. */
export const LATER = parseTimestamp('2026-11-22T12:00:01.000Z');
/** What Alice wrote. */
export const content = { kind: 'text', text: 'hello' } as const;

/** What is passed to the decryption beside the message. */
export type Reading = Parameters<typeof decryptMessage>[0];

const participants = [participant(alice, 'owner'), participant(bob, 'member')];
const statement = await foundingStatement({ owner: alice, participants, sessionKey });
const statementHash = await membershipHash(statement);

/** Epoch 1 as Bob knows it. */
export const epoch1: KnownEpoch = { membership: { statement, statementHash }, sessionKey, supersededAt: null };

/** What Alice bound her message to. */
export const base: Omit<AssociatedData, 'v' | 'alg'> = {
  conversationId: CONVERSATION,
  epoch: 1,
  membership: statementHash,
  messageId: MESSAGE_ID,
  senderId: alice.userId,
  device: '0123456789abcdef',
  seq: 1,
  prev: null,
  timestamp: NOON,
};

const { signingSecretKey } = alice;

/** Alice's message as she encrypted it. */
export const sent = await encryptMessage({ associatedData: base, content, sessionKey, signingSecretKey, random });
/** Alice's message as Bob's server hands it over. */
export const envelope = envelopeOf(sent.payload);

/** Puts a payload where Alice's would be. */
export function envelopeOf(payload: MessageEnvelope['payload']): MessageEnvelope {
  return { conversationId: CONVERSATION, messageId: MESSAGE_ID, senderId: alice.userId, timestamp: NOON, payload };
}

/** Reads a message as Bob does, with something changed about what he knows. */
export function read(message: MessageEnvelope, change: Partial<Reading> = {}): Promise<DecryptedMessage> {
  return decryptMessage({
    envelope: message,
    findEpoch: (epoch) => (epoch === 1 ? epoch1 : null),
    joinedAtEpoch: 1,
    senderSigningKeys: [signingKeyOf(alice)],
    receivedAt: new Date(NOON),
    ...change,
  });
}

/** Changes members of the payload on the way. */
export function withPayload(change: Partial<MessageEnvelope['payload']>): MessageEnvelope {
  return { ...envelope, payload: { ...envelope.payload, ...change } };
}

/** Changes members of the associated data on the way. */
export function withAssociatedData(change: { readonly [name: string]: JsonValue }): MessageEnvelope {
  return withPayload({ associatedData: { ...envelope.payload.associatedData, ...change } });
}

/** Makes a message that its sender signed as it is, whatever is wrong with it. */
export async function sealed(options: {
  readonly associatedData?: { readonly [name: string]: JsonValue };
  readonly plaintext?: Uint8Array;
  readonly under?: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly signer?: { readonly signingSecretKey: Uint8Array };
}): Promise<MessageEnvelope> {
  const associatedData = { ...envelope.payload.associatedData, ...options.associatedData };
  const plaintext = options.plaintext ?? padded(JSON.stringify(content));
  const source = { sessionKey: options.under ?? sessionKey, conversationId: CONVERSATION, epoch: 1 };
  const unsigned = await sealPlaintext({ source, nonce: random(12), associatedData, plaintext });
  const payload = options.nonce === undefined ? unsigned : { ...unsigned, nonce: encodeBase64(options.nonce) };
  const signer = options.signer ?? alice;
  return envelopeOf({ ...payload, signature: signToText(signer.signingSecretKey, await messageSignatureInput(payload)) });
}

/** Pads JSON text of less than 256 bytes by hand. */
export function padded(json: string): Uint8Array {
  const bytes = encodeUtf8(json);
  return concatBytes(bytes, Uint8Array.of(0x80), new Uint8Array(255 - (bytes.length % 256)));
}

/** Flips one bit of one byte of a base64 text. */
export function flipped(text: string, at = 0): string {
  return encodeBase64(decodeBase64(text).map((byte, index) => (index === at ? byte ^ 1 : byte)));
}
