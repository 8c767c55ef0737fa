'use client';
import { useIsMutating } from '@tanstack/react-query';
import { Check, CloudOff, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useAccount } from './account/account-context.tsx';
import { SEND_MUTATION } from './messages/timeline-queries.ts';
import { useConnection } from './use-connection.ts';

const SHOW_AFTER_MS = 2_000;
const CAUGHT_UP_FOR_MS = 2_500;

type BannerState = 'hidden' | 'down' | 'caught_up';

function useBannerState(online: boolean): BannerState {
  const [state, setState] = useState<BannerState>('hidden');
  // Timers: a short interruption shows nothing, a long one says once that it is over.
  useEffect(() => {
    if (!online) {
      const timer = setTimeout(() => setState('down'), SHOW_AFTER_MS);
      return () => clearTimeout(timer);
    }
    const back = setTimeout(() => setState((previous) => (previous === 'down' ? 'caught_up' : 'hidden')), 0);
    const timer = setTimeout(() => setState('hidden'), CAUGHT_UP_FOR_MS);
    return () => {
      clearTimeout(back);
      clearTimeout(timer);
    };
  }, [online]);
  return state;
}

/** Says above everything, after 2 s, that the own server is out of reach, and once that it is back. */
export function ConnectionBanner() {
  const t = useTranslations('connection');
  const connection = useConnection();
  const account = useAccount();
  const waiting = useIsMutating({ mutationKey: SEND_MUTATION });
  const signedIn = account.state.kind === 'signed_in';
  const state = useBannerState(!signedIn || connection === 'online');
  const domain = account.state.kind === 'signed_in' ? account.state.me.domain : '';
  const offline = connection === 'offline' && !navigator.onLine;
  return (
    <div role="status" className="shrink-0">
      {state === 'hidden' ? null : (
        <p className="flex items-center justify-center gap-2 bg-s2 px-4 py-1.5 text-center text-sm font-medium">
          {state === 'caught_up' ? (
            <Check aria-hidden="true" className="size-4 text-ok" />
          ) : offline ? (
            <CloudOff aria-hidden="true" className="size-4 text-warn" />
          ) : (
            <RefreshCw aria-hidden="true" className="size-4 text-warn" />
          )}
          <span>
            {state === 'caught_up' ? t('caughtUp') : offline ? t('offline') : t('connecting', { domain })}
            {state === 'down' && waiting > 0 ? ` ${t('waiting', { count: waiting })}.` : null}
          </span>
        </p>
      )}
    </div>
  );
}
