'use client';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { classNames } from '../../ui/class-names.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { queryKeys } from '../query-keys.ts';
import { splitUserId } from './address-input.ts';
import { groupDigits } from './group-digits.ts';

/** Shows, once opened, in the grid of a participant's row, the safety number with one person and how to compare it. */
export function SafetyNumber({ userId }: { userId: string }) {
  const t = useTranslations('details');
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        aria-label={open ? t('safetyHide', { address: userId }) : t('safetyShow', { address: userId })}
        onClick={() => setOpen(!open)}
        className="col-start-2 row-start-2 -ms-2 flex min-h-8 w-fit items-center gap-1.5 rounded-lg px-2 text-sm font-medium text-accent hover:bg-s2"
      >
        <ShieldCheck aria-hidden="true" className="size-4" />
        {t('safety')}
        <ChevronDown aria-hidden="true" className={classNames('size-4 transition-transform duration-120', open && 'rotate-180')} />
      </button>
      {open ? (
        <div className="col-span-3 mt-1">
          <Digits userId={userId} />
        </div>
      ) : null}
    </>
  );
}

function Digits({ userId }: { userId: string }) {
  const t = useTranslations('details');
  const client = useChatClient();
  const number = useQuery({ queryKey: queryKeys.safetyNumber(userId), queryFn: () => client.contacts.safetyNumber(userId), staleTime: 0 });
  if (number.isPending) return <Skeleton className="mt-2 h-32 w-full" />;
  if (number.isError) {
    return (
      <p role="alert" className="mt-2 text-sm text-danger">
        {t('safetyError')}
      </p>
    );
  }
  return (
    <div className="rounded-2xl bg-s2 p-4">
      <p className="sr-only">{t('safetyWith', { address: userId })}</p>
      <ol className="grid grid-cols-3 justify-items-center gap-y-1 font-mono text-xl leading-9 tabular-nums">
        {groupDigits(number.data).map((group) => (
          <li key={group.start}>{group.digits}</li>
        ))}
      </ol>
      <p className="mt-3 text-sm text-muted">{t('safetyHelp', { name: splitUserId(userId).username })}</p>
    </div>
  );
}
