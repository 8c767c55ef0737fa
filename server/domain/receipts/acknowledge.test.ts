import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ConversationId, UserId } from '../../../protocol/ids.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import { createConversationChanger } from '../conversations/change-conversation.ts';
import { createMessageSender } from '../messages/send-message.ts';
import type { DeliveryWaker } from '../ports.ts';
import { changeBody, newConversationId } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { newMessageId, payloadOf } from '../testing/messages.ts';
import { alice, bob, carol, dave, local, otherPeer, peer } from '../testing/people.ts';
import { createRecordingNotifier } from '../testing/recorders.ts';
import type { RecordingNotifier } from '../testing/recorders.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { unobservedTraffic } from '../traffic-observer.ts';
import { createRequestAcceptor } from './accept-request.ts';
import { createAcknowledger } from './acknowledge.ts';

let stores: TestStores;
let notifier: RecordingNotifier;
let woken: string[];
let id: ConversationId;

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
});
afterAll(() => stores.stop());
beforeEach(async () => {
  notifier = createRecordingNotifier();
  woken = [];
  id = newConversationId(local);
  const all = [alice, dave, bob, carol];
  await createConversationChanger(parts())(changeBody({ action: 'create', conversationId: id, by: alice, all, keysFor: all, epoch: 1 }));
  await createMessageSender(parts())({ conversationId: id, messageId: newMessageId(), senderId: alice, payload: payloadOf('hello'), timestamp: parseTimestamp('2026-03-01T10:00:00.000Z') });
  notifier.told.length = 0;
  woken = [];
});

function parts() {
  const waker: DeliveryWaker = { wake: (domains) => void woken.push(...domains) };
  return { localDomain: local, ...stores, policy: { isBlocked: async () => false }, notifier, waker, traffic: unobservedTraffic, clock: createFakeClock() };
}
const accept = (userId: UserId) => createRequestAcceptor(parts())(userId, id);
const acknowledge = (userId: UserId, delivered: number) => createAcknowledger(parts())({ userId, conversationId: id, delivered, read: null });

test("[DEL-6] an author of this server hears of it at once, and no other domain does", async () => {
  await accept(dave);
  [notifier.told.length, woken] = [0, []];
  await acknowledge(dave, 1);
  expect(notifier.told).toMatchObject([{ userIds: [alice], event: { kind: 'receipt', userId: dave, state: 'on_device' } }]);
  expect(woken).toEqual([]);
});

test('[API-8] the domains of other authors are woken once something waits for them', async () => {
  const draft = { conversationId: id, originDomain: peer, messageId: newMessageId(), senderId: bob, payload: payloadOf('hi'), payloadText: JSON.stringify(payloadOf('hi')), timestamp: parseTimestamp('2026-03-01T10:00:00.000Z'), contentHash: 'x' };
  await stores.messages.insert([draft], { localDomain: local, now: new Date(), nonce: null });
  await accept(dave);
  woken = [];
  await acknowledge(dave, 2);
  await acknowledge(dave, 2);
  expect(woken).toEqual([peer]);
});

test('[API-8] that a request was accepted goes to the members here and to every domain, once', async () => {
  await accept(dave);
  await accept(dave);
  expect(notifier.told).toEqual([{ userIds: [alice], event: { kind: 'accepted', conversationId: id, userId: dave } }]);
  expect(woken).toEqual([peer, otherPeer]);
});

test('[API-8] nobody hears what is done with a request; once it is accepted, they do', async () => {
  await acknowledge(dave, 1);
  expect([notifier.told, woken]).toEqual([[], []]);
  await accept(dave);
  expect(notifier.told).toMatchObject([
    { userIds: [alice], event: { kind: 'accepted', userId: dave } },
    { userIds: [alice], event: { kind: 'receipt', userId: dave, state: 'on_device' } },
  ]);
});

test("a stranger's conversation is unknown", async () => {
  id = newConversationId(local);
  await expect(acknowledge(dave, 1)).rejects.toMatchObject({ code: 'unknown_conversation' });
  await expect(accept(dave)).rejects.toMatchObject({ code: 'unknown_conversation' });
});
