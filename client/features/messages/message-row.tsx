'use client';
import { Ellipsis } from 'lucide-react';
import { memo, useRef, type PointerEvent, type ReactNode } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import type { MessageView } from '../../model.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { classNames } from '../../ui/class-names.ts';
import { useMe } from '../account/account-context.tsx';
import { splitUserId } from '../contacts/address-input.ts';
import { DeliveryMark } from './delivery-mark.tsx';
import { summarizeDelivery, type DeliveryState, type DeliverySummary } from './delivery-state.ts';
import { UnreadableBody } from './unreadable-body.tsx';
import { useDeliveryWords } from './use-delivery-words.ts';

const LONG_PRESS_MS = 500;
const HELD_UP: ReadonlySet<DeliveryState> = new Set(['sending', 'waiting_peer']);

/** What a row can ask of the timeline around it. */
export interface MessageActions {
  readonly onInfo: (messageId: string) => void;
  readonly onMenu: (messageId: string, place: { readonly x: number; readonly y: number }) => void;
  readonly onDetails: () => void;
  readonly onCheckAgain: () => void;
}

interface MessageRowProps {
  readonly message: MessageView;
  readonly first: boolean;
  readonly last: boolean;
  readonly group: boolean;
  /** Whether this is the newest own message; its delivery is told in words. */
  readonly newestOwn: boolean;
  readonly silent: ReadonlySet<string>;
  readonly setSize: number;
  readonly place: number;
  readonly focusable: boolean;
  readonly actions: MessageActions;
}

function useLongPress(open: (place: { x: number; y: number }) => void) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stop = () => clearTimeout(timer.current);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType !== 'touch') return;
      const place = { x: event.clientX, y: event.clientY };
      timer.current = setTimeout(() => open(place), LONG_PRESS_MS);
    },
    onPointerUp: stop,
    onPointerMove: stop,
    onPointerCancel: stop,
  };
}

/** Draws one message: own ones at the end side, others at the start with name and avatar in groups. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, first, last, group, actions } = props;
  const t = useTranslations('chat');
  const format = useFormatter();
  const me = useMe();
  const time = format.dateTime(message.sentAt, { hour: 'numeric', minute: '2-digit' });
  const longPress = useLongPress((place) => actions.onMenu(message.messageId, place));
  const summary = message.own ? summarizeDelivery(message, me.domain, props.silent) : null;
  const inWords = summary !== null && (props.newestOwn || summary.state === 'needs_you' || (last && HELD_UP.has(summary.state)));
  const mark = summary === null ? null : <Delivery message={message} summary={summary} inWords={inWords} actions={actions} />;
  return (
    <article
      data-message-id={message.messageId}
      data-delivery-state={summary?.state}
      aria-label={message.own ? t('messageByYou', { time }) : t('messageBy', { name: message.senderId, time })}
      aria-setsize={props.setSize}
      aria-posinset={props.place}
      tabIndex={props.focusable ? 0 : -1}
      onContextMenu={(event) => {
        event.preventDefault();
        const box = event.currentTarget.getBoundingClientRect();
        // The context key reports no pointer place.
        actions.onMenu(message.messageId, event.clientX === 0 ? { x: box.left + 48, y: box.top + 24 } : { x: event.clientX, y: event.clientY });
      }}
      {...longPress}
      className={classNames('group/row relative flex items-end gap-2 rounded-xl px-1', message.own ? 'justify-end' : 'justify-start', first ? 'mt-3' : 'mt-0.5')}
    >
      {!message.own && group ? <span className="w-8 shrink-0">{last ? <Avatar userId={message.senderId} ownDomain={me.domain} size="small" /> : null}</span> : null}
      {message.own ? <MenuButton message={message} actions={actions} /> : null}
      <div className={classNames('flex max-w-[min(85%,72ch)] min-w-0 flex-col', message.own ? 'items-end' : 'items-start')}>
        {!message.own && group && first ? <SenderName userId={message.senderId} ownDomain={me.domain} /> : null}
        <Bubble {...props} time={time} mark={inWords ? null : mark} />
        {inWords ? mark : null}
      </div>
      {message.own ? null : <MenuButton message={message} actions={actions} />}
    </article>
  );
});

function Delivery({ message, summary, inWords, actions }: { message: MessageView; summary: DeliverySummary; inWords: boolean; actions: MessageActions }) {
  const t = useTranslations('delivery');
  const words = useDeliveryWords()(summary, message.localState === 'rejected');
  return <DeliveryMark state={summary.state} words={words} showWords={inWords} label={t('open', { words })} onOpen={() => actions.onInfo(message.messageId)} />;
}

function SenderName({ userId, ownDomain }: { userId: string; ownDomain: string }) {
  const { username, domain } = splitUserId(userId);
  return (
    <p className="mb-0.5 max-w-full truncate ps-3 text-sm font-semibold">
      {username}
      {domain === ownDomain ? null : <span className="font-normal text-muted">@{domain}</span>}
    </p>
  );
}

function Bubble({ message, first, last, actions, time, mark }: MessageRowProps & { time: string; mark: ReactNode }) {
  return (
    <div
      className={classNames(
        'max-w-full rounded-[1.125rem] px-3.5 py-2',
        message.own ? 'bg-bubble-out' : 'bg-bubble-in',
        message.own ? (last ? 'rounded-ee-md' : 'rounded-e-md') : last ? 'rounded-es-md' : 'rounded-s-md',
        first && (message.own ? 'rounded-se-[1.125rem]' : 'rounded-ss-[1.125rem]'),
        message.body.kind === 'unreadable' && 'border border-dashed border-line-strong bg-transparent',
      )}
    >
      {message.body.kind === 'text' ? (
        <p className="whitespace-pre-wrap wrap-anywhere">
          {message.body.text}
          <span className="float-end ms-3 mt-1.5 -mb-1 inline-flex items-center gap-0.5 text-xs text-muted tabular-nums select-none">
            <time dateTime={message.sentAt.toISOString()}>{time}</time>
            {mark}
          </span>
        </p>
      ) : (
        <UnreadableBody
          reason={message.body.reason}
          onInfo={() => actions.onInfo(message.messageId)}
          onDetails={actions.onDetails}
          onCheckAgain={actions.onCheckAgain}
        />
      )}
    </div>
  );
}

function MenuButton({ message, actions }: { message: MessageView; actions: MessageActions }) {
  const t = useTranslations('chat');
  return (
    <button
      type="button"
      aria-label={t('menu')}
      aria-haspopup="menu"
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        actions.onMenu(message.messageId, { x: box.left, y: box.bottom });
      }}
      className="mb-0.5 inline-flex size-8 shrink-0 items-center justify-center self-center rounded-lg text-muted opacity-0 transition-opacity duration-120 group-focus-within/row:opacity-100 group-hover/row:opacity-100 hover:bg-s2 focus-visible:opacity-100 pointer-coarse:hidden"
    >
      <Ellipsis aria-hidden="true" className="size-4.5" />
    </button>
  );
}
