'use client';
import { Check, Download } from 'lucide-react';
import { Checkbox } from 'radix-ui';
import { useEffect, useId, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { AuthPage } from './auth-page.tsx';

interface RecoveryKeyCardProps {
  readonly address: string;
  readonly recoveryKey: string;
  readonly onContinue: () => void;
}

function downloadText(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

/** Shows the recovery key once and goes on only after the person says that it is saved. */
export function RecoveryKeyCard({ address, recoveryKey, onContinue }: RecoveryKeyCardProps) {
  const t = useTranslations('recovery');
  const [saved, setSaved] = useState(false);
  const id = useId();
  // Closing the page now would lose the key, so the browser asks first.
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, []);

  const download = () => downloadText(`securechat-${address}.txt`, `${t('fileText', { address })}\n\n${recoveryKey}\n`);
  return (
    <AuthPage title={t('title')} lead={t('lead')}>
      <p id={`${id}-label`} className="sr-only">
        {t('label')}
      </p>
      <output aria-labelledby={`${id}-label`} className="block rounded-2xl bg-s2 px-4 py-5 text-center font-mono text-lg leading-8 tracking-wide text-balance wrap-anywhere select-all">
        {recoveryKey}
      </output>
      <div className="mt-3 grid grid-cols-2 gap-2">
        <CopyButton text={recoveryKey} label={t('copy')} />
        <Button onClick={download} aria-label={t('download')}>
          <Download aria-hidden="true" className="size-4.5" />
          <DownloadWord />
        </Button>
      </div>
      <div className="mt-6 flex items-center gap-3">
        <Checkbox.Root
          id={`${id}-saved`}
          checked={saved}
          onCheckedChange={(checked) => setSaved(checked === true)}
          className="flex size-6 shrink-0 items-center justify-center rounded-md border border-line-strong data-[state=checked]:border-accent data-[state=checked]:bg-accent"
        >
          <Checkbox.Indicator>
            <Check aria-hidden="true" className="size-4.5 text-on-accent" />
          </Checkbox.Indicator>
        </Checkbox.Root>
        <label htmlFor={`${id}-saved`} className="cursor-pointer font-medium">
          {t('confirm')}
        </label>
      </div>
      <Button variant="primary" disabled={!saved} onClick={onContinue} className="mt-6 min-h-12 w-full">
        {t('continue')}
      </Button>
    </AuthPage>
  );
}

function DownloadWord() {
  return useTranslations('action')('download');
}
