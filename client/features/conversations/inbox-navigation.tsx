'use client';
import { Inbox, MessageCircle, Settings, SquarePen } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { classNames } from '../../ui/class-names.ts';
import { useConversations } from './conversation-queries.ts';

function useRequestCount(): number {
  return useConversations().data?.filter((each) => !each.accepted).length ?? 0;
}

/** Draws the head of the list pane: its name, new chat, settings, and from 640 px on the two tabs. */
export function ListHeader({ tab, pathname, heading }: { tab: 'chats' | 'requests'; pathname: string; heading: boolean }) {
  const t = useTranslations('nav');
  // Beside another screen the heading of that screen is the page's.
  const Title = heading ? 'h1' : 'p';
  return (
    <div className="shrink-0 px-2 pb-2">
      <div className="flex h-14 items-center gap-1 ps-3 pe-1">
        <Title className="flex-1 text-xl font-semibold tracking-tight">{t(tab)}</Title>
        <HeaderLink href="/settings" label={t('settings')} current={pathname === '/settings'} className="hidden sm:inline-flex">
          <Settings aria-hidden="true" className="size-5" />
        </HeaderLink>
        <HeaderLink href="/chats/new" label={t('newChat')} current={pathname === '/chats/new'}>
          <SquarePen aria-hidden="true" className="size-5" />
        </HeaderLink>
      </div>
      <div className="hidden gap-1 px-1 sm:flex">
        <TabLink href="/chats" current={tab === 'chats'}>
          {t('chats')}
        </TabLink>
        <TabLink href="/requests" current={tab === 'requests'}>
          {t('requests')}
          <RequestBadge />
        </TabLink>
      </div>
    </div>
  );
}

interface HeaderLinkProps {
  readonly href: string;
  readonly label: string;
  readonly current: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}

function HeaderLink({ href, label, current, className = 'inline-flex', children }: HeaderLinkProps) {
  return (
    <Link
      href={href}
      aria-label={label}
      title={label}
      aria-current={current ? 'page' : undefined}
      className={classNames(
        'size-10 items-center justify-center rounded-xl transition-colors duration-120 hover:bg-s2',
        current ? 'bg-s2 text-accent' : 'text-muted hover:text-text',
        className,
      )}
    >
      {children}
    </Link>
  );
}

function TabLink({ href, current, children }: { href: string; current: boolean; children: ReactNode }) {
  return (
    <Link
      href={href}
      aria-current={current ? 'page' : undefined}
      className={classNames(
        'inline-flex min-h-8 items-center gap-1.5 rounded-full px-3.5 text-sm font-medium transition-colors duration-120',
        current ? 'bg-accent text-on-accent' : 'text-muted hover:bg-s2 hover:text-text',
      )}
    >
      {children}
    </Link>
  );
}

function RequestBadge() {
  const t = useTranslations('nav');
  const count = useRequestCount();
  if (count === 0) return null;
  return (
    <span className="min-w-5 rounded-full bg-s2 px-1.5 text-center text-xs leading-5 font-semibold text-text tabular-nums">
      <span aria-hidden="true">{count}</span>
      <span className="sr-only">{t('requestsCount', { count })}</span>
    </span>
  );
}

const BAR_ITEMS = [
  { href: '/chats', key: 'chats', Icon: MessageCircle },
  { href: '/requests', key: 'requests', Icon: Inbox },
  { href: '/settings', key: 'settings', Icon: Settings },
] as const;

/** Draws the three places of the app at the bottom edge of a phone. */
export function BottomBar({ pathname }: { pathname: string }) {
  const t = useTranslations('nav');
  const requests = useRequestCount();
  return (
    <nav aria-label={t('label')} className="bottom-bar shrink-0 border-t border-s2 bg-s1 sm:hidden">
      <ul className="flex">
        {BAR_ITEMS.map(({ href, key, Icon }) => (
          <li key={href} className="flex-1">
            <Link
              href={href}
              aria-current={pathname === href ? 'page' : undefined}
              className={classNames(
                'relative flex h-14 flex-col items-center justify-center gap-0.5 text-xs font-medium focus-visible:-outline-offset-2',
                pathname === href ? 'text-accent' : 'text-muted',
              )}
            >
              <Icon aria-hidden="true" className="size-5.5" />
              {t(key)}
              {key === 'requests' && requests > 0 ? (
                <span className="absolute start-1/2 top-1.5 ms-2 min-w-4.5 rounded-full bg-accent px-1 text-center text-[0.6875rem] leading-4.5 text-on-accent">
                  <span aria-hidden="true">{requests}</span>
                  <span className="sr-only">{t('requestsCount', { count: requests })}</span>
                </span>
              ) : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
