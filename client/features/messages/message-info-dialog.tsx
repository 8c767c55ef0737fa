'use client';
import { useMutation } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import { toast } from 'sonner';
import { useFormatter, useNow, useTranslations } from 'use-intl';
import type { DeliveryView, MessageView } from '../../model.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { useMe } from '../account/account-context.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { useErrorWords } from '../use-error-words.ts';
import { DELIVERY_ICONS, ICON_COLOURS } from './delivery-mark.tsx';
import { HOP_STATES, type DeliveryState } from './delivery-state.ts';
import { MessageRecipients } from './message-recipients.tsx';
import { useDeliveryErrorWords } from './use-delivery-words.ts';

interface MessageInfoDialogProps {
  readonly message: MessageView | null;
  readonly onClose: () => void;
  readonly onClosed: () => void;
}

/** Tells the way of one message: per server its state, its tries, the last fault in plain words, and a retry where one is needed; and per person how far it has come. */
export function MessageInfoDialog({ message, onClose, onClosed }: MessageInfoDialogProps) {
  const t = useTranslations('info');
  return (
    <Dialog open={message !== null} onOpenChange={(open) => (open ? undefined : onClose())} onClosed={onClosed} title={t('title')}>
      {message === null ? null : <Info message={message} />}
    </Dialog>
  );
}

function Info({ message }: { message: MessageView }) {
  const t = useTranslations('info');
  const format = useFormatter();
  const me = useMe();
  const ownState: DeliveryState = message.localState === 'sending' ? 'sending' : message.localState === 'rejected' ? 'needs_you' : 'stored_here';
  const ownKey = message.localState === 'stored' ? 'has' : message.localState;
  return (
    <>
      {message.body.kind === 'text' ? (
        <p className={classNames('mb-4 line-clamp-4 rounded-2xl px-4 py-3 whitespace-pre-wrap wrap-anywhere', message.own ? 'bg-bubble-out' : 'bg-bubble-in')}>{message.body.text}</p>
      ) : null}
      <dl className="flex justify-between gap-4 text-[0.9375rem]">
        <dt className="text-muted">{t('sent')}</dt>
        <dd className="text-end">
          <span className="block">{format.dateTime(message.sentAt, { dateStyle: 'medium', timeStyle: 'medium' })}</span>
          <span className="block text-sm text-muted wrap-anywhere">{message.senderId}</span>
        </dd>
      </dl>
      {message.own ? (
        <ul className="mt-4 flex flex-col gap-3 border-t border-s2 pt-4">
          <Hop state={ownState} domain={me.domain} words={t(`state.${ownKey}`)} note={t('own')} />
          {message.deliveries.map((delivery) => (
            <RemoteHop key={delivery.domain} messageId={message.messageId} delivery={delivery} />
          ))}
        </ul>
      ) : null}
      {message.own && message.deliveries.length === 0 ? <p className="mt-3 text-sm text-muted">{t('local', { domain: me.domain })}</p> : null}
      {message.own ? <MessageRecipients message={message} /> : null}
    </>
  );
}

function Hop({ state, domain, words, note }: { state: DeliveryState; domain: string; words: string; note: string }) {
  const Icon = DELIVERY_ICONS[state];
  return (
    <li className="flex items-start gap-3">
      <Icon aria-hidden="true" className={classNames('mt-0.5 size-5 shrink-0', ICON_COLOURS[state])} />
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">
          <span className="font-semibold">{domain}</span> {words}
        </p>
        <p className="text-sm text-muted">{note}</p>
      </div>
    </li>
  );
}

function RemoteHop({ messageId, delivery }: { messageId: string; delivery: DeliveryView }) {
  const t = useTranslations('info');
  const format = useFormatter();
  const client = useChatClient();
  const errorWords = useErrorWords();
  const deliveryErrorWords = useDeliveryErrorWords();
  const now = useNow({ updateInterval: 1_000 });
  const { domain } = delivery;
  const retry = useMutation({
    mutationFn: () => client.messages.retry(messageId, domain),
    onSuccess: () => toast.success(t('retried', { domain })),
  });
  const state = HOP_STATES[delivery.state];
  const Icon = DELIVERY_ICONS[state];
  const next = delivery.state === 'waiting' && delivery.nextAttemptAt !== null ? t('next', { time: format.relativeTime(delivery.nextAttemptAt, now) }) : null;
  return (
    <li className="flex items-start gap-3" data-domain={domain} data-state={delivery.state}>
      <Icon aria-hidden="true" className={classNames('mt-0.5 size-5 shrink-0', ICON_COLOURS[state])} />
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">
          <span className="font-semibold">{domain}</span> {t(`state.${delivery.state}`)}
        </p>
        {delivery.errorCode === null || delivery.state === 'stored' ? null : <p className="text-[0.9375rem]">{deliveryErrorWords(delivery.errorCode, domain)}</p>}
        {delivery.state === 'stored' ? null : (
          <p className="text-sm text-muted">{[t('attempts', { count: delivery.attempts }), next].filter((part) => part !== null).join(', ')}</p>
        )}
        {delivery.state === 'failed' ? (
          <Button variant="secondary" busy={retry.isPending} onClick={() => retry.mutate()} className="mt-2">
            <RotateCw aria-hidden="true" className="size-4" />
            {t('retry', { domain })}
          </Button>
        ) : null}
        <p role="alert" className="text-sm text-danger">
          {retry.isError ? errorWords(retry.error) : null}
        </p>
      </div>
    </li>
  );
}
