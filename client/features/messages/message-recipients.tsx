'use client';
import { useQuery } from '@tanstack/react-query';
import { useFormatter, useTranslations } from 'use-intl';
import type { MessageView } from '../../model.ts';
import { classNames } from '../../ui/class-names.ts';
import { useMe } from '../account/account-context.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { splitUserId } from '../contacts/address-input.ts';
import { queryKeys } from '../query-keys.ts';
import { DELIVERY_ICONS, ICON_COLOURS } from './delivery-mark.tsx';
import { recipientStates, type RecipientState } from './delivery-state.ts';
import { useDeliveryErrorWords } from './use-delivery-words.ts';

/** Tells for each person a message was written for how far it has come, with the times that their servers state. */
export function MessageRecipients({ message }: { message: MessageView }) {
  const t = useTranslations('info');
  const client = useChatClient();
  const me = useMe();
  const recipients = recipientStates(message, me.domain);
  const dated = useQuery({
    // Every further receipt has the times asked again.
    queryKey: [...queryKeys.receipts(message.messageId), message.receipts],
    queryFn: () => client.messages.receipts(message.messageId),
    enabled: message.receipts.length > 0,
    placeholderData: (previous) => previous,
  });
  if (recipients.length === 0) return null;
  return (
    <section aria-label={t('people')} className="mt-4 border-t border-s2 pt-4">
      <h3 className="mb-3 text-sm text-muted">{t('people')}</h3>
      <ul className="flex flex-col gap-3">
        {recipients.map((recipient) => (
          <Recipient key={recipient.userId} recipient={recipient} times={dated.data?.find(({ userId }) => userId === recipient.userId) ?? null} />
        ))}
      </ul>
    </section>
  );
}

function Recipient({ recipient, times }: { recipient: RecipientState; times: { readonly deliveredAt: Date; readonly readAt: Date | null } | null }) {
  const t = useTranslations('info');
  const format = useFormatter();
  const errorWords = useDeliveryErrorWords();
  const { userId, state, delivery } = recipient;
  const { username, domain } = splitUserId(userId);
  const Icon = DELIVERY_ICONS[state];
  const dated = (at: Date): string => format.dateTime(at, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <li className="flex items-start gap-3" data-recipient={userId} data-state={state}>
      <Icon aria-hidden="true" className={classNames('mt-0.5 size-5 shrink-0', ICON_COLOURS[state])} />
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">
          <span className="font-semibold">{username}</span>
          <span className="text-muted">@{domain}</span> · {t(`person.${state}`, { domain })}
        </p>
        {state === 'needs_you' && delivery?.errorCode ? <p className="text-[0.9375rem]">{errorWords(delivery.errorCode, domain)}</p> : null}
        {times === null ? null : (
          <p className="text-sm text-muted">
            {t('deliveredAt', { time: dated(times.deliveredAt) })}
            {times.readAt === null ? null : ` · ${t('readAt', { time: dated(times.readAt) })}`}
          </p>
        )}
      </div>
    </li>
  );
}
