import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConversationId, MessageId } from '../../../protocol/ids.ts';
import type { FederationEvent } from '../../../protocol/schemas/events-body.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import { createConversationChanger } from '../conversations/change-conversation.ts';
import { createMessageSender } from '../messages/send-message.ts';
import { changeBody, newConversationId } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { newMessageId, payloadOf } from '../testing/messages.ts';
import { alice, bob, carol, dave, erin, local, otherPeer, peer } from '../testing/people.ts';
import { createCountingWaker, createRecordingNotifier } from '../testing/recorders.ts';
import type { RecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { unobservedTraffic } from '../traffic-observer.ts';
import { createEventAcceptor } from './accept-events.ts';

let stores: TestStores;
let notifier: RecordingNotifier;
let accept: ReturnType<typeof createEventAcceptor>;
let send: ReturnType<typeof createMessageSender>;
let id: ConversationId;

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
});
beforeEach(async () => {
  const policy = { isBlocked: async () => false };
  const parts = { localDomain: local, ...stores, policy, notifier: createRecordingNotifier(), waker: createCountingWaker(), traffic: unobservedTraffic, clock: createFakeClock() };
  id = newConversationId(local);
  const all = [alice, dave, bob, carol];
  await createConversationChanger(parts)(changeBody({ action: 'create', conversationId: id, by: alice, all, keysFor: all, epoch: 1 }));
  send = createMessageSender(parts);
  notifier = createRecordingNotifier();
  accept = createEventAcceptor({ ...parts, notifier });
});
afterAll(() => stores.stop());

const timestamp = parseTimestamp('2026-03-01T10:00:00.000Z');

async function sent(senderId = alice): Promise<MessageId> {
  const { message: { messageId } } = await send({ conversationId: id, messageId: newMessageId(), senderId, payload: payloadOf('hello'), timestamp });
  return messageId;
}

const common = (overrides: Partial<FederationEvent> = {}) => ({ conversationId: overrides.conversationId ?? id, userId: overrides.userId ?? bob, timestamp: overrides.timestamp ?? timestamp });
const typing = (overrides: Partial<FederationEvent> = {}): FederationEvent => ({ type: 'typing', ...common(overrides) });
const accepted = (overrides: Partial<FederationEvent> = {}): FederationEvent => ({ type: 'accepted', ...common(overrides) });
const delivered = (messageIds: readonly MessageId[], overrides: Partial<FederationEvent> = {}): FederationEvent => ({ type: 'delivered', ...common(overrides), messageIds: [...messageIds] });
const read = (upTo: MessageId, overrides: Partial<FederationEvent> = {}): FederationEvent => ({ type: 'read', ...common(overrides), upTo });
const receiptsKept = () => stores.prisma.messageReceipt.count({ where: { message: { conversation: { id } } } });

describe('what local people are told', () => {
  test('[DEL-6] an author is told that their messages are on a device, then that they are read', async () => {
    const [first, second] = [await sent(), await sent()];
    await accept([delivered([first, second])], peer);
    await accept([read(second)], peer);
    expect(notifier.told).toEqual(
      ['on_device', 'read'].map((state) => ({ userIds: [alice], event: { kind: 'receipt', conversationId: id, userId: bob, messageIds: [first, second], state } })),
    );
  });

  test("[DEL-6] each author is told of their own messages alone", async () => {
    const [hers, his] = [await sent(alice), await sent(dave)];
    await accept([delivered([hers, his])], peer);
    expect(notifier.told.map(({ userIds }) => userIds).toSorted()).toEqual([[alice], [dave]]);
    expect(notifier.told).toContainEqual({ userIds: [dave], event: { kind: 'receipt', conversationId: id, userId: bob, messageIds: [his], state: 'on_device' } });
  });

  test('[API-8] who writes and who took up a request is told to every local member', async () => {
    await accept([typing(), accepted()], peer);
    expect(notifier.told).toEqual([
      { userIds: [alice, dave], event: { kind: 'accepted', conversationId: id, userId: bob } },
      { userIds: [alice, dave], event: { kind: 'typing', conversationId: id, userId: bob } },
    ]);
  });

  test('[API-8] a repeat is a success and tells nothing but that somebody writes', async () => {
    const message = await sent();
    const events = [delivered([message]), read(message), accepted(), typing()];
    await accept(events, peer);
    notifier.told.length = 0;
    await accept(events, peer);
    expect(notifier.told.map(({ event }) => event.kind)).toEqual(['typing']);
  });

  test('[API-8] no events at all are a success', async () => {
    await accept([], peer);
    expect(notifier.told).toEqual([]);
  });
});

describe('what is refused', () => {
  async function expectRefusal(events: readonly FederationEvent[], refusal: object): Promise<void> {
    await expect(accept(events, peer)).rejects.toMatchObject({ name: 'ProtocolError', ...refusal });
    expect(await receiptsKept()).toBe(0);
    expect(notifier.told).toEqual([]);
  }

  test('[API-8] one user of another domain refuses all, and the rest is not kept', async () => {
    const message = await sent();
    await expectRefusal([delivered([message]), delivered([message], { userId: carol })], { code: 'sender_domain_mismatch' });
    await accept([delivered([message], { userId: carol })], otherPeer);
    expect(await receiptsKept()).toBe(1);
  });

  test('[API-8] a peer cannot speak for a local person', async () => {
    await expectRefusal([read(await sent(), { userId: dave })], { code: 'sender_domain_mismatch' });
  });

  test('[ID-5] one event dated 301 s ahead refuses all, 300 s ahead is accepted', async () => {
    const message = await sent();
    await expectRefusal([delivered([message]), typing({ timestamp: parseTimestamp('2026-03-01T10:05:00.001Z') })], { code: 'invalid_body', pointer: '/events/1/timestamp' });
    await accept([delivered([message], { timestamp: parseTimestamp('2026-03-01T10:05:00.000Z') })], peer);
    expect(await receiptsKept()).toBe(1);
  });

  test('[API-8] [ERR-3] one dated too far ahead comes before a foreign user, wherever they stand', async () => {
    const foreign = typing({ userId: carol });
    const ahead = typing({ timestamp: parseTimestamp('2026-03-01T10:05:00.001Z') });
    await expectRefusal([foreign, ahead], { code: 'invalid_body', pointer: '/events/1/timestamp' });
    await expectRefusal([ahead, foreign], { code: 'invalid_body', pointer: '/events/0/timestamp' });
    await expectRefusal([typing(), foreign], { code: 'sender_domain_mismatch' });
  });

  test('[ID-5] an event of the year 0 is shown as it states, and is no fault of ours', async () => {
    const message = await sent();
    await accept([delivered([message], { timestamp: parseTimestamp('0000-01-01T00:00:00.000Z') }), accepted({ timestamp: parseTimestamp('0000-01-01T00:00:00.000Z') })], peer);
    expect(await receiptsKept()).toBe(1);
  });
});

describe('what is dropped silently', () => {
  test('[API-8] events about an unknown conversation, with the others kept', async () => {
    const message = await sent();
    const conversationId = newConversationId(local);
    await accept([delivered([message], { conversationId }), read(message, { conversationId }), accepted({ conversationId }), typing({ conversationId }), read(message)], peer);
    expect(notifier.told).toHaveLength(1);
    expect(notifier.told).toMatchObject([{ userIds: [alice], event: { kind: 'receipt', conversationId: id, state: 'read' } }]);
  });

  test('[API-8] events from who is not in the conversation', async () => {
    const message = await sent();
    await accept([delivered([message], { userId: erin }), read(message, { userId: erin }), accepted({ userId: erin }), typing({ userId: erin })], peer);
    expect(await receiptsKept()).toBe(0);
    expect(notifier.told).toEqual([]);
  });
});
