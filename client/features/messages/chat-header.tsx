'use client';
import { ArrowLeft, PanelRight } from 'lucide-react';
import Link from 'next/link';
import { useFormatter, useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { splitUserId } from '../contacts/address-input.ts';
import { ConversationAvatar } from '../conversations/conversation-avatar.tsx';
import { chatPath, type ConversationName } from '../conversations/conversation-name.ts';

interface ChatHeaderProps {
  readonly conversation: ConversationView;
  readonly name: ConversationName;
  readonly detailsOpen: boolean;
}

/** Draws who the chat is with, in full, and the way to its details. */
export function ChatHeader({ conversation, name, detailsOpen }: ChatHeaderProps) {
  const t = useTranslations();
  const format = useFormatter();
  const domains = [...new Set(conversation.participants.map((each) => splitUserId(each.userId).domain))];
  const under = name.group ? `${t('chat.people', { count: conversation.participants.length })} · ${format.list(domains, { type: 'unit' })}` : (name.others[0] ?? '');
  return (
    <header className="flex h-14 shrink-0 items-center gap-1 border-b border-s2 ps-1 pe-2 sm:ps-4">
      <Link href="/chats" aria-label={t('nav.back')} className="inline-flex size-10 shrink-0 items-center justify-center rounded-xl text-muted hover:bg-s2 sm:hidden">
        <ArrowLeft aria-hidden="true" className="size-5 rtl:rotate-180" />
      </Link>
      <div className="flex min-w-0 flex-1 items-center gap-3">
        <ConversationAvatar name={name} size="small" />
        <div className="min-w-0 flex-1">
          <h1 className="truncate leading-5 font-semibold">{name.title}</h1>
          <p className="truncate text-xs leading-4 text-muted">{under}</p>
        </div>
      </div>
      <Link
        href={chatPath(conversation.conversationId, detailsOpen ? undefined : 'details')}
        replace={detailsOpen}
        aria-label={detailsOpen ? t('details.close') : t('details.open')}
        title={t('details.title')}
        className={`inline-flex size-10 shrink-0 items-center justify-center rounded-xl hover:bg-s2 ${detailsOpen ? 'bg-s2 text-accent' : 'text-muted'}`}
      >
        <PanelRight aria-hidden="true" className="size-5 rtl:rotate-180" />
      </Link>
    </header>
  );
}
