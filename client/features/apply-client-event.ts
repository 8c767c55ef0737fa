import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { ClientEvent, ConversationView, MessageView, TimelinePage } from '../model.ts';
import { NOTHING_TOLD, tellDelivery, tellMessage, tellReceipt, withoutReceipts, type Told } from './messages/told.ts';
import { queryKeys } from './query-keys.ts';

/** Remembers that a message is new or has changed, and that it is no longer on its way. */
export function putMessage(queryClient: QueryClient, message: MessageView): void {
  queryClient.setQueryData<Told>(queryKeys.told(message.conversationId), (told = NOTHING_TOLD) => tellMessage(told, message));
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

function hideReceipts(queryClient: QueryClient): void {
  queryClient.setQueriesData<Told>({ queryKey: ['told'] }, (told) => told && withoutReceipts(told));
  queryClient.setQueriesData<InfiniteData<TimelinePage>>({ queryKey: ['timeline'] }, (timeline) =>
    timeline && { ...timeline, pages: timeline.pages.map((page) => ({ ...page, messages: page.messages.map((message) => ({ ...message, receipts: [] })) })) },
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
      queryClient.setQueryData<Told>(queryKeys.told(event.conversationId), (told = NOTHING_TOLD) => tellDelivery(told, event));
      return;
    case 'receipt':
      queryClient.setQueryData<Told>(queryKeys.told(event.conversationId), (told = NOTHING_TOLD) => tellReceipt(told, event));
      return;
    case 'privacy':
      queryClient.setQueryData(queryKeys.privacy, event.privacy);
      if (!event.privacy.receipts) hideReceipts(queryClient);
      void queryClient.invalidateQueries({ queryKey: ['timeline'] });
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
    case 'typing':
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
