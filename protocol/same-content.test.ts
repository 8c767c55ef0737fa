import { describe, expect, it, test } from 'vitest';
import { changeContentInput, coreMessageIdInput, messageContentInput } from './same-content.ts';
import { conversationBody } from './schemas/conversation-body.ts';
import { messageBody } from './schemas/message-body.ts';

const tag = 'AAAAAAAAAAAAAAAAAAAAAA==';
const sent = {
  conversationId: 'c:a.test', senderId: 'alice@a.test', recipientServerDomain: 'b.test', timestamp: '2026-11-22T18:40:00.000Z',
  payload: { nonce: 'AAAA', ciphertext: 'BBBB', authTag: tag, associatedData: { b: 1, a: 2 } },
};
const change = {
  conversationId: 'c:a.test', action: 'create', initiatorId: 'alice@a.test', participantsToAdd: [], allParticipants: ['alice@a.test'],
  timestamp: '2026-11-22T18:40:00.000Z',
};

describe('[API-6] the same content', () => {
  it('of a message is conversation, sender, payload and timestamp', () => {
    expect(messageContentInput(messageBody.parse(sent))).toBe(
      `{"conversationId":"c:a.test","payload":{"associatedData":{"a":2,"b":1},"authTag":"${tag}","ciphertext":"BBBB","nonce":"AAAA"},"senderId":"alice@a.test","timestamp":"2026-11-22T18:40:00.000Z"}`,
    );
  });

  test.each([
    ['another recipient server', { recipientServerDomain: 'c.test' }], ['a member it does not know', { later: 1 }],
    ['another order inside', { payload: { associatedData: { a: 2, b: 1 }, authTag: tag, ciphertext: 'BBBB', nonce: 'AAAA', later: 1 } }],
  ])('of a message is not touched by %s', (_, changes) => {
    expect(messageContentInput(messageBody.parse({ ...sent, ...changes }))).toBe(messageContentInput(messageBody.parse(sent)));
  });

  test.each([['another sender', { senderId: 'bob@a.test' }], ['another timestamp', { timestamp: '2026-11-22T18:40:00.001Z' }], ['other associated data', { payload: { ...sent.payload, associatedData: {} } }]])(
    'of a message is broken by %s',
    (_, changes) => {
      expect(messageContentInput(messageBody.parse({ ...sent, ...changes }))).not.toBe(messageContentInput(messageBody.parse(sent)));
    },
  );

  it('of a change is every member that the protocol names', () => {
    expect(changeContentInput(conversationBody.parse({ ...change, later: 1 }))).toBe(
      '{"action":"create","allParticipants":["alice@a.test"],"conversationId":"c:a.test","initiatorId":"alice@a.test","participantsToAdd":[],"timestamp":"2026-11-22T18:40:00.000Z"}',
    );
    expect(changeContentInput(conversationBody.parse({ ...change, epoch: 1 }))).toContain('"epoch":1');
  });
});

it('[ID-4] the stand-in for a missing message id hashes four texts', () => {
  expect(coreMessageIdInput(messageBody.parse(sent))).toBe('alice@a.test\nc:a.test\nAAAA\nBBBB');
});
