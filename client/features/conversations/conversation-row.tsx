'use client';
import { ShieldAlert } from 'lucide-react';
import Link from 'next/link';
import { useNow, useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { classNames } from '../../ui/class-names.ts';
import { splitUserId } from '../contacts/address-input.ts';
import { ConversationAvatar } from './conversation-avatar.tsx';
import { chatPath, conversationName, type ConversationName } from './conversation-name.ts';
import { useDraft } from './conversation-queries.ts';
import { useListTime } from './use-list-time.ts';

interface ConversationRowProps {
  readonly conversation: ConversationView;
  readonly selected: boolean;
}

function usePreview(conversation: ConversationView, name: ConversationName): string {
  const t = useTranslations('chats');
  const unreadable = useTranslations('unreadable');
  const message = conversation.lastMessage;
  if (conversation.standing === 'removed') return t('removed');
  if (message === null) return t('started');
  const text = message.body.kind === 'text' ? message.body.text : unreadable('title');
  if (message.own) return t('you', { text });
  return name.group ? t('by', { name: splitUserId(message.senderId).username, text }) : text;
}

/** Draws one conversation of the list; read aloud it is name, unread count, preview, time. */
export function ConversationRow({ conversation, selected }: ConversationRowProps) {
  const t = useTranslations('chats');
  const name = conversationName(conversation);
  const preview = usePreview(conversation, name);
  const draft = useDraft(conversation.conversationId).data ?? '';
  // The open chat tells of new messages itself, and shows its own draft.
  const unread = selected ? 0 : conversation.unreadCount;
  const showDraft = draft !== '' && !selected;
  return (
    <li>
      <Link
        href={chatPath(conversation.conversationId)}
        aria-current={selected ? 'page' : undefined}
        data-conversation-id={conversation.conversationId}
        className={classNames(
          'flex h-17 items-center gap-3 rounded-xl px-3 transition-colors duration-120 focus-visible:-outline-offset-2',
          selected ? 'bg-bubble-out [--surface:var(--c-bubble-out)]' : 'hover:bg-s2 hover:[--surface:var(--c-s2)]',
        )}
      >
        <ConversationAvatar name={name} />
        <span className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 gap-y-0.5">
          <span className="truncate">
            <span className={unread > 0 ? 'font-semibold' : 'font-medium'}>{name.title}</span>
            {name.remoteSuffix === null ? null : <span className="text-sm text-muted">{name.remoteSuffix}</span>}
          </span>
          {unread > 0 ? <span className="sr-only">{`, ${t('unreadMessages', { count: unread })}, `}</span> : null}
          <span className={classNames('col-start-1 row-start-2 truncate text-sm', unread > 0 ? 'text-text' : 'text-muted')}>
            {showDraft ? <span className="font-medium text-warn">{`${t('draft')} `}</span> : null}
            {showDraft ? draft : preview}
          </span>
          <RowTime at={conversation.lastActivityAt} />
          <RowSigns unverified={conversation.standing === 'unverified'} unread={unread} />
        </span>
      </Link>
    </li>
  );
}

function RowTime({ at }: { at: Date }) {
  const listTime = useListTime();
  const now = useNow({ updateInterval: 60_000 });
  return (
    <time dateTime={at.toISOString()} className="col-start-2 row-start-1 text-end text-xs text-muted tabular-nums">
      {listTime(at, now)}
    </time>
  );
}

function RowSigns({ unverified, unread }: { unverified: boolean; unread: number }) {
  const t = useTranslations('system');
  return (
    <span className="col-start-2 row-start-2 flex items-center justify-end gap-1.5">
      {unverified ? <ShieldAlert role="img" aria-label={t('unverified')} className="size-4 text-warn" /> : null}
      {unread > 0 ? (
        <span aria-hidden="true" className="min-w-5.5 rounded-full bg-accent px-1.5 text-center text-xs leading-5.5 font-semibold text-on-accent tabular-nums">
          {unread > 99 ? '99+' : unread}
        </span>
      ) : null}
    </span>
  );
}
