'use client';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { MessageView, SystemLineView, TimelinePage } from '../../model.ts';
import { putMessage } from '../apply-client-event.ts';
import { useChatClient } from '../chat-client-context.tsx';
import { queryKeys } from '../query-keys.ts';
import { joinMessages, joinSystemLines } from './timeline-items.ts';
import { NOTHING_TOLD } from './told.ts';

const PAGE_SIZE = 50;
const NOTHING: readonly MessageView[] = [];
const NO_IDS: readonly string[] = [];

/** Names the sending of messages, so that the banner can count what is on its way. */
export const SEND_MUTATION = ['send'] as const;

function oldestPosition(page: TimelinePage): number | null {
  const positions = page.messages.flatMap((message) => (message.position === null ? [] : [message.position]));
  return positions.length === 0 ? null : Math.min(...positions);
}

/** What the timeline of a chat shows, and how to load more of it. */
export interface Timeline {
  readonly messages: readonly MessageView[];
  readonly systemLines: readonly SystemLineView[];
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  readonly loadOlder: () => void;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly retry: () => void;
}

/** Reads a chat page by page, newest first, joined with what this browser is still sending. */
export function useTimeline(conversationId: string): Timeline {
  const client = useChatClient();
  const query = useInfiniteQuery({
    queryKey: queryKeys.timeline(conversationId),
    queryFn: ({ pageParam }) => client.messages.list(conversationId, { limit: PAGE_SIZE, ...(pageParam === null ? {} : { before: pageParam }) }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.hasOlder ? oldestPosition(page) : null),
  });
  const outgoing = useQuery({ queryKey: queryKeys.outgoing(conversationId), queryFn: () => NOTHING, staleTime: Infinity, initialData: NOTHING });
  const told = useQuery({ queryKey: queryKeys.told(conversationId), queryFn: () => NOTHING_TOLD, staleTime: Infinity, initialData: NOTHING_TOLD });
  const putBack = useQuery({ queryKey: queryKeys.putBack(conversationId), queryFn: () => NO_IDS, staleTime: Infinity, initialData: NO_IDS });
  const pages = query.data?.pages;
  const joined = useMemo(
    () => ({
      messages: joinMessages(pages ?? [], outgoing.data, told.data).filter((message) => message.localState !== 'rejected' || !putBack.data.includes(message.messageId)),
      systemLines: joinSystemLines(pages ?? []),
    }),
    [pages, outgoing.data, told.data, putBack.data],
  );
  return {
    ...joined,
    hasOlder: query.hasNextPage,
    loadingOlder: query.isFetchingNextPage,
    loadOlder: () => {
      if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
    },
    pending: query.isPending,
    error: query.data === undefined ? query.error : null,
    retry: () => void query.refetch(),
  };
}

/** Sends texts of one chat; a message shows at once and settles when the own server has it. */
export function useSendMessage(conversationId: string) {
  const client = useChatClient();
  const queryClient = useQueryClient();
  const outgoingKey = queryKeys.outgoing(conversationId);
  return useMutation({
    mutationKey: SEND_MUTATION,
    mutationFn: async ({ text, onQueued }: { text: string; onQueued: () => void }) => {
      let queuedId: string | null = null;
      try {
        return await client.messages.send(conversationId, text, (message) => {
          queuedId = message.messageId;
          queryClient.setQueryData<readonly MessageView[]>(outgoingKey, (list = []) => [...list.filter((each) => each.messageId !== message.messageId), message]);
          onQueued();
        });
      } catch (error) {
        // The text goes back to the composer, so its bubble goes.
        const refusedId = queuedId;
        queryClient.setQueryData<readonly MessageView[]>(outgoingKey, (list = []) => list.filter((each) => each.messageId !== refusedId));
        if (refusedId !== null) queryClient.setQueryData<readonly string[]>(queryKeys.putBack(conversationId), (ids = NO_IDS) => [...ids, refusedId]);
        throw error;
      }
    },
    onSuccess: (message) => putMessage(queryClient, message),
    onSettled: () => queryClient.invalidateQueries({ queryKey: queryKeys.conversations }),
  });
}
