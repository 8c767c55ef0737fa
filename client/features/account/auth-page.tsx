'use client';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Wordmark } from '../../ui/wordmark.tsx';

interface AuthPageProps {
  readonly title: string;
  readonly lead: ReactNode;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
}

/** Frames the pages of people who are not signed in: mark, one heading, one task. */
export function AuthPage({ title, lead, children, footer }: AuthPageProps) {
  const t = useTranslations('app');
  return (
    <div className="thin-scroll flex h-full flex-col overflow-y-auto bg-bg sm:bg-s1">
      <title>{`${title} · ${t('name')}`}</title>
      <header className="flex justify-center px-6 pt-8 sm:pt-14">
        <Wordmark />
      </header>
      <main id="content" className="mx-auto w-full max-w-md px-6 py-8 sm:px-0">
        <div className="sm:rounded-3xl sm:bg-bg sm:p-8 sm:shadow-[0_1px_2px_rgb(0_0_0/0.06),0_12px_40px_rgb(0_0_0/0.06)] sm:dark:border sm:dark:border-s2">
          <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
          <p className="mt-1.5 mb-6 text-muted">{lead}</p>
          {children}
        </div>
        {footer === undefined ? null : <p className="mt-6 text-center text-[0.9375rem] text-muted">{footer}</p>}
      </main>
    </div>
  );
}
