'use client';
import { usePathname, useSearchParams } from 'next/navigation';
import { Suspense, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { classNames } from '../../ui/class-names.ts';
import { ShellSkeleton } from '../../ui/skeleton.tsx';
import { RequireAccount } from '../account/require-account.tsx';
import { ConversationList } from './conversation-list.tsx';
import { BottomBar, ListHeader } from './inbox-navigation.tsx';

/** Puts the list of conversations beside the current screen; on a phone one of the two fills the width. */
export function InboxShell({ children }: { children: ReactNode }) {
  return (
    <RequireAccount>
      <Suspense fallback={<ShellSkeleton />}>
        <Panes>{children}</Panes>
      </Suspense>
    </RequireAccount>
  );
}

function Panes({ children }: { children: ReactNode }) {
  const t = useTranslations();
  const pathname = usePathname().replace(/\/$/, '');
  const selectedId = useSearchParams().get('id');
  const listScreen = pathname === '/chats' || pathname === '/requests';
  const tab = pathname === '/requests' ? 'requests' : 'chats';
  const phoneBar = listScreen || pathname === '/settings';
  return (
    <div className="flex h-full flex-col">
      <div role={listScreen ? 'main' : undefined} id={listScreen ? 'content' : undefined} className="flex min-h-0 flex-1">
        <nav
          id="chat-list"
          aria-label={t(tab === 'chats' ? 'chats.list' : 'requests.list')}
          className={classNames('pane-list min-h-0 w-full shrink-0 flex-col sm:flex sm:w-80 sm:border-e sm:border-s2 lg:w-[21.25rem]', listScreen ? 'flex' : 'hidden')}
        >
          <ListHeader tab={tab} pathname={pathname} heading={listScreen} />
          <div className="thin-scroll min-h-0 flex-1 overflow-y-auto px-2 pb-3">
            <ConversationList tab={tab} selectedId={pathname === '/chat' ? selectedId : null} />
          </div>
        </nav>
        <div className={classNames('min-h-0 min-w-0 flex-1 flex-col sm:flex', listScreen ? 'hidden' : 'flex')}>{children}</div>
      </div>
      {phoneBar ? <BottomBar pathname={pathname} /> : null}
    </div>
  );
}
