'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import type { PrivacyView } from '../../model.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { SwitchRow } from '../../ui/switch-row.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { clientErrorCode } from '../client-error-code.ts';
import { queryKeys } from '../query-keys.ts';
import { useErrorWords } from '../use-error-words.ts';
import { useMe } from './account-context.tsx';

function usePrivacy() {
  const client = useChatClient();
  const chosen = useQuery({ queryKey: queryKeys.privacy, queryFn: () => client.account.privacy() });
  const choose = useMutation({ mutationFn: (privacy: PrivacyView) => client.account.setPrivacy(privacy) });
  return { chosen, choose };
}

/** Lets a person choose what others see of them, and with it what they see of others. */
export function PrivacySettings() {
  const t = useTranslations('settings');
  const words = useErrorWords();
  const { domain } = useMe();
  const { chosen, choose } = usePrivacy();
  if (chosen.isPending) return <Skeleton className="h-32 w-full" />;
  if (chosen.isError) return <ErrorNotice what={t('privacyError')} why={words(chosen.error)} faultId={clientErrorCode(chosen.error)} onRetry={() => void chosen.refetch()} />;
  // What is being saved is shown at once, and goes back where it could not be saved.
  const shown = choose.isPending ? choose.variables : chosen.data;
  return (
    <>
      <div className="divide-y divide-s2 overflow-hidden rounded-2xl bg-s1">
        <SwitchRow label={t('receipts')} help={t('receiptsHelp', { domain })} checked={shown.receipts} disabled={choose.isPending} onChange={(receipts) => choose.mutate({ ...shown, receipts })} />
        <SwitchRow label={t('typing')} help={t('typingHelp')} checked={shown.typing} disabled={choose.isPending} onChange={(typing) => choose.mutate({ ...shown, typing })} />
      </div>
      <p role="alert" className="text-sm text-danger">
        {choose.isError ? words(choose.error) : null}
      </p>
    </>
  );
}
