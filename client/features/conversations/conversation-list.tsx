'use client';
import { ChevronRight, Inbox, SquarePen } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { RowSkeletons } from '../../ui/skeleton.tsx';
import { useMe } from '../account/account-context.tsx';
import { clientErrorCode } from '../client-error-code.ts';
import { useErrorWords } from '../use-error-words.ts';
import { ConversationRow } from './conversation-row.tsx';
import { useConversations } from './conversation-queries.ts';

interface ConversationListProps {
  readonly tab: 'chats' | 'requests';
  readonly selectedId: string | null;
}

function byActivity(one: ConversationView, other: ConversationView): number {
  return other.lastActivityAt.getTime() - one.lastActivityAt.getTime();
}

/** Lists the accepted conversations, or the requests, newest first. */
export function ConversationList({ tab, selectedId }: ConversationListProps) {
  const t = useTranslations();
  const words = useErrorWords();
  const conversations = useConversations();
  if (conversations.isPending) return <RowSkeletons />;
  if (conversations.isError) {
    return (
      <ErrorNotice
        what={t('chats.loadError')}
        why={words(conversations.error)}
        faultId={clientErrorCode(conversations.error)}
        onRetry={() => void conversations.refetch()}
      />
    );
  }
  const shown = conversations.data.filter((each) => each.accepted === (tab === 'chats')).toSorted(byActivity);
  const requests = conversations.data.filter((each) => !each.accepted).length;
  return (
    <>
      {tab === 'chats' && requests > 0 ? <RequestsRow count={requests} /> : null}
      {shown.length === 0 ? (
        <EmptyList tab={tab} />
      ) : (
        <ul className="flex flex-col gap-0.5">
          {shown.map((conversation) => (
            <ConversationRow key={conversation.conversationId} conversation={conversation} selected={conversation.conversationId === selectedId} />
          ))}
        </ul>
      )}
    </>
  );
}

function RequestsRow({ count }: { count: number }) {
  const t = useTranslations('chats');
  return (
    <Link href="/requests" className="mb-1 flex min-h-12 items-center gap-3 rounded-xl px-3 text-[0.9375rem] font-medium text-accent hover:bg-s2 focus-visible:-outline-offset-2">
      <span className="flex w-11 justify-center">
        <Inbox aria-hidden="true" className="size-5" />
      </span>
      <span className="flex-1">{t('requestsRow', { count })}</span>
      <ChevronRight aria-hidden="true" className="size-4 rtl:rotate-180" />
    </Link>
  );
}

function EmptyList({ tab }: { tab: 'chats' | 'requests' }) {
  const t = useTranslations();
  const me = useMe();
  if (tab === 'requests') return <p className="px-4 py-10 text-center text-muted">{t('requests.empty')}</p>;
  return (
    <div className="flex flex-col gap-4 px-4 py-8">
      <p className="text-center text-balance text-muted">{t('chats.empty')}</p>
      <div className="flex items-center gap-2 rounded-2xl bg-bg p-3 ps-4 shadow-[0_1px_2px_rgb(0_0_0/0.06)] dark:bg-s2">
        <div className="min-w-0 flex-1">
          <p className="text-sm text-muted">{t('chats.yourAddress')}</p>
          <p className="font-semibold wrap-anywhere">{me.userId}</p>
        </div>
        <CopyButton iconOnly text={me.userId} label={t('action.copyAddress')} />
      </div>
      <Link href="/chats/new" className="inline-flex min-h-12 items-center justify-center gap-2 rounded-xl bg-accent px-5 font-semibold text-on-accent sm:hidden">
        <SquarePen aria-hidden="true" className="size-4.5" />
        {t('nav.newChat')}
      </Link>
    </div>
  );
}
