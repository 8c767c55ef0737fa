'use client';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearchParams } from 'next/navigation';
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { classNames } from '../../ui/class-names.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useMediaQuery } from '../../ui/use-media-query.ts';
import { useChatClient } from '../chat-client-context.tsx';
import { clientErrorCode } from '../client-error-code.ts';
import { chatPath, conversationName } from '../conversations/conversation-name.ts';
import { useConversation, useConversationChange, useConversations } from '../conversations/conversation-queries.ts';
import { queryKeys } from '../query-keys.ts';
import { useErrorWords } from '../use-error-words.ts';
import { ChatHeader } from './chat-header.tsx';
import { AwaitedNotice, RemovedNotice, SilentPeerNotice, UnverifiedNotice } from './chat-notices.tsx';
import { Composer } from './composer.tsx';
import type { MessageActions } from './message-row.tsx';
import { RequestBar } from './request-bar.tsx';
import { useTimeline, type Timeline } from './timeline-queries.ts';
import { TimelineView } from './timeline-view.tsx';
import { TypingLine } from './typing-line.tsx';

// What opens on demand is loaded on demand: the first chat stays small.
const DetailsPane = lazy(async () => ({ default: (await import('../conversations/details-pane.tsx')).DetailsPane }));
const MessageInfoDialog = lazy(async () => ({ default: (await import('./message-info-dialog.tsx')).MessageInfoDialog }));
const MessageMenu = lazy(async () => ({ default: (await import('./message-menu.tsx')).MessageMenu }));

/** Shows the chat that the address names, with its details beside it on demand. */
export function ChatScreen() {
  const parameters = useSearchParams();
  const conversationId = parameters.get('id') ?? '';
  return <LoadedChat key={conversationId} conversationId={conversationId} detailsOpen={parameters.get('view') === 'details'} />;
}

function LoadedChat({ conversationId, detailsOpen }: { conversationId: string; detailsOpen: boolean }) {
  const t = useTranslations('chat');
  const words = useErrorWords();
  const conversation = useConversation(conversationId);
  if (conversation.data !== undefined) return <Chat conversation={conversation.data} detailsOpen={detailsOpen} />;
  if (conversation.isPending) return <ChatSkeleton />;
  const missing = clientErrorCode(conversation.error) === 'unknown_conversation';
  return (
    <main id="content" className="grid h-full place-items-center">
      <ErrorNotice
        page
        what={missing ? t('notFound') : t('loadError')}
        why={missing ? t('notFoundNext') : words(conversation.error)}
        faultId={clientErrorCode(conversation.error)}
        onRetry={() => void conversation.refetch()}
      />
    </main>
  );
}

function ChatSkeleton() {
  const t = useTranslations();
  return (
    <main id="content" aria-busy="true" className="flex h-full flex-col">
      <title>{`${t('chat.title')} · ${t('app.name')}`}</title>
      <h1 className="sr-only">{t('app.loading')}</h1>
      <div className="flex h-14 shrink-0 items-center gap-3 border-b border-s2 px-4">
        <Skeleton className="size-8 rounded-full" />
        <Skeleton className="h-4 w-40" />
      </div>
      <TimelineSkeleton />
    </main>
  );
}

function TimelineSkeleton() {
  return (
    <div aria-hidden="true" className="mx-auto flex min-h-0 w-full max-w-4xl flex-1 flex-col justify-end gap-2 overflow-hidden px-5 pb-6">
      <Skeleton className="h-10 w-56 rounded-2xl" />
      <Skeleton className="h-16 w-72 rounded-2xl" />
      <Skeleton className="h-10 w-48 self-end rounded-2xl" />
      <Skeleton className="h-10 w-64 rounded-2xl" />
    </div>
  );
}

function useAccept(conversation: ConversationView) {
  const client = useChatClient();
  const accept = useConversationChange(conversation.conversationId, () => client.conversations.accept(conversation.conversationId));
  const { mutateAsync } = accept;
  const beforeSend = useCallback(async () => {
    if (!conversation.accepted) await mutateAsync(undefined);
  }, [conversation.accepted, mutateAsync]);
  return { accept, beforeSend };
}

function Chat({ conversation, detailsOpen }: { conversation: ConversationView; detailsOpen: boolean }) {
  const t = useTranslations();
  const words = useErrorWords();
  const { conversationId, standing } = conversation;
  const name = conversationName(conversation);
  // Below this width the details take the place of the chat, so that they never cover its composer.
  const wide = useMediaQuery('(min-width: 64rem)');
  const covered = detailsOpen && !wide;
  const timeline = useTimeline(conversationId);
  const { accept, beforeSend } = useAccept(conversation);
  return (
    <div className="flex h-full min-h-0">
      <title>{`${name.title} · ${t('app.name')}`}</title>
      <main id={covered ? undefined : 'content'} className={classNames('min-h-0 min-w-0 flex-1 flex-col', covered ? 'hidden' : 'flex')}>
        <ChatHeader conversation={conversation} name={name} detailsOpen={detailsOpen} />
        <ChatTimeline conversation={conversation} timeline={timeline} title={name.title} group={name.group} />
        <TypingLine conversation={conversation} />
        <SilentPeerNotice messages={timeline.messages} />
        {standing === 'member' && conversation.accepted ? <AwaitedNotice conversation={conversation} messages={timeline.messages} /> : null}
        {standing === 'unverified' ? <UnverifiedNotice /> : null}
        {standing === 'removed' ? <RemovedNotice /> : null}
        {standing === 'member' && !conversation.accepted ? (
          <RequestBar conversation={conversation} busy={accept.isPending} error={accept.isError ? words(accept.error) : null} onAccept={() => accept.mutate(undefined)} />
        ) : null}
        {standing === 'member' ? <Composer conversationId={conversationId} name={name.title} beforeSend={beforeSend} /> : null}
      </main>
      <Suspense>{detailsOpen ? <DetailsPane conversation={conversation} name={name} alone={!wide} /> : null}</Suspense>
    </div>
  );
}

interface ChatTimelineProps {
  readonly conversation: ConversationView;
  readonly timeline: Timeline;
  readonly title: string;
  readonly group: boolean;
}

function useUnreadCount(conversation: ConversationView): number {
  const listed = useConversations().data?.find((each) => each.conversationId === conversation.conversationId);
  return (listed ?? conversation).unreadCount;
}

function ChatTimeline({ conversation, timeline, title, group }: ChatTimelineProps) {
  const t = useTranslations('chat');
  const words = useErrorWords();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { conversationId } = conversation;
  const unreadCount = useUnreadCount(conversation);
  const [infoId, setInfoId] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ messageId: string; x: number; y: number } | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const lastAsked = useRef<string | null>(null);
  const actions = useMemo<MessageActions>(
    () => ({
      onInfo: (messageId) => {
        lastAsked.current = messageId;
        setInfoId(messageId);
      },
      onMenu: (messageId, place) => {
        lastAsked.current = messageId;
        setMenu({ messageId, ...place });
      },
      onDetails: () => router.push(chatPath(conversationId, 'details')),
      onCheckAgain: () => void queryClient.invalidateQueries({ queryKey: queryKeys.timeline(conversationId) }),
    }),
    [router, queryClient, conversationId],
  );
  const focusAsked = () => root.current?.querySelector<HTMLElement>(`[data-message-id="${lastAsked.current ?? ''}"]`)?.focus();

  if (timeline.error !== null) {
    return (
      <div className="min-h-0 flex-1 overflow-y-auto">
        <ErrorNotice what={t('loadError')} why={words(timeline.error)} faultId={clientErrorCode(timeline.error)} onRetry={timeline.retry} />
      </div>
    );
  }
  if (timeline.pending) return <TimelineSkeleton />;
  const find = (messageId: string | undefined) => timeline.messages.find((each) => each.messageId === messageId);
  const menuMessage = find(menu?.messageId);
  return (
    <div ref={root} className="flex min-h-0 flex-1 flex-col">
      <TimelineView conversationId={conversationId} name={title} group={group} unreadCount={unreadCount} timeline={timeline} actions={actions} />
      <Suspense>
        {menu === null || menuMessage === undefined ? null : (
          <MessageMenu open={{ message: menuMessage, x: menu.x, y: menu.y }} onClose={() => setMenu(null)} onClosed={focusAsked} onInfo={setInfoId} />
        )}
        {infoId === null ? null : <MessageInfoDialog message={find(infoId) ?? null} onClose={() => setInfoId(null)} onClosed={focusAsked} />}
      </Suspense>
    </div>
  );
}
