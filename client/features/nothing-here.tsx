'use client';
import Link from 'next/link';
import { useTranslations } from 'use-intl';
import { Wordmark } from '../ui/wordmark.tsx';

/** Says that an address names nothing and leads back to the chats. */
export function NothingHere() {
  const t = useTranslations();
  return (
    <main id="content" className="grid h-full place-items-center p-6">
      <title>{`${t('error.notFound')} · ${t('app.name')}`}</title>
      <div className="flex flex-col items-center gap-5 text-center">
        <Wordmark />
        <h1 className="text-lg">{t('error.notFound')}</h1>
        <Link href="/chats" className="inline-flex min-h-11 items-center rounded-xl bg-accent px-5 font-semibold text-on-accent">
          {t('error.toChats')}
        </Link>
      </div>
    </main>
  );
}
