'use client';
import { MonitorSmartphone } from 'lucide-react';
import { toast } from 'sonner';
import { useFormatter, useNow, useTranslations } from 'use-intl';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { clientErrorOf } from '../../trpc/instance-error.ts';
import { useErrorWords } from '../use-error-words.ts';
import { useBrowsers, useRevokeBrowser } from './account-queries.ts';

type SignedInBrowser = NonNullable<ReturnType<typeof useBrowsers>['data']>[number];

/** Lists the browsers signed in to the account and signs single ones out. */
export function SignedInBrowsers() {
  const t = useTranslations('settings');
  const words = useErrorWords();
  const browsers = useBrowsers();
  if (browsers.isPending) return <Skeleton className="h-16 w-full" />;
  if (browsers.isError) {
    return <ErrorNotice what={t('browsersError')} why={words(clientErrorOf(browsers.error))} faultId={clientErrorOf(browsers.error).code} onRetry={() => void browsers.refetch()} />;
  }
  return (
    <ul className="divide-y divide-s2 overflow-hidden rounded-2xl bg-s1">
      {browsers.data.map((browser) => (
        <BrowserRow key={browser.id} browser={browser} />
      ))}
    </ul>
  );
}

function BrowserRow({ browser }: { browser: SignedInBrowser }) {
  const t = useTranslations('settings');
  const format = useFormatter();
  const now = useNow({ updateInterval: 60_000 });
  const words = useErrorWords();
  const revoke = useRevokeBrowser();
  const signOut = (): void =>
    revoke.mutate({ sessionId: browser.id }, { onSuccess: () => toast.success(t('revoked', { label: browser.label })) });
  return (
    <li className="flex items-center gap-3 p-4">
      <MonitorSmartphone aria-hidden="true" className="size-5 shrink-0 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{browser.label}</p>
        <p className="text-sm text-muted">
          {browser.current ? t('thisBrowser') : t('lastSeen', { time: format.relativeTime(new Date(browser.lastSeenAt), now) })}
          {' · '}
          {t('since', { time: format.dateTime(new Date(browser.createdAt), { day: 'numeric', month: 'short', year: 'numeric' }) })}
        </p>
        {revoke.isError ? (
          <p role="alert" className="text-sm text-danger">
            {words(clientErrorOf(revoke.error))}
          </p>
        ) : null}
      </div>
      {browser.current ? null : (
        <Button variant="dangerQuiet" busy={revoke.isPending} onClick={signOut} aria-label={t('revoke', { label: browser.label })}>
          {t('revokeShort')}
        </Button>
      )}
    </li>
  );
}
