import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import type { ConversationId } from '../../../protocol/ids.ts';
import { messageBody } from '../../../protocol/schemas/message-body.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import { createConversationChanger } from '../conversations/change-conversation.ts';
import { changeBody, newConversationId } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { newMessageId, payloadOf } from '../testing/messages.ts';
import { alice, bob, carol, dave, erin, local, otherPeer, peer } from '../testing/people.ts';
import { createCountingWaker, createRecordingNotifier } from '../testing/recorders.ts';
import type { CountingWaker, RecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { unobservedTraffic } from '../traffic-observer.ts';
import { createMessageSender } from './send-message.ts';
import type { OutgoingMessage } from './send-message.ts';

let stores: TestStores;
let notifier: RecordingNotifier;
let waker: CountingWaker;
let send: ReturnType<typeof createMessageSender>;
let change: ReturnType<typeof createConversationChanger>;
let id: ConversationId;

const group = [alice, dave, bob, erin, carol];

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
});
beforeEach(async () => {
  const policy = { isBlocked: async () => false };
  const parts = { localDomain: local, ...stores, policy, notifier: createRecordingNotifier(), waker: createCountingWaker(), traffic: unobservedTraffic, clock: createFakeClock() };
  change = createConversationChanger(parts);
  id = newConversationId(local);
  await change(changeBody({ action: 'create', conversationId: id, by: alice, all: group, keysFor: group, epoch: 1 }));
  notifier = createRecordingNotifier();
  waker = createCountingWaker();
  send = createMessageSender({ ...parts, notifier, waker });
});
afterAll(() => stores.stop());

function message(overrides: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    conversationId: id,
    messageId: newMessageId(),
    senderId: alice,
    payload: payloadOf('hello'),
    timestamp: parseTimestamp('2026-03-01T10:00:00.000Z'),
    ...overrides,
  };
}

const queuedMessages = async () => (await stores.queued(id)).filter(({ messageId }) => messageId !== null);

async function expectRefusal(outgoing: OutgoingMessage, refusal: object): Promise<void> {
  await expect(send(outgoing)).rejects.toMatchObject(refusal);
  expect(await stores.rowsOf(id)).toMatchObject({ messages: 0 });
  expect(await queuedMessages()).toEqual([]);
  expect(notifier.told).toEqual([]);
  expect(waker.wakes()).toBe(0);
}

test('[DEL-1] a message is stored with one delivery per remote server, however many members it has', async () => {
  const outgoing = message();
  expect(await send(outgoing)).toMatchObject({ message: { ...outgoing, position: 1 }, deliveries: [{ domain: peer, state: 'queued' }, { domain: otherPeer, state: 'queued' }] });
  const queued = await queuedMessages();
  expect(queued.map(({ destination, method, target, messageId }) => ({ destination, method, target, messageId }))).toEqual(
    [peer, otherPeer].map((destination) => ({ destination, method: 'POST', target: MESSAGES_TARGET, messageId: outgoing.messageId })),
  );
  expect(queued.map(({ body }) => body)).toEqual([peer, otherPeer].map((recipientServerDomain) => ({ ...outgoing, recipientServerDomain })));
  for (const { body } of queued) expect(messageBody.parse(body)).toEqual(body);
  expect(notifier.told).toMatchObject([{ userIds: [alice, dave], event: { kind: 'message', message: { messageId: outgoing.messageId } } }]);
  expect(waker.wakes()).toBe(1);
});

test('[DEL-1] what cannot be queued is not stored: both or neither', async () => {
  await stores.prisma.$executeRawUnsafe(`ALTER TABLE outbox_items ADD CONSTRAINT closed CHECK (destination <> '${otherPeer}') NOT VALID`);
  try {
    await expect(send(message())).rejects.toThrow('closed');
  } finally {
    await stores.prisma.$executeRaw`ALTER TABLE outbox_items DROP CONSTRAINT closed`;
  }
  expect(await stores.rowsOf(id)).toMatchObject({ messages: 0, conversation: [{ lastPosition: 0n }] });
  expect(await queuedMessages()).toEqual([]);
  expect(notifier.told).toEqual([]);
});

test('[DEL-1] a removed server is sent nothing any more', async () => {
  const remaining = [alice, dave, bob, erin];
  await change(changeBody({ action: 'rotate_key', conversationId: id, by: alice, all: remaining, keysFor: remaining, epoch: 2 }));
  await send(message());
  expect((await queuedMessages()).map(({ destination }) => destination)).toEqual([peer]);
});

test('a message among people of this server wakes nobody', async () => {
  id = newConversationId(local);
  await change(changeBody({ action: 'create', conversationId: id, by: alice, all: [alice, dave], keysFor: [alice, dave], epoch: 1 }));
  await send(message());
  expect(await queuedMessages()).toEqual([]);
  expect(waker.wakes()).toBe(0);
});

describe('[API-6] repeats', () => {
  test('the same message gives the stored one again and goes out once', async () => {
    const outgoing = message();
    const first = await send(outgoing);
    expect(await send(outgoing)).toEqual(first);
    expect(await queuedMessages()).toHaveLength(2);
    expect(notifier.told).toHaveLength(1);
    expect(waker.wakes()).toBe(1);
  });

  test('the same id with other content is a conflict', async () => {
    const outgoing = message();
    await send(outgoing);
    await expect(send({ ...outgoing, payload: payloadOf('other') })).rejects.toMatchObject({ code: 'message_id_conflict' });
    await expect(send({ ...outgoing, senderId: dave })).rejects.toMatchObject({ code: 'message_id_conflict' });
  });
});

describe('refusals', () => {
  test('[ID-5] a timestamp more than 300 s ahead is refused', () =>
    expectRefusal(message({ timestamp: parseTimestamp('2026-03-01T10:05:00.001Z') }), { code: 'invalid_body' }));

  test('an unknown conversation is refused', () => expectRefusal(message({ conversationId: newConversationId(local) }), { code: 'unknown_conversation' }));

  test('a conversation of others is as unknown as a missing one', async () => {
    id = newConversationId(local);
    await change(changeBody({ action: 'create', conversationId: id, by: alice, all: [alice, bob], keysFor: [alice, bob], epoch: 1 }));
    await expectRefusal(message({ senderId: dave }), { code: 'unknown_conversation' });
  });

  test('somebody who was removed is told so', async () => {
    const remaining = [alice, bob];
    await change(changeBody({ action: 'rotate_key', conversationId: id, by: alice, all: remaining, keysFor: remaining, epoch: 2 }));
    await expectRefusal(message({ senderId: dave }), { code: 'not_a_member' });
  });

  test('[ERR-4] what no peer could read is refused', async () => {
    for (const oddity of ['\ud800', '\0', Number.POSITIVE_INFINITY, 2 ** 53]) {
      await expectRefusal(message({ payload: payloadOf('hello', { oddity }) }), { code: 'invalid_body' });
    }
  });

  test('[ERR-4] a body beyond 262 144 bytes to the longest domain is refused, one of exactly that is sent', async () => {
    const padded = (length: number): OutgoingMessage => message({ payload: payloadOf('hello', { padding: 'x'.repeat(length) }) });
    const bare = Buffer.byteLength(JSON.stringify({ ...padded(0), recipientServerDomain: 'x'.repeat(253) }));
    await expectRefusal(padded(262_144 - bare + 1), { name: 'DomainError', code: 'message_too_long' });
    expect(await send(padded(262_144 - bare))).toMatchObject({ message: { position: 1 } });
  });
});
