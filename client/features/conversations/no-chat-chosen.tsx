'use client';
import { SquarePen } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'use-intl';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Mark } from '../../ui/wordmark.tsx';
import { useMe } from '../account/account-context.tsx';
import { useConversations } from './conversation-queries.ts';

/** Fills the room beside the list while no chat is open: what to do next, and the own address to hand on. */
export function NoChatChosen({ title }: { title: 'chats' | 'requests' }) {
  const t = useTranslations();
  const me = useMe();
  const unread = useConversations().data?.filter((each) => each.accepted && each.unreadCount > 0).length ?? 0;
  return (
    <div className="grid h-full place-items-center p-8">
      <title>{`${unread > 0 ? `(${unread}) ` : ''}${t(`${title}.title`)} · ${t('app.name')}`}</title>
      <div className="flex max-w-sm flex-col items-center gap-5 text-center">
        <Mark className="size-14 opacity-90" />
        <p className="text-lg text-muted">{t('chats.pick')}</p>
        <Link
          href="/chats/new"
          className="inline-flex min-h-11 items-center gap-2 rounded-xl bg-accent px-5 font-semibold text-on-accent transition-[filter] duration-120 hover:brightness-110"
        >
          <SquarePen aria-hidden="true" className="size-4.5" />
          {t('nav.newChat')}
        </Link>
        <p className="flex items-center gap-1 text-[0.9375rem] text-muted">
          <span className="wrap-anywhere">{me.userId}</span>
          <CopyButton iconOnly text={me.userId} label={t('action.copyAddress')} />
        </p>
      </div>
    </div>
  );
}
