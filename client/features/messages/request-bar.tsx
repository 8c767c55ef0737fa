'use client';
import { Inbox } from 'lucide-react';
import { useTranslations } from 'use-intl';
import type { ConversationView } from '../../model.ts';
import { Button } from '../../ui/button.tsx';

interface RequestBarProps {
  readonly conversation: ConversationView;
  readonly busy: boolean;
  readonly error: string | null;
  readonly onAccept: () => void;
}

/** Says above the composer that this is a request, and takes the answer. */
export function RequestBar({ conversation, busy, error, onAccept }: RequestBarProps) {
  const t = useTranslations('requests');
  const others = conversation.participants.filter((each) => !each.self);
  const from = conversation.participants.find((each) => each.role === 'owner' && !each.self) ?? others[0];
  const address = from?.userId ?? '';
  return (
    <div className="shrink-0 px-3 pb-1.5 sm:px-5">
      <div className="mx-auto flex max-w-4xl flex-wrap items-center gap-x-4 gap-y-2 rounded-2xl bg-s1 p-2 ps-4 dark:bg-s2">
        <Inbox aria-hidden="true" className="size-5 shrink-0 text-accent" />
        <p className="min-w-48 flex-1 py-1 text-[0.9375rem]">{others.length > 1 ? t('noteGroup', { address }) : t('note', { address })}</p>
        <Button variant="primary" busy={busy} onClick={onAccept}>
          {t('accept')}
        </Button>
        <p role="alert" className="w-full text-sm text-danger empty:hidden">
          {error}
        </p>
      </div>
    </div>
  );
}
