'use client';
import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';

interface ErrorNoticeProps {
  /** What did not work. */
  readonly what: string;
  /** Whose side it is, or what comes next. */
  readonly why: ReactNode;
  readonly onRetry?: () => void;
  /** A short text that a person can hand on when asking for help. */
  readonly faultId?: string;
  /** Whether the notice is all there is on the page, so that `what` is its heading and its title. */
  readonly page?: boolean;
}

/** Says what went wrong, on whose side, and what to do, with a retry and an id to copy. */
export function ErrorNotice({ what, why, onRetry, faultId, page = false }: ErrorNoticeProps) {
  const t = useTranslations();
  const What = page ? 'h1' : 'p';
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-start gap-2 p-6">
      <CircleAlert aria-hidden="true" className="size-6 text-danger" />
      {page ? <title>{`${what} · ${t('app.name')}`}</title> : null}
      <What className="text-lg font-semibold">{what}</What>
      <div className="text-muted">{why}</div>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        {onRetry === undefined ? null : (
          <Button variant="primary" onClick={onRetry}>
            {t('action.retry')}
          </Button>
        )}
        {faultId === undefined ? null : (
          <span className="inline-flex items-center gap-1 text-sm text-muted">
            {t('error.id')} <code className="font-mono">{faultId}</code>
            <CopyButton iconOnly text={faultId} label={t('error.copyId')} />
          </span>
        )}
      </div>
    </div>
  );
}
