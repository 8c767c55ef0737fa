import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { ClientEvent, ConversationView, DeliveryView, MessageView, TimelinePage } from '../model.ts';
import { queryKeys } from './query-keys.ts';

type TimelineData = InfiniteData<TimelinePage, number | null>;

function mapMessages(data: TimelineData, change: (message: MessageView) => MessageView): TimelineData {
  return { ...data, pages: data.pages.map((page) => ({ ...page, messages: page.messages.map(change) })) };
}

function withMessage(data: TimelineData, message: MessageView): TimelineData {
  const known = data.pages.some((page) => page.messages.some((each) => each.messageId === message.messageId));
  if (known) return mapMessages(data, (each) => (each.messageId === message.messageId ? newerOf(each, message) : each));
  const [newest, ...older] = data.pages;
  if (newest === undefined) return data;
  return { ...data, pages: [{ ...newest, messages: [...newest.messages, message] }, ...older] };
}

/** Keeps what the own server has stored over a late report that it has not. */
function newerOf(known: MessageView, report: MessageView): MessageView {
  return known.localState === 'stored' && report.localState !== 'stored' ? known : report;
}

/** Puts one hop's news into a message: the entry of its domain is replaced, or added. */
function withDelivery(message: MessageView, delivery: DeliveryView): MessageView {
  const known = message.deliveries.some((each) => each.domain === delivery.domain);
  const deliveries = known
    ? message.deliveries.map((each) => (each.domain === delivery.domain ? delivery : each))
    : [...message.deliveries, delivery];
  return { ...message, deliveries };
}

/** Puts a message into the cached timeline of its conversation; does nothing where that is not loaded. */
export function putMessage(queryClient: QueryClient, message: MessageView): void {
  queryClient.setQueryData<TimelineData>(queryKeys.timeline(message.conversationId), (data) =>
    data === undefined ? undefined : withMessage(data, message),
  );
  queryClient.setQueryData<readonly MessageView[]>(queryKeys.outgoing(message.conversationId), (outgoing = []) =>
    outgoing.filter((each) => each.messageId !== message.messageId),
  );
}

function bumpConversation(conversations: readonly ConversationView[], message: MessageView): readonly ConversationView[] {
  return conversations.map((conversation) =>
    conversation.conversationId === message.conversationId
      ? { ...conversation, lastMessage: message, lastActivityAt: message.sentAt }
      : conversation,
  );
}

/** Brings the cache in step with one event of the client: patches what is known, marks the rest to be asked again. */
export function applyClientEvent(queryClient: QueryClient, event: ClientEvent): void {
  switch (event.kind) {
    case 'message':
      putMessage(queryClient, event.message);
      queryClient.setQueryData<readonly ConversationView[]>(queryKeys.conversations, (list) =>
        list === undefined ? undefined : bumpConversation(list, event.message),
      );
      void queryClient.invalidateQueries({ queryKey: queryKeys.conversations });
      return;
    case 'delivery':
      queryClient.setQueryData<TimelineData>(queryKeys.timeline(event.conversationId), (data) =>
        data === undefined
          ? undefined
          : mapMessages(data, (each) => (each.messageId === event.messageId ? withDelivery(each, event.delivery) : each)),
      );
      return;
    case 'conversations':
      void queryClient.invalidateQueries({ queryKey: queryKeys.conversations });
      if (event.conversationId === null) {
        void queryClient.invalidateQueries({ queryKey: ['conversation'] });
        void queryClient.invalidateQueries({ queryKey: ['timeline'] });
      } else {
        void queryClient.invalidateQueries({ queryKey: queryKeys.conversation(event.conversationId) });
        void queryClient.invalidateQueries({ queryKey: queryKeys.timeline(event.conversationId) });
      }
      return;
    case 'connection':
    case 'signed_out':
      return;
    default:
      return assertNever(event);
  }
}

function assertNever(event: never): void {
  throw new Error(`unknown event ${JSON.stringify(event)}`);
}
