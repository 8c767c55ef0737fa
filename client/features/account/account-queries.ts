'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useInstanceProcedures } from '../../trpc/instance-context.ts';
import { useChatClient } from '../chat-client-context.tsx';
import { queryKeys } from '../query-keys.ts';

/** Asks the own server for its domain and its way of taking new people. */
export function useInstance() {
  const client = useChatClient();
  return useQuery({ queryKey: queryKeys.instance, queryFn: () => client.account.instance(), staleTime: Infinity });
}

/** Lists the browsers that are signed in to this account. */
export function useBrowsers() {
  return useQuery(useInstanceProcedures().account.sessions.queryOptions());
}

/** Signs one of them out, and asks for the list again. */
export function useRevokeBrowser() {
  const { account } = useInstanceProcedures();
  const queryClient = useQueryClient();
  return useMutation(
    account.revokeSession.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: account.sessions.queryKey() }),
    }),
  );
}
