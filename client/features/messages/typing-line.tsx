'use client';
import { useFormatter, useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { splitUserId } from '../contacts/address-input.ts';
import { useTyping } from './use-typing.ts';

/** Says who writes at this moment. Its place is kept, and its words change only as somebody begins or ends, so that they are read aloud once. */
export function TypingLine({ conversation }: { conversation: ConversationView }) {
  const t = useTranslations('chat');
  const format = useFormatter();
  const typing = useTyping(conversation.conversationId);
  const names = conversation.participants
    .filter(({ userId, self }) => !self && typing.includes(userId))
    .map(({ userId }) => splitUserId(userId).username);
  return (
    <div role="status" aria-live="polite" className="h-6 shrink-0 px-3 sm:px-5">
      <p className="mx-auto max-w-4xl truncate px-3.5 text-sm leading-6 text-muted">{names.length === 0 ? null : t('typing', { names: format.list(names), count: names.length })}</p>
    </div>
  );
}
