'use client';
import { Hourglass, Inbox, ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useFormatter, useNow, useTranslations } from 'use-intl';
import type { ConversationView, MessageView } from '../../model.ts';
import { splitUserId } from '../contacts/address-input.ts';
import { silentPeers } from './delivery-state.ts';

/** Says, inside this chat only, which server does not answer, how much waits for it, and when the next try is. */
export function SilentPeerNotice({ messages }: { messages: readonly MessageView[] }) {
  const t = useTranslations('chat');
  const format = useFormatter();
  const now = useNow({ updateInterval: 1_000 });
  const peers = silentPeers(messages);
  return (
    <div role="status">
      {peers.map(({ domain, count, blockedHere, nextAttemptAt }) => (
        <Notice key={domain} icon={<Hourglass aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warn" />}>
          {t(blockedHere ? 'peerBlocked' : 'peerSilent', { domain, count })}
          {blockedHere || nextAttemptAt === null || nextAttemptAt < now ? null : ` ${t('peerRetry', { time: format.relativeTime(nextAttemptAt, now) })}`}
        </Notice>
      ))}
    </div>
  );
}

/** Says that nobody has taken up the chat yet, once something was written in it; a server that tells no such thing shows it by an answer. */
export function AwaitedNotice({ conversation, messages }: { conversation: ConversationView; messages: readonly MessageView[] }) {
  const t = useTranslations('chat');
  const format = useFormatter();
  const others = conversation.participants.filter(({ self }) => !self);
  const isAnswered = others.some(({ accepted }) => accepted) || messages.some(({ own }) => !own);
  if (isAnswered || messages.length === 0) return null;
  const names = others.map(({ userId }) => splitUserId(userId).username);
  return <Notice icon={<Inbox aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-muted" />}>{t('awaited', { names: format.list(names), count: names.length })}</Notice>;
}

/** Says for good that nobody can prove who is in this chat. */
export function UnverifiedNotice() {
  const t = useTranslations('chat');
  return <Notice icon={<ShieldAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warn" />}>{t('unverifiedBanner')}</Notice>;
}

/** Stands where the composer was after the person was removed. */
export function RemovedNotice() {
  const t = useTranslations('chat');
  return (
    <p role="status" className="composer-foot shrink-0 border-t border-s2 px-5 pt-3 text-center text-[0.9375rem] text-muted">
      {t('removedNote')}
    </p>
  );
}

function Notice({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div className="shrink-0 px-3 pb-1.5 sm:px-5">
      <p className="mx-auto flex max-w-4xl items-start gap-2 rounded-xl bg-s1 px-3.5 py-2 text-sm dark:bg-s2">
        {icon}
        <span className="wrap-anywhere">{children}</span>
      </p>
    </div>
  );
}
