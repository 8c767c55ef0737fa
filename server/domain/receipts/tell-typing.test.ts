import { beforeEach, expect, test } from 'vitest';
import type { FederationEvent } from '../../../protocol/schemas/events-body.ts';
import { newConversationId } from '../testing/changes.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { alice, dave, local, otherPeer, peer } from '../testing/people.ts';
import { createRecordingNotifier } from '../testing/recorders.ts';
import { createTypingTeller } from './tell-typing.ts';

const clock = createFakeClock();
const id = newConversationId(local);
const notifier = createRecordingNotifier();
const sent: { readonly domain: string; readonly events: readonly FederationEvent[] }[] = [];
let tell: ReturnType<typeof createTypingTeller>;

beforeEach(() => {
  notifier.told.length = 0;
  sent.length = 0;
  tell = createTypingTeller({
    localDomain: local,
    acknowledgements: { findAudience: async (userId) => (userId === alice ? { localMembers: [dave], remoteDomains: [peer, otherPeer] } : null) },
    notifier,
    sendEvents: (domain, events) => void sent.push({ domain, events }),
    clock,
  });
});

test('[API-8] that somebody writes is told here and to each other domain, at once', async () => {
  await tell(alice, id);
  expect(notifier.told).toEqual([{ userIds: [dave], event: { kind: 'typing', conversationId: id, userId: alice } }]);
  const event = { type: 'typing', conversationId: id, userId: alice, timestamp: clock.now().toISOString() };
  expect(sent).toEqual([peer, otherPeer].map((domain) => ({ domain, events: [event] })));
});

test('[API-8] within 3 s it is told once, of each conversation by itself', async () => {
  await tell(alice, id);
  clock.advance(2_999);
  await tell(alice, id);
  expect(sent).toHaveLength(2);
  await tell(alice, newConversationId(local));
  expect(sent).toHaveLength(4);
  clock.advance(1);
  await tell(alice, id);
  expect(sent).toHaveLength(6);
});

test('[API-8] whoever is in no such conversation writes to nobody', async () => {
  await expect(tell(dave, id)).rejects.toMatchObject({ code: 'unknown_conversation' });
  expect(sent).toEqual([]);
});
