import type { ConversationId, MessageId, UserId } from '../../protocol/ids.ts';
import type { WireDelivery, WireMessage } from '../../server/realtime/events.ts';
import { ClientError } from '../client-error.ts';
import { createMemoryLocks } from '../keystore/locks.ts';
import type { ConnectionState } from '../model.ts';
import type { HandledEvents, OpenSocket } from '../realtime/realtime-handlers.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { ConversationWire } from '../trpc/wire.ts';
import type { Acknowledger } from './acknowledger.ts';
import type { ClientClock } from './clock.ts';
import type { ConversationBook } from './conversation-book.ts';
import type { DeliveryNews } from './delivery-news.ts';
import type { EventHub } from './event-hub.ts';
import { deliveryView } from './message-reader.ts';
import type { MessageReader } from './message-reader.ts';
import type { ReceiptBook } from './receipt-book.ts';
import type { ReceiptKeeper } from './receipt-keeper.ts';

/** Keeps this client level with its server: by the socket while there is one, by asking while there is none. */
export interface Convergence {
  start(): void;
  state(): ConnectionState;
  /** Notes up to which position of a conversation others were shown or told. */
  noteShown(conversationId: ConversationId, position: number): void;
  /** Notes own messages, so that changes of deliveries that were missed are asked for. */
  noteDeliveries(messages: readonly WireMessage[], deliveries: readonly WireDelivery[]): void;
  close(): void;
}

const POLL_MS = 5_000;
const PAGE = 200;

/** Creates the convergence of the person signed in; it starts nothing before `start`. */
export function createConvergence(options: {
  readonly api: InstanceClient;
  readonly self: UserId;
  readonly book: ConversationBook;
  readonly reader: MessageReader;
  readonly news: DeliveryNews;
  readonly receipts: ReceiptBook;
  readonly receiptKeeper: ReceiptKeeper;
  readonly acknowledger: Acknowledger;
  readonly events: EventHub;
  readonly clock: ClientClock;
  readonly openSocket: OpenSocket;
  /** Runs after each convergence, with every conversation there is. */
  readonly onConverged: (conversationIds: readonly ConversationId[]) => void;
  readonly onUnauthorized: () => void;
}): Convergence {
  const { api, self, book, reader, news, receiptKeeper, acknowledger, events, clock } = options;
  const shown = new Map<ConversationId, number>();
  const waiting = new Map<MessageId, { readonly conversationId: ConversationId; readonly position: number }>();
  const oneByOne = createMemoryLocks();
  let listed: string | null = null;
  let state: ConnectionState = 'connecting';
  let closeSocket: (() => void) | null = null;
  let cancelPoll: (() => void) | null = null;
  let closed = false;

  function setState(next: ConnectionState): void {
    if (closed || state === next) return;
    state = next;
    events.emit({ kind: 'connection', state });
  }

  function noteShown(conversationId: ConversationId, position: number): void {
    if (!shown.has(conversationId)) shown.set(conversationId, position);
  }

  function noteDeliveries(messages: readonly WireMessage[], reported: readonly WireDelivery[]): void {
    receiptKeeper.noteOwn(messages);
    const deliveries = reported.map(news.newest);
    for (const { messageId, conversationId, position } of messages) {
      const isQueued = deliveries.some((delivery) => delivery.messageId === messageId && delivery.state === 'queued');
      if (isQueued) waiting.set(messageId, { conversationId, position });
      else if (deliveries.some((delivery) => delivery.messageId === messageId)) waiting.delete(messageId);
    }
  }

  /** Emits what follows the last position shown, in order, until there is no more. */
  async function catchUp(conversationId: ConversationId): Promise<void> {
    for (;;) {
      const after = shown.get(conversationId) ?? 0;
      const { messages, deliveries, receipts } = await callInstance(api.messages.list.query({ conversationId, after, limit: PAGE }));
      options.receipts.note(receipts);
      for (const message of await reader.read(conversationId, messages, deliveries)) events.emit({ kind: 'message', message });
      noteDeliveries(messages, deliveries);
      shown.set(conversationId, Math.max(after, ...messages.map(({ position }) => position)));
      if (messages.length < PAGE) return;
    }
  }

  async function receive(message: WireMessage): Promise<void> {
    const { conversationId, position } = message;
    // Before the first list nothing says how far a conversation goes: what comes now is new.
    const last = shown.get(conversationId) ?? (listed === null ? position - 1 : 0);
    if (position <= last) return;
    // A gap means that an event was missed; an own message came from elsewhere, and only a query knows its deliveries.
    if (position > last + 1 || message.senderId === self) return catchUp(conversationId);
    const read = await reader.read(conversationId, [message]);
    shown.set(conversationId, position);
    for (const view of read) events.emit({ kind: 'message', message: view });
  }

  /** Asks again for own messages whose deliveries were under way when last heard of. */
  async function catchUpDeliveries(): Promise<void> {
    for (const conversationId of new Set([...waiting.values()].map((one) => one.conversationId))) {
      const positions = [...waiting.values()].filter((one) => one.conversationId === conversationId).map((one) => one.position);
      const range = { conversationId, after: Math.min(...positions) - 1, limit: PAGE };
      const { messages, deliveries } = await callInstance(api.messages.list.query(range));
      deliveries.filter(({ messageId }) => waiting.has(messageId)).forEach(emitDelivery);
      noteDeliveries(messages, deliveries);
    }
  }

  function emitDelivery(delivery: WireDelivery): void {
    const { conversationId, messageId } = delivery;
    events.emit({ kind: 'delivery', conversationId, messageId, delivery: deliveryView(delivery) });
  }

  async function converge(): Promise<void> {
    const summaries: readonly ConversationWire[] = await callInstance(api.conversations.list.query());
    const seen = JSON.stringify(summaries.map(({ lastMessage: _seenApart, deliveredPosition: _ofOurs, ...summary }) => summary));
    const isFirst = listed === null;
    const hasChanged = listed !== seen;
    listed = seen;
    for (const summary of summaries) {
      const { conversationId, lastPosition } = summary;
      acknowledger.noteListed(summary);
      if (isFirst) noteShown(conversationId, lastPosition);
      if ((shown.get(conversationId) ?? 0) < lastPosition) {
        await oneByOne.run(conversationId, () => catchUp(conversationId));
      }
    }
    if (hasChanged) {
      events.emit({ kind: 'conversations', conversationId: null });
      // Somebody may have left while nobody told us.
      for (const summary of summaries) attempt(async () => void (await book.loadListed(summary)));
    }
    for (const { conversationId } of summaries) {
      for (const message of await reader.retryUnreadable(conversationId)) events.emit({ kind: 'message', message });
    }
    await catchUpDeliveries();
    await receiptKeeper.catchUp();
    acknowledger.retry();
    options.onConverged(summaries.map(({ conversationId }) => conversationId));
  }

  /** What fails now is made up for by the next event, poll or connection. */
  function attempt(task: () => Promise<void>): void {
    task().catch((thrown: unknown) => {
      if (clientErrorOf(thrown).code === 'signed_out' && !closed) options.onUnauthorized();
      else if (!(thrown instanceof ClientError)) throw thrown;
    });
  }

  function poll(): void {
    cancelPoll?.();
    if (closed || state === 'online') return;
    cancelPoll = clock.schedule(() => {
      attempt(() => oneByOne.run('', converge));
      poll();
    }, POLL_MS);
  }

  async function conversationChanged(conversationId: ConversationId): Promise<void> {
    await book.refresh(conversationId);
    events.emit({ kind: 'conversations', conversationId });
    for (const message of await reader.retryUnreadable(conversationId)) events.emit({ kind: 'message', message });
    await oneByOne.run(conversationId, () => catchUp(conversationId));
  }

  const handlers: HandledEvents = {
    'message:new': (message) => attempt(() => oneByOne.run(message.conversationId, () => receive(message))),
    'conversation:new': ({ conversationId }) => attempt(() => conversationChanged(conversationId)),
    'conversation:membership': ({ conversationId }) => attempt(() => conversationChanged(conversationId)),
    'delivery:changed': (delivery) => {
      if (delivery.state !== 'queued') waiting.delete(delivery.messageId);
      news.note(delivery);
      emitDelivery(delivery);
    },
    'message:receipt': receiptKeeper.hear,
    'conversation:typing': ({ conversationId, userId }) => {
      if (userId !== self) events.emit({ kind: 'typing', conversationId, userId });
    },
    'conversation:accepted': ({ conversationId }) => events.emit({ kind: 'conversations', conversationId }),
  };

  return {
    start() {
      closeSocket = options.openSocket({
        onOnline() {
          setState('online');
          cancelPoll?.();
          attempt(() => oneByOne.run('', converge));
        },
        onOffline() {
          news.goOffline();
          setState('offline');
          poll();
        },
        onResync: () => attempt(() => oneByOne.run('', converge)),
        onUnauthorized: () => !closed && options.onUnauthorized(),
        events: handlers,
      });
      poll();
    },
    state: () => state,
    noteShown,
    noteDeliveries,
    close() {
      closed = true;
      cancelPoll?.();
      closeSocket?.();
    },
  };
}
