'use client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { ThemeProvider } from 'next-themes';
import { useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Toaster } from 'sonner';
import { useTranslations } from 'use-intl';
import type { ChatClient } from '../model.ts';
import { createInstanceClient } from '../trpc/instance-client.ts';
import { InstanceProvider } from '../trpc/instance-context.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { PreferencesProvider } from '../ui/preferences-context.tsx';
import { ShellSkeleton } from '../ui/skeleton.tsx';
import { AccountProvider } from './account/account-context.tsx';
import { ChatClientProvider } from './chat-client-context.tsx';
import { clientErrorCode } from './client-error-code.ts';
import { ClientEventsBridge } from './client-events-bridge.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { loadBrowserChatClient } from './load-browser-chat-client.ts';

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // The client answers from its own store when it is offline, so no query waits for the network by itself.
      queries: { networkMode: 'always', staleTime: 30_000, retry: (failures, error) => failures < 1 && clientErrorCode(error) === 'offline' },
      mutations: { networkMode: 'always', retry: 0 },
    },
  });
}

type Loading = { readonly kind: 'loading' } | { readonly kind: 'failed' } | { readonly kind: 'ready'; readonly client: ChatClient };

function useLoadedClient(): { loading: Loading; retry: () => void } {
  const [loading, setLoading] = useState<Loading>({ kind: 'loading' });
  const [attempt, setAttempt] = useState(0);
  // The chat client is a system outside React: it holds keys, a socket and a database.
  useEffect(() => {
    let live: ChatClient | null = null;
    let ended = false;
    loadBrowserChatClient().then(
      (client) => {
        if (ended) return client.close();
        live = client;
        setLoading({ kind: 'ready', client });
      },
      () => {
        if (!ended) setLoading({ kind: 'failed' });
      },
    );
    return () => {
      ended = true;
      live?.close();
    };
  }, [attempt]);
  const retry = () => {
    setLoading({ kind: 'loading' });
    setAttempt(attempt + 1);
  };
  return { loading, retry };
}

function ClientGate({ children }: { children: ReactNode }) {
  const t = useTranslations('error');
  const { loading, retry } = useLoadedClient();
  const [queryClient] = useState(createQueryClient);
  const [instanceClient] = useState(() => createInstanceClient({ baseUrl: '', fetch: (url, init) => fetch(url, init) }));
  if (loading.kind === 'loading') return <ShellSkeleton />;
  if (loading.kind === 'failed') {
    return (
      <main id="content">
        <QueryClientProvider client={queryClient}>
          <ErrorNotice page what={t('startFailed')} why={t('next')} onRetry={retry} />
        </QueryClientProvider>
      </main>
    );
  }
  return (
    <ChatClientProvider client={loading.client}>
      <QueryClientProvider client={queryClient}>
        <InstanceProvider trpcClient={instanceClient} queryClient={queryClient}>
          <ClientEventsBridge />
          <AccountProvider>
            <div className="flex h-dvh flex-col">
              <ConnectionBanner />
              <div className="min-h-0 flex-1">{children}</div>
            </div>
          </AccountProvider>
        </InstanceProvider>
      </QueryClientProvider>
    </ChatClientProvider>
  );
}

const neverChanges = () => () => undefined;

/** Wraps every page: theme, language, the chat client, its cache and its events. Pages draw nothing until the browser runs. */
export function AppProviders({ children }: { children: ReactNode }) {
  const inBrowser = useSyncExternalStore(neverChanges, () => true, () => false);
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem storageKey="securechat.theme" disableTransitionOnChange>
      {inBrowser ? (
        <PreferencesProvider>
          <SkipLink />
          <ClientGate>{children}</ClientGate>
          <Toaster position="top-center" gap={8} toastOptions={{ unstyled: true, className: 'toast' }} />
        </PreferencesProvider>
      ) : (
        <ShellSkeleton />
      )}
    </ThemeProvider>
  );
}

function SkipLink() {
  const t = useTranslations('app');
  return (
    <a
      href="#content"
      className="sr-only focus:not-sr-only focus:fixed focus:start-3 focus:top-3 focus:z-50 focus:rounded-xl focus:bg-accent focus:px-4 focus:py-2 focus:font-semibold focus:text-on-accent"
    >
      {t('skip')}
    </a>
  );
}
