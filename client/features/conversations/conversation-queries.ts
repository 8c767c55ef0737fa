'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useChatClient } from '../chat-client-context.tsx';
import { queryKeys } from '../query-keys.ts';

/** Lists the conversations of the signed-in person. */
export function useConversations() {
  const client = useChatClient();
  return useQuery({ queryKey: queryKeys.conversations, queryFn: () => client.conversations.list() });
}

/** Gives one conversation, at first as the list knows it. */
export function useConversation(conversationId: string) {
  const client = useChatClient();
  const queryClient = useQueryClient();
  return useQuery({
    queryKey: queryKeys.conversation(conversationId),
    queryFn: () => client.conversations.get(conversationId),
    placeholderData: () => queryClient.getQueryData<Awaited<ReturnType<typeof client.conversations.list>>>(queryKeys.conversations)?.find((each) => each.conversationId === conversationId),
  });
}

/** Makes a mutation that changes a conversation and has everything about it asked again. */
export function useConversationChange<Input>(conversationId: string, change: (input: Input) => Promise<void>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: queryKeys.conversations }),
        queryClient.invalidateQueries({ queryKey: queryKeys.conversation(conversationId) }),
        queryClient.invalidateQueries({ queryKey: queryKeys.timeline(conversationId) }),
      ]),
  });
}

/** Reads the draft kept for a conversation. */
export function useDraft(conversationId: string) {
  const client = useChatClient();
  return useQuery({ queryKey: queryKeys.draft(conversationId), queryFn: () => client.drafts.get(conversationId), staleTime: Infinity });
}
