'use client';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { applyClientEvent } from './apply-client-event.ts';
import { useChatClient } from './chat-client-context.tsx';

/** Carries the events of the chat client into the cache for as long as it is mounted. */
export function ClientEventsBridge() {
  const client = useChatClient();
  const queryClient = useQueryClient();
  // The client's events are a system outside React.
  useEffect(() => client.subscribe((event) => applyClientEvent(queryClient, event)), [client, queryClient]);
  return null;
}
