import { QueryClient, type InfiniteData } from '@tanstack/react-query';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConversationView, MessageView, TimelinePage } from '../model.ts';
import { applyClientEvent, putMessage } from './apply-client-event.ts';
import { joinMessages } from './messages/timeline-items.ts';
import { NOTHING_TOLD, type Told } from './messages/told.ts';
import { queryKeys } from './query-keys.ts';
import { createScriptedChatClient } from './testing/scripted-chat-client.ts';
import { scriptedDelivery, scriptedMessage } from './testing/scripted-data.ts';

const NOW = new Date('2026-11-22T10:00:00.000Z');
const ID = 'c1:a.test';
let queryClient: QueryClient;

beforeEach(async () => {
  queryClient = new QueryClient();
  const client = createScriptedChatClient({ now: NOW, signedIn: true });
  queryClient.setQueryData(queryKeys.timeline(ID), { pages: [await client.messages.list(ID)], pageParams: [null] });
  queryClient.setQueryData(queryKeys.conversations, await client.conversations.list());
  client.subscribe((event) => applyClientEvent(queryClient, event));
});

const messages = (): readonly MessageView[] =>
  joinMessages(
    queryClient.getQueryData<InfiniteData<TimelinePage>>(queryKeys.timeline(ID))?.pages ?? [],
    queryClient.getQueryData<readonly MessageView[]>(queryKeys.outgoing(ID)) ?? [],
    queryClient.getQueryData<Told>(queryKeys.told(ID)) ?? NOTHING_TOLD,
  );
const incoming = scriptedMessage({ messageId: 'in-1', senderId: 'bob@b.test', position: 12, sentAt: NOW });

describe('an event of the client', () => {
  it('adds a new message to the loaded timeline, and a repeat of it not again', () => {
    const before = messages().length;
    applyClientEvent(queryClient, { kind: 'message', message: incoming });
    applyClientEvent(queryClient, { kind: 'message', message: incoming });
    expect(messages()).toHaveLength(before + 1);
    expect(messages().at(-1)).toEqual(incoming);
  });
  it('makes a new message the last of its conversation and has the list asked again', () => {
    applyClientEvent(queryClient, { kind: 'message', message: incoming });
    const listed = queryClient.getQueryData<readonly ConversationView[]>(queryKeys.conversations);
    expect(listed?.find((each) => each.conversationId === ID)?.lastMessage).toEqual(incoming);
    expect(queryClient.getQueryState(queryKeys.conversations)?.isInvalidated).toBe(true);
  });
  it('[DEL-6] puts the state of one hop into its message and leaves the others', () => {
    const delivery = scriptedDelivery({ domain: 'b.test', state: 'failed', errorCode: 'expired' });
    const untouched = messages()[3];
    applyClientEvent(queryClient, { kind: 'delivery', conversationId: ID, messageId: `${ID}-1`, delivery });
    expect(messages()[0]?.deliveries).toEqual([delivery]);
    expect(messages()[3]).toEqual(untouched);
  });
  it('[DEL-6] puts what somebody did into their messages, and only ever goes on', () => {
    const tell = (state: 'on_device' | 'read') =>
      applyClientEvent(queryClient, { kind: 'receipt', conversationId: ID, messageIds: [`${ID}-4`], receipt: { userId: 'bob@b.test', state } });
    for (const state of ['on_device', 'read', 'on_device'] as const) tell(state);
    expect(messages()[3]?.receipts).toEqual([{ userId: 'bob@b.test', state: 'read' }]);
    expect(messages()[5]?.receipts).toEqual([{ userId: 'bob@b.test', state: 'on_device' }]);
  });
  it('[DEL-6] adds what a later page knows to what was told before it', () => {
    const page = queryClient.getQueryData<InfiniteData<TimelinePage>>(queryKeys.timeline(ID));
    const [first] = messages();
    if (page === undefined || first === undefined) throw new Error('no page');
    applyClientEvent(queryClient, { kind: 'message', message: { ...first, receipts: [] } });
    expect(messages()[0]?.receipts).toEqual([{ userId: 'bob@b.test', state: 'read' }]);
  });
  it('[DEL-6] takes every receipt back that was told, once receipts are off', () => {
    applyClientEvent(queryClient, { kind: 'receipt', conversationId: ID, messageIds: [`${ID}-4`], receipt: { userId: 'bob@b.test', state: 'read' } });
    applyClientEvent(queryClient, { kind: 'privacy', privacy: { receipts: false, typing: true } });
    expect(messages()[3]?.receipts).toEqual([]);
    expect(queryClient.getQueryState(queryKeys.timeline(ID))?.isInvalidated).toBe(true);
    expect(queryClient.getQueryData(queryKeys.privacy)).toEqual({ receipts: false, typing: true });
  });
  it('is not taken back by a page that was asked for before it and comes in after it', () => {
    const stale = queryClient.getQueryData(queryKeys.timeline(ID));
    const delivery = scriptedDelivery({ domain: 'b.test', state: 'stored' });
    applyClientEvent(queryClient, { kind: 'message', message: incoming });
    applyClientEvent(queryClient, { kind: 'delivery', conversationId: ID, messageId: `${ID}-1`, delivery });
    queryClient.setQueryData(queryKeys.timeline(ID), stale);
    expect(messages().at(-1)).toEqual(incoming);
    expect(messages()[0]?.deliveries).toEqual([delivery]);
  });
  it('that comes before the first page is there when the page is', () => {
    const page = queryClient.getQueryData(queryKeys.timeline(ID));
    queryClient.removeQueries({ queryKey: queryKeys.timeline(ID) });
    applyClientEvent(queryClient, { kind: 'message', message: incoming });
    queryClient.setQueryData(queryKeys.timeline(ID), page);
    expect(messages().at(-1)).toEqual(incoming);
  });
  it('has one conversation or all of them asked again', () => {
    applyClientEvent(queryClient, { kind: 'conversations', conversationId: 'other:a.test' });
    expect(queryClient.getQueryState(queryKeys.timeline(ID))?.isInvalidated).toBe(false);
    applyClientEvent(queryClient, { kind: 'conversations', conversationId: null });
    expect(queryClient.getQueryState(queryKeys.timeline(ID))?.isInvalidated).toBe(true);
  });
});

describe('a message on its way', () => {
  const sending = scriptedMessage({ messageId: 'out-1', senderId: 'alice@a.test', sentAt: NOW, localState: 'sending' });
  it('leaves the outgoing ones once the own server has it', () => {
    queryClient.setQueryData(queryKeys.outgoing(ID), [sending]);
    putMessage(queryClient, { ...sending, localState: 'stored', position: 12 });
    expect(queryClient.getQueryData(queryKeys.outgoing(ID))).toEqual([]);
    expect(messages().at(-1)?.localState).toBe('stored');
  });
  it('does not fall back to sending when a late report comes', () => {
    putMessage(queryClient, { ...sending, localState: 'stored', position: 12 });
    putMessage(queryClient, sending);
    expect(messages().at(-1)?.localState).toBe('stored');
  });
});
