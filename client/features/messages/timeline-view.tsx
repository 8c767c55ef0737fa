'use client';
import { ArrowDown } from 'lucide-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useTranslations } from 'use-intl';
import type { MessageView } from '../../model.ts';
import { Spinner } from '../../ui/spinner.tsx';
import { DayLabel } from './day-label.tsx';
import { silentDomains } from './delivery-state.ts';
import { MessageRow, type MessageActions } from './message-row.tsx';
import { SystemLine } from './system-line.tsx';
import { buildTimeline, firstUnreadId, type TimelineDay } from './timeline-items.ts';
import type { Timeline } from './timeline-queries.ts';
import { useScrollAnchor } from './use-scroll-anchor.ts';
import { useReadMark } from './use-read-mark.ts';

interface TimelineViewProps {
  readonly conversationId: string;
  readonly name: string;
  readonly group: boolean;
  readonly unreadCount: number;
  readonly timeline: Timeline;
  readonly actions: MessageActions;
}

function focusRow(event: KeyboardEvent<HTMLElement>): void {
  if (!(event.target instanceof HTMLElement) || event.target.tagName !== 'ARTICLE') return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('article')];
  const place = rows.indexOf(event.target);
  const targets: Readonly<Record<string, number>> = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: rows.length - 1 };
  const row = rows[targets[event.key] ?? -1];
  if (row === undefined) return;
  event.preventDefault();
  row.focus();
}

/** Shows the loaded messages of a chat, the newest at the bottom, and loads older ones as the person scrolls up. */
export function TimelineView({ conversationId, name, group, unreadCount, timeline, actions }: TimelineViewProps) {
  const t = useTranslations('chat');
  const { messages, systemLines, hasOlder } = timeline;
  const [divider, setDivider] = useState(() => firstUnreadId(messages, unreadCount));
  const anchor = useScrollAnchor({
    firstKey: messages[0]?.messageId ?? null,
    lastKey: messages.at(-1)?.messageId ?? 'none',
    lastIsOwn: messages.at(-1)?.own ?? false,
    startAt: divider,
    onNearTop: timeline.loadOlder,
  });
  useReadMark({ conversationId, messages, unreadCount, visible: anchor.atBottom, onUnseen: setDivider });
  const days = useMemo(() => buildTimeline({ messages, systemLines, firstUnreadId: divider, hasOlder }), [messages, systemLines, divider, hasOlder]);
  return (
    <div className="relative min-h-0 flex-1">
      <div ref={anchor.scroller} onScroll={anchor.onScroll} className="thin-scroll h-full overflow-y-auto overscroll-contain [overflow-anchor:none]">
        <div
          ref={anchor.content}
          role="log"
          aria-label={t('messages', { name })}
          aria-busy={timeline.loadingOlder}
          onKeyDown={focusRow}
          className="mx-auto flex min-h-full max-w-4xl flex-col justify-end px-3 pt-2 pb-4 sm:px-5"
        >
          <TimelineHead timeline={timeline} />
          {days.map((day) => (
            <Day key={day.key} day={day} messages={messages} group={group} actions={actions} hasOlder={hasOlder} />
          ))}
        </div>
      </div>
      {anchor.atBottom ? null : <JumpButton count={unreadCount} onJump={anchor.toBottom} />}
    </div>
  );
}

function TimelineHead({ timeline }: { timeline: Timeline }) {
  const t = useTranslations('chat');
  if (!timeline.hasOlder) return <p className="mx-auto mt-6 mb-2 max-w-[46ch] text-center text-sm text-muted">{t('beginning')}</p>;
  return (
    <div className="flex min-h-10 items-center justify-center gap-2 text-sm text-muted">
      {timeline.loadingOlder ? (
        <>
          <Spinner /> {t('loadingOlder')}
        </>
      ) : (
        <button type="button" onClick={timeline.loadOlder} className="min-h-8 rounded-lg px-3 font-medium text-accent hover:bg-s2">
          {t('older')}
        </button>
      )}
    </div>
  );
}

interface DayProps {
  readonly day: TimelineDay;
  readonly messages: readonly MessageView[];
  readonly group: boolean;
  readonly actions: MessageActions;
  readonly hasOlder: boolean;
}

function Day({ day, messages, group, actions, hasOlder }: DayProps) {
  const silent = useMemo(() => silentDomains(messages), [messages]);
  const places = useMemo(() => new Map(messages.map((message, index) => [message.messageId, index + 1])), [messages]);
  const newestOwn = messages.findLast((message) => message.own)?.messageId;
  const newest = messages.at(-1)?.messageId;
  return (
    <div>
      <DayLabel date={day.date} />
      {day.items.map((item) => {
        if (item.kind === 'system') return <SystemLine key={item.key} line={item.line} />;
        if (item.kind === 'unread') return <UnreadDivider key={item.key} />;
        const { message, first, last } = item;
        return (
          <div key={item.key} data-row={message.messageId}>
            <MessageRow
              message={message}
              first={first}
              last={last}
              group={group}
              newestOwn={message.messageId === newestOwn}
              silent={silent}
              setSize={hasOlder ? -1 : messages.length}
              place={places.get(message.messageId) ?? 1}
              focusable={message.messageId === newest}
              actions={actions}
            />
          </div>
        );
      })}
    </div>
  );
}

function UnreadDivider() {
  const t = useTranslations('chat');
  return (
    <div role="separator" aria-label={t('newMessages')} className="my-4 flex items-center gap-3 text-sm font-semibold text-accent">
      <span className="h-px flex-1 bg-accent opacity-40" />
      {t('newMessages')}
      <span className="h-px flex-1 bg-accent opacity-40" />
    </div>
  );
}

function JumpButton({ count, onJump }: { count: number; onJump: () => void }) {
  const t = useTranslations('chat');
  const label = count > 0 ? t('jumpUnread', { count }) : t('jump');
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onJump}
      className="absolute end-5 bottom-4 inline-flex min-h-11 min-w-11 items-center justify-center gap-1.5 rounded-full border border-s2 bg-bg px-3 text-sm font-semibold text-accent shadow-[0_0.25rem_1rem_rgb(0_0_0/0.15)] hover:bg-s1 dark:bg-s2"
    >
      {count > 0 ? count : null}
      <ArrowDown aria-hidden="true" className="size-5" />
    </button>
  );
}
