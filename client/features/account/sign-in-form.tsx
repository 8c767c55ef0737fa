'use client';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useState, type SubmitEvent } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../ui/button.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { useErrorWords } from '../use-error-words.ts';
import { useAccount } from './account-context.tsx';
import { useInstance } from './account-queries.ts';
import { AuthLink } from './auth-link.tsx';
import { AuthPage } from './auth-page.tsx';
import { PasswordField } from './password-field.tsx';
import { UsernameField } from './username-field.tsx';

/** Signs a person in with username and password, and goes on to the chats. */
export function SignInForm() {
  const t = useTranslations('auth');
  const client = useChatClient();
  const router = useRouter();
  const words = useErrorWords();
  const { state, noteSignedIn } = useAccount();
  const instance = useInstance();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: (input: { username: string; password: string }) => client.account.signIn(input),
    onSuccess: noteSignedIn,
  });
  const signedIn = state.kind === 'signed_in';
  // The address bar is outside React.
  useEffect(() => {
    if (signedIn) router.replace('/chats');
  }, [signedIn, router]);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!signIn.isPending) signIn.mutate({ username, password });
  };
  const domain = instance.data?.domain ?? '…';
  return (
    <AuthPage
      title={t('signInTitle')}
      lead={t('signInLead', { domain })}
      footer={
        instance.data?.signup === 'closed' ? undefined : (
          <>
            {t('noAccount')} <AuthLink href="/register" text={t('toRegister')} />
          </>
        )
      }
    >
      <SignedOutNotice domain={domain} />
      <form onSubmit={submit} className="flex flex-col gap-5">
        <UsernameField value={username} onChange={setUsername} />
        <PasswordField value={password} onChange={setPassword} autoComplete="current-password" error={signIn.isError ? words(signIn.error) : null} />
        <Button type="submit" variant="primary" busy={signIn.isPending} className="min-h-12">
          {signIn.isPending ? t('signingIn') : t('signIn')}
        </Button>
      </form>
    </AuthPage>
  );
}

function SignedOutNotice({ domain }: { domain: string }) {
  const t = useTranslations('auth');
  const { state } = useAccount();
  if (state.kind !== 'signed_out' || state.why === 'never') return null;
  return (
    <p role="status" className="mb-5 rounded-xl bg-s2 px-4 py-3 text-[0.9375rem]">
      {state.why === 'elsewhere' ? t('endedElsewhere', { domain }) : t('signedOut')}
    </p>
  );
}
