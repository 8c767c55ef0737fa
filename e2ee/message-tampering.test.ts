import { describe, expect, it } from 'vitest';

import { encodeBase64 } from '../protocol/base64.ts';
import type { KnownEpoch, MessageEnvelope } from './message.ts';
import { alice, bob, envelope, epoch1, flipped, LATER, read, withAssociatedData, withPayload } from './testing/messages.ts';
import { OTHER_CONVERSATION, OTHER_MESSAGE_ID, signingKeyOf } from './testing/people.ts';

describe('a message changed on the way', () => {
  it.each<[string, () => MessageEnvelope]>([
    ['conversationId', () => ({ ...envelope, conversationId: OTHER_CONVERSATION })],
    ['messageId', () => ({ ...envelope, messageId: OTHER_MESSAGE_ID })],
    ['senderId', () => ({ ...envelope, senderId: bob.userId })],
    ['timestamp', () => ({ ...envelope, timestamp: LATER })],
  ])('[E2E-8] in the %s of its envelope is a bad envelope', async (_member, change) => {
    expect(await read(envelope)).toMatchObject({ kind: 'content' });
    const findEpoch = (): KnownEpoch => epoch1;
    const senderSigningKeys = [signingKeyOf(alice), signingKeyOf(bob)];
    expect(await read(change(), { findEpoch, senderSigningKeys })).toEqual({ kind: 'unreadable', reason: 'bad_envelope' });
  });

  it.each<[string, () => MessageEnvelope]>([
    ['nonce', () => withPayload({ nonce: flipped(envelope.payload.nonce) })],
    ['ciphertext', () => withPayload({ ciphertext: flipped(envelope.payload.ciphertext) })],
    ['last byte of ciphertext', () => withPayload({ ciphertext: flipped(envelope.payload.ciphertext, 255) })],
    ['authTag', () => withPayload({ authTag: flipped(envelope.payload.authTag) })],
    ['signature', () => withPayload({ signature: flipped(envelope.payload.signature ?? '') })],
    ['length of ciphertext', () => withPayload({ ciphertext: encodeBase64(new Uint8Array(1)) })],
    ['associated membership', () => withAssociatedData({ membership: 'A'.repeat(43) })],
    ['associated messageId', () => withAssociatedData({ messageId: OTHER_MESSAGE_ID })],
    ['associated conversationId', () => withAssociatedData({ conversationId: OTHER_CONVERSATION })],
    ['associated senderId', () => withAssociatedData({ senderId: bob.userId })],
    ['associated device', () => withAssociatedData({ device: 'f'.repeat(16) })],
    ['associated seq', () => withAssociatedData({ seq: 2 })],
    ['associated prev', () => withAssociatedData({ prev: 'A'.repeat(43) })],
    ['associated timestamp', () => withAssociatedData({ timestamp: LATER })],
    ['associated stranger', () => withAssociatedData({ color: 'blue' })],
  ])('[E2E-8] in its %s has a bad signature', async (_member, change) => {
    expect(await read(change())).toEqual({ kind: 'unreadable', reason: 'bad_signature' });
  });

  it('[E2E-8] in any way never gives content, not even where both sides are changed alike', async () => {
    const moved = [
      { ...withAssociatedData({ messageId: OTHER_MESSAGE_ID }), messageId: OTHER_MESSAGE_ID },
      { ...withAssociatedData({ conversationId: OTHER_CONVERSATION }), conversationId: OTHER_CONVERSATION },
      { ...withAssociatedData({ senderId: bob.userId }), senderId: bob.userId },
      { ...withAssociatedData({ timestamp: LATER }), timestamp: LATER },
      withAssociatedData({ epoch: 2 }),
      withPayload({ associatedData: {} }),
    ];
    const findEpoch = (): KnownEpoch => epoch1;
    const senderSigningKeys = [signingKeyOf(alice), signingKeyOf(bob)];
    for (const message of moved) {
      expect(await read(message, { findEpoch, senderSigningKeys })).toMatchObject({ kind: 'unreadable' });
    }
  });

  it('[E2E-8] without its signature has a bad one', async () => {
    const { signature, ...payload } = envelope.payload;
    expect(signature).toHaveLength(88);
    expect(await read({ ...envelope, payload })).toEqual({ kind: 'unreadable', reason: 'bad_signature' });
  });

  it.each<[string, () => MessageEnvelope]>([
    ['a payload that is no base64', () => withPayload({ ciphertext: '?' })],
    ['half a surrogate pair', () => withAssociatedData({ color: '\ud800' })],
    ['no associated data', () => withPayload({ associatedData: {} })],
    ['seq 0', () => withAssociatedData({ seq: 0 })],
    ['a device of another form', () => withAssociatedData({ device: 'ABC' })],
    ['v as text', () => withAssociatedData({ v: '1' })],
  ])('[E2E-8] to hold %s is a bad envelope, never an error', async (_fault, change) => {
    expect(await read(change())).toEqual({ kind: 'unreadable', reason: 'bad_envelope' });
  });
});
