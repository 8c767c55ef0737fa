'use client';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { ConversationView, MessageView } from '../../model.ts';
import { useChatClient } from '../chat-client-context.tsx';
import { queryKeys } from '../query-keys.ts';
import { firstUnreadId } from './timeline-items.ts';

interface ReadMarkInput {
  readonly conversationId: string;
  readonly messages: readonly MessageView[];
  readonly unreadCount: number;
  /** Whether the newest message is in view. */
  readonly visible: boolean;
  readonly onUnseen: (messageId: string | null) => void;
}

function subscribeFocus(changed: () => void): () => void {
  window.addEventListener('focus', changed);
  window.addEventListener('blur', changed);
  document.addEventListener('visibilitychange', changed);
  return () => {
    window.removeEventListener('focus', changed);
    window.removeEventListener('blur', changed);
    document.removeEventListener('visibilitychange', changed);
  };
}

/** Tells the server what was read while the newest message is in view of a focused window, and places the "New messages" divider. */
export function useReadMark({ conversationId, messages, unreadCount, visible, onUnseen }: ReadMarkInput): void {
  const client = useChatClient();
  const queryClient = useQueryClient();
  const attentive = useSyncExternalStore(subscribeFocus, () => document.visibilityState === 'visible' && document.hasFocus());
  const marked = useRef(0);
  const unreadBefore = useRef(unreadCount);

  // What comes while nobody looks begins at a divider of its own.
  useEffect(() => {
    const began = unreadBefore.current === 0 && unreadCount > 0;
    unreadBefore.current = unreadCount;
    if (began && !(attentive && visible)) onUnseen(firstUnreadId(messages, unreadCount));
  }, [attentive, visible, unreadCount, messages, onUnseen]);

  const newest = messages.reduce((highest, message) => Math.max(highest, message.position ?? 0), 0);
  // The own server is told once per newest position.
  useEffect(() => {
    if (!attentive || !visible || newest === 0 || newest <= marked.current || unreadCount === 0) return;
    marked.current = newest;
    queryClient.setQueryData<readonly ConversationView[]>(queryKeys.conversations, (list) =>
      list?.map((each) => (each.conversationId === conversationId ? { ...each, unreadCount: 0 } : each)),
    );
    client.conversations.markRead(conversationId, newest).then(
      () => queryClient.invalidateQueries({ queryKey: queryKeys.conversations }),
      () => {
        marked.current = 0;
      },
    );
  }, [attentive, visible, newest, unreadCount, client, queryClient, conversationId]);
}
