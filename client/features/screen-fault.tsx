'use client';
import { useTranslations } from 'use-intl';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { faultId } from './fault-id.ts';

/** Says that a screen stopped, that no server is at fault, and how to go on; the id can be copied. */
export function ScreenFault({ error, onRetry }: { error: Error & { digest?: string }; onRetry: () => void }) {
  const t = useTranslations('error');
  return (
    <main id="content" className="grid h-full place-items-center">
      <ErrorNotice
        page
        what={t('title')}
        why={
          <>
            <p>{t('side')}</p>
            <p>{t('next')}</p>
          </>
        }
        faultId={faultId(error)}
        onRetry={onRetry}
      />
    </main>
  );
}
