'use client';
import { useQuery } from '@tanstack/react-query';
import { useChatClient } from '../chat-client-context.tsx';
import { queryKeys } from '../query-keys.ts';

/** Asks the own server for its domain and its way of taking new people. */
export function useInstance() {
  const client = useChatClient();
  return useQuery({ queryKey: queryKeys.instance, queryFn: () => client.account.instance(), staleTime: Infinity });
}

/** Lists the browsers that are signed in to this account. */
export function useBrowsers() {
  const client = useChatClient();
  return useQuery({ queryKey: queryKeys.browsers, queryFn: () => client.account.sessions() });
}
