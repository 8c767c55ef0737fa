'use client';
import { useEffect, useState } from 'react';
import { useChatClient } from '../chat-client-context.tsx';

/** Whoever goes on writing says so again before this is over. */
const SHOWN_MS = 5_000;

/** Names who writes in a chat at this moment; a message of theirs ends it. */
export function useTyping(conversationId: string): readonly string[] {
  const client = useChatClient();
  const [typing, setTyping] = useState<readonly string[]>([]);
  // The client's events and the passing of time are systems outside React.
  useEffect(() => {
    const ends = new Map<string, ReturnType<typeof setTimeout>>();
    const show = (): void => setTyping([...ends.keys()]);
    const end = (userId: string): void => {
      clearTimeout(ends.get(userId));
      if (ends.delete(userId)) show();
    };
    const stop = client.subscribe((event) => {
      if (event.kind === 'message' && event.message.conversationId === conversationId) end(event.message.senderId);
      if (event.kind !== 'typing' || event.conversationId !== conversationId) return;
      const isNew = !ends.has(event.userId);
      clearTimeout(ends.get(event.userId));
      ends.set(event.userId, setTimeout(() => end(event.userId), SHOWN_MS));
      if (isNew) show();
    });
    return () => {
      stop();
      for (const timer of ends.values()) clearTimeout(timer);
    };
  }, [client, conversationId]);
  return typing;
}
