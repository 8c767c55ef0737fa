import { useTranslations } from 'use-intl';

/** Draws the mark: two speech shapes, one closed around the other. */
export function Mark({ className }: { className: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="9" className="fill-accent" />
      <path d="M8 9.5h9.5a5 5 0 0 1 0 10H13l-4.2 3.6c-.3.3-.8 0-.8-.4V9.5Z" className="fill-on-accent" />
      <path d="M20.8 11.4a5 5 0 0 1 3.2 4.6v6.6c0 .4-.5.7-.8.4l-2.4-2h-4.4" fill="none" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" className="stroke-on-accent" />
    </svg>
  );
}

/** Draws the mark with the product's name. */
export function Wordmark() {
  const t = useTranslations('app');
  return (
    <span className="inline-flex items-center gap-2.5 text-lg font-semibold tracking-tight">
      <Mark className="size-8" />
      {t('name')}
    </span>
  );
}
