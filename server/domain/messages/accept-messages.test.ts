import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { ConversationId, Domain } from '../../../protocol/ids.ts';
import type { MessageBody } from '../../../protocol/schemas/message-body.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import { createChangeAcceptor } from '../conversations/accept-change.ts';
import { changeBody, newConversationId } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { newMessageId, payloadOf, spentTicket } from '../testing/messages.ts';
import { alice, bob, carol, dave, erin, local, otherPeer, peer } from '../testing/people.ts';
import { createRecordingNotifier } from '../testing/recorders.ts';
import type { RecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { unobservedTraffic } from '../traffic-observer.ts';
import { createMessageAcceptor } from './accept-messages.ts';
import type { AcceptedMessage } from './accept-messages.ts';

let stores: TestStores;
let notifier: RecordingNotifier;
let acceptMessages: ReturnType<typeof createMessageAcceptor>;
let acceptChange: ReturnType<typeof createChangeAcceptor>;
let id: ConversationId;

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
});
beforeEach(async () => {
  const parts = { localDomain: local, ...stores, notifier: createRecordingNotifier(), traffic: unobservedTraffic, clock: createFakeClock() };
  acceptChange = createChangeAcceptor(parts);
  id = newConversationId(peer);
  await acceptChange(changeBody({ action: 'create', conversationId: id, by: bob, all: [bob, alice, dave], keysFor: [alice, dave], epoch: 1 }), peer);
  notifier = createRecordingNotifier();
  acceptMessages = createMessageAcceptor({ ...parts, notifier });
});
afterAll(() => stores.stop());

/** Takes one message whose request has spent its nonce; a refusal is thrown. */
async function accept(body: MessageBody, origin: Domain): Promise<AcceptedMessage> {
  const [verdict] = await acceptMessages([body], origin, spentTicket);
  if (verdict === undefined || verdict instanceof Error) throw verdict ?? new Error('no verdict');
  return verdict;
}

/** A message of bob's with an id of its own. */
function message(overrides: Partial<MessageBody> = {}): MessageBody {
  return { messageId: newMessageId(), ...coreMessage(overrides), ...overrides };
}

/** A message without an id. */
function coreMessage(overrides: Partial<MessageBody> = {}): MessageBody {
  return {
    conversationId: id,
    senderId: bob,
    recipientServerDomain: local,
    payload: payloadOf('hello'),
    timestamp: parseTimestamp('2026-03-01T10:00:00.000Z'),
    ...overrides,
  };
}

async function expectRefusal(body: MessageBody, code: ErrorCode, origin = domainOf(body.senderId)): Promise<void> {
  const before = await stores.rowsOf(body.conversationId);
  await expect(accept(body, origin)).rejects.toMatchObject({ name: 'ProtocolError', code });
  expect(await stores.rowsOf(body.conversationId)).toEqual(before);
  expect(notifier.told).toEqual([]);
}

test('[API-2] a message is stored, told to all local members, and forwarded to nobody', async () => {
  const body = message();
  expect(await accept(body, peer)).toEqual({ status: 'accepted', messageId: body.messageId });
  expect(await stores.messages.list(alice, id, { limit: 10 })).toMatchObject([{ messageId: body.messageId, senderId: bob, payload: body.payload, position: 1 }]);
  expect(notifier.told).toMatchObject([{ userIds: [alice, dave], event: { kind: 'message', message: { messageId: body.messageId } } }]);
  expect(await stores.queued(id)).toEqual([]);
});

describe('[ERR-3] refusals in their order', () => {
  test("a sender of another domain than the origin's is refused", () => expectRefusal(message(), 'sender_domain_mismatch', otherPeer));

  test('a message for another server is refused', () => expectRefusal(message({ recipientServerDomain: otherPeer }), 'misdirected'));

  test("the sender's domain is looked at before the recipient's", () =>
    expectRefusal(message({ recipientServerDomain: otherPeer }), 'sender_domain_mismatch', otherPeer));

  test('a conversation that is unknown is refused', () => expectRefusal(message({ conversationId: newConversationId(peer) }), 'unknown_conversation'));

  test('a conflict is answered before the conversation is looked for', async () => {
    const body = message();
    await accept(body, peer);
    await expect(accept({ ...body, conversationId: newConversationId(peer) }, peer)).rejects.toMatchObject({ code: 'message_id_conflict' });
  });

  test('a sender who is no member is refused', () => expectRefusal(message({ senderId: erin }), 'not_a_member'));

  test('[ID-5] a timestamp 301 s ahead is refused, 300 s ahead accepted', async () => {
    await expectRefusal(message({ timestamp: parseTimestamp('2026-03-01T10:05:01.000Z') }), 'invalid_body');
    expect(await accept(message({ timestamp: parseTimestamp('2026-03-01T10:05:00.000Z') }), peer)).toMatchObject({ status: 'accepted' });
  });

  test('[ID-5] an old timestamp is accepted: it is shown, nothing else', async () => {
    expect(await accept(message({ timestamp: parseTimestamp('1999-01-01T00:00:00.000Z') }), peer)).toMatchObject({ status: 'accepted' });
  });

  test('a sender removed meanwhile is refused, a repeat of what came before is not', async () => {
    const early = message({ senderId: erin });
    await acceptChange(changeBody({ action: 'add_participant', conversationId: id, by: bob, all: [bob, alice, dave, erin], keysFor: [alice, dave], epoch: 2 }), peer);
    await accept(early, peer);
    await acceptChange(changeBody({ action: 'rotate_key', conversationId: id, by: bob, all: [bob, alice, dave], keysFor: [alice, dave], epoch: 3 }), peer);
    await expect(accept(message({ senderId: erin }), peer)).rejects.toMatchObject({ code: 'not_a_member' });
    expect(await accept(early, peer)).toMatchObject({ status: 'duplicate' });
  });

  test('a conversation without a local member left is as unknown as a missing one', async () => {
    await acceptChange(changeBody({ action: 'rotate_key', conversationId: id, by: bob, all: [bob], keysFor: [], epoch: 2 }), peer);
    await expectRefusal(message(), 'unknown_conversation');
  });
});

describe('[API-6] repeats', () => {
  test('the same message is a duplicate and is told once', async () => {
    const body = message();
    await accept(body, peer);
    expect(await accept(body, peer)).toEqual({ status: 'duplicate', messageId: body.messageId });
    expect(notifier.told).toHaveLength(1);
    expect(await stores.messages.list(alice, id, { limit: 10 })).toHaveLength(1);
  });

  test('the same message with its members in another order is a duplicate', async () => {
    const messageId = newMessageId();
    const { payload, ...rest } = coreMessage({ payload: payloadOf('hello', { v: 1, z: [{ a: 1, b: 2 }] }) });
    await accept({ messageId, ...rest, payload }, peer);
    const { ciphertext, nonce, authTag } = payload;
    const again = { payload: { ciphertext, associatedData: { z: [{ b: 2, a: 1 }], v: 1 }, authTag, nonce }, ...rest, messageId };
    expect(await accept(again, peer)).toEqual({ status: 'duplicate', messageId });
  });

  test('a repeat is a duplicate after later messages and after the last local member is gone', async () => {
    const body = message();
    await accept(body, peer);
    await accept(message(), peer);
    await acceptChange(changeBody({ action: 'rotate_key', conversationId: id, by: bob, all: [bob], keysFor: [], epoch: 2 }), peer);
    expect(await accept(body, peer)).toEqual({ status: 'duplicate', messageId: body.messageId });
  });

  test('the same id in another conversation is a conflict', async () => {
    const body = message();
    await accept(body, peer);
    const other = newConversationId(peer);
    await acceptChange(changeBody({ action: 'create', conversationId: other, by: bob, all: [bob, alice], keysFor: [alice], epoch: 1 }), peer);
    await expect(accept({ ...body, conversationId: other }, peer)).rejects.toMatchObject({ code: 'message_id_conflict' });
  });

  test('twenty of the same at once are stored once', async () => {
    const body = message();
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await accept(body, peer)).status));
    expect(statuses.filter((status) => status === 'accepted')).toHaveLength(1);
    expect(notifier.told).toHaveLength(1);
  });

  test.each<[string, Partial<MessageBody>]>([
    ['payload', { payload: payloadOf('other') }],
    ['associated data', { payload: payloadOf('hello', { v: 2 }) }],
    ['timestamp', { timestamp: parseTimestamp('2026-03-01T09:59:59.999Z') }],
    ['sender', { senderId: erin }],
  ])('the same id with another %s is a conflict', async (_what, other) => {
    const body = message();
    await accept(body, peer);
    await expect(accept({ ...body, ...other }, peer)).rejects.toMatchObject({ code: 'message_id_conflict' });
  });

  test('[ID-4] the same id of another origin is another message', async () => {
    const messageId = newMessageId();
    const elsewhere = newConversationId(otherPeer);
    await acceptChange(changeBody({ action: 'create', conversationId: elsewhere, by: carol, all: [carol, alice], keysFor: [alice], epoch: 1 }), otherPeer);
    await accept(message({ messageId }), peer);
    expect(await accept(message({ messageId, senderId: carol, conversationId: elsewhere }), otherPeer)).toMatchObject({ status: 'accepted' });
  });
});

describe('[ID-4] a Core message', () => {
  test('gets the hash of sender, conversation, nonce and ciphertext for an id', async () => {
    const body = coreMessage();
    const expected = createHash('sha256').update(`bob@b.test\n${id}\n${body.payload.nonce}\n${body.payload.ciphertext}`).digest('base64url');
    expect(await accept(body, peer)).toEqual({ status: 'accepted', messageId: expected });
  });

  test('is a duplicate when it comes again, and a conflict with another timestamp', async () => {
    await accept(coreMessage(), peer);
    expect(await accept(coreMessage(), peer)).toMatchObject({ status: 'duplicate' });
    await expect(accept(coreMessage({ timestamp: parseTimestamp('2026-03-01T09:00:00.000Z') }), peer)).rejects.toMatchObject({ code: 'message_id_conflict' });
  });
});
