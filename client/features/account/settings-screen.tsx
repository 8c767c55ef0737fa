'use client';
import { LogOut } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState, type ReactNode } from 'react';
import { useMutation } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Avatar } from '../../ui/avatar.tsx';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { useErrorWords } from '../use-error-words.ts';
import { useAccount, useMe } from './account-context.tsx';
import { AppearanceSettings } from './appearance-settings.tsx';
import { PrivacySettings } from './privacy-settings.tsx';
import { SignedInBrowsers } from './signed-in-browsers.tsx';

/** Shows the account, its looks, what others see, its browsers, and the way out. */
export function SettingsScreen() {
  const t = useTranslations();
  return (
    <main id="content" className="thin-scroll h-full overflow-y-auto">
      <title>{`${t('settings.title')} · ${t('app.name')}`}</title>
      <div className="mx-auto flex max-w-xl flex-col gap-8 px-5 pt-4 pb-12 sm:px-8 sm:pt-8">
        <h1 className="text-2xl font-semibold tracking-tight">{t('settings.title')}</h1>
        <AccountSection />
        <SettingsSection title={t('settings.appearance')}>
          <AppearanceSettings />
        </SettingsSection>
        <SettingsSection title={t('settings.privacy')} help={t('settings.privacyHelp')}>
          <PrivacySettings />
        </SettingsSection>
        <SettingsSection title={t('settings.browsers')} help={t('settings.browsersHelp')}>
          <SignedInBrowsers />
        </SettingsSection>
        <SignOutSection />
      </div>
    </main>
  );
}

function SettingsSection({ title, help, children }: { title: string; help?: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="font-semibold">{title}</h2>
      {help === undefined ? null : <p className="text-sm text-muted">{help}</p>}
      <div className="mt-3">{children}</div>
    </section>
  );
}

function AccountSection() {
  const t = useTranslations('settings');
  const copy = useTranslations('action');
  const me = useMe();
  return (
    <section aria-label={t('account')} className="flex items-center gap-4 rounded-2xl bg-s1 p-4">
      <Avatar userId={me.userId} ownDomain={me.domain} />
      <div className="min-w-0 flex-1">
        <p className="text-sm text-muted">{t('address')}</p>
        <p className="font-semibold wrap-anywhere">{me.userId}</p>
      </div>
      <CopyButton iconOnly text={me.userId} label={copy('copyAddress')} />
    </section>
  );
}

function SignOutSection() {
  const t = useTranslations('settings');
  const me = useMe();
  const router = useRouter();
  const words = useErrorWords();
  const { signOut } = useAccount();
  const [asking, setAsking] = useState(false);
  const leave = useMutation({ mutationFn: signOut, onSuccess: () => router.replace('/sign-in') });
  return (
    <div>
      <Button variant="dangerQuiet" onClick={() => setAsking(true)} className="w-full border border-line-strong sm:w-auto">
        <LogOut aria-hidden="true" className="size-4.5" />
        {t('signOut')}
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={t('signOutTitle')}
        text={t('signOutText', { domain: me.domain })}
        confirm={t('signOut')}
        busy={leave.isPending}
        error={leave.isError ? words(leave.error) : null}
        onConfirm={() => leave.mutate()}
      />
    </div>
  );
}
