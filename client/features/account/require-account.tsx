'use client';
import { useRouter } from 'next/navigation';
import { useEffect, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { ShellSkeleton } from '../../ui/skeleton.tsx';
import { clientErrorCode } from '../client-error-code.ts';
import { useErrorWords } from '../use-error-words.ts';
import { MeProvider, useAccount } from './account-context.tsx';

/** Draws its children for a signed-in person and leads everybody else to the sign-in page. */
export function RequireAccount({ children }: { children: ReactNode }) {
  const { state, retry } = useAccount();
  const router = useRouter();
  const t = useTranslations('chats');
  const words = useErrorWords();
  const signedOut = state.kind === 'signed_out';
  // The address bar is outside React.
  useEffect(() => {
    if (signedOut) router.replace('/sign-in');
  }, [signedOut, router]);
  if (state.kind === 'unreachable') {
    return (
      <main id="content" className="grid h-full place-items-center">
        <ErrorNotice page what={t('loadError')} why={words(state.error)} onRetry={retry} faultId={clientErrorCode(state.error)} />
      </main>
    );
  }
  if (state.kind !== 'signed_in') return <ShellSkeleton />;
  return <MeProvider value={state.me}>{children}</MeProvider>;
}
