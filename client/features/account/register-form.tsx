'use client';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useState, type SubmitEvent } from 'react';
import { useTranslations } from 'use-intl';
import { parseUsername } from '../../../protocol/ids.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { useChatClient } from '../chat-client-context.tsx';
import { clientErrorCode } from '../client-error-code.ts';
import { useErrorWords } from '../use-error-words.ts';
import { useAccount } from './account-context.tsx';
import { useInstance } from './account-queries.ts';
import { AuthLink } from './auth-link.tsx';
import { AuthPage } from './auth-page.tsx';
import { PasswordField } from './password-field.tsx';
import { MIN_PASSWORD_LENGTH, passwordStrength } from './password-strength.ts';
import { RecoveryKeyCard } from './recovery-key-card.tsx';
import { StrengthMeter } from './strength-meter.tsx';
import { UsernameField } from './username-field.tsx';

function isUsername(text: string): boolean {
  try {
    parseUsername(text);
    return true;
  } catch {
    return false;
  }
}

interface RegisterInput {
  readonly username: string;
  readonly password: string;
  readonly invite: string;
}

function useRegister() {
  const client = useChatClient();
  return useMutation({
    mutationFn: ({ username, password, invite }: RegisterInput) =>
      client.account.register({ username, password, ...(invite === '' ? {} : { invite }) }),
  });
}

/** Leads through a registration: username and password, then the recovery key, then the chats. */
export function RegisterForm() {
  const t = useTranslations('auth');
  const router = useRouter();
  const client = useChatClient();
  const { state, noteSignedIn } = useAccount();
  const instance = useInstance();
  const register = useRegister();
  const domain = instance.data?.domain ?? '…';
  const comesSignedIn = state.kind === 'signed_in' && register.isIdle;
  // The address bar is outside React.
  useEffect(() => {
    if (comesSignedIn) router.replace('/chats');
  }, [comesSignedIn, router]);

  if (register.isSuccess) {
    const { userId, recoveryKey } = register.data;
    const finish = () => {
      noteSignedIn(client.account.current() ?? { userId, domain });
      router.replace('/chats');
    };
    return <RecoveryKeyCard address={userId} recoveryKey={recoveryKey} onContinue={finish} />;
  }
  return (
    <AuthPage title={t('registerTitle')} lead={t('registerLead', { domain })} footer={<>{t('haveAccount')} <AuthLink href="/sign-in" text={t('toSignIn')} /></>}>
      {instance.data?.signup === 'closed' ? (
        <p className="rounded-xl bg-s2 px-4 py-3">{t('closed', { domain })}</p>
      ) : (
        <RegisterFields domain={domain} invited={instance.data?.signup === 'invite'} busy={register.isPending} error={register.error} onSubmit={register.mutate} />
      )}
    </AuthPage>
  );
}

interface RegisterFieldsProps {
  readonly domain: string;
  readonly invited: boolean;
  readonly busy: boolean;
  readonly error: unknown;
  readonly onSubmit: (input: RegisterInput) => void;
}

function RegisterFields({ domain, invited, busy, error, onSubmit }: RegisterFieldsProps) {
  const t = useTranslations('auth');
  const errors = useTranslations('clientError');
  const words = useErrorWords();
  const [input, setInput] = useState<RegisterInput>({ username: '', password: '', invite: '' });
  const [tried, setTried] = useState(false);
  const code = error === null ? null : clientErrorCode(error);
  const usernameOk = isUsername(input.username);
  const strength = passwordStrength(input.password, input.username);
  const aboutUsername = code === 'username_taken' || code === 'username_invalid';
  const change = (part: Partial<RegisterInput>) => setInput({ ...input, ...part });

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (!busy && usernameOk && strength !== 'short') onSubmit(input);
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-5">
      <UsernameField
        value={input.username}
        onChange={(username) => change({ username })}
        help={usernameOk ? t('yourAddress', { address: `${input.username}@${domain}` }) : t('usernameHelp')}
        error={aboutUsername ? words(error) : tried && !usernameOk ? errors('username_invalid', { domain }) : null}
      />
      <PasswordField
        value={input.password}
        onChange={(password) => change({ password })}
        autoComplete="new-password"
        help={<StrengthMeter strength={strength} empty={input.password === ''} minLength={MIN_PASSWORD_LENGTH} />}
        error={code === 'password_too_short' || (tried && strength === 'short') ? errors('password_too_short', { domain }) : null}
      />
      {invited ? (
        <TextField label={t('invite')} help={t('inviteHelp', { domain })} value={input.invite} autoComplete="off" onChange={(event) => change({ invite: event.target.value.trim() })} />
      ) : null}
      {code !== null && !aboutUsername && code !== 'password_too_short' ? (
        <p role="alert" className="text-sm text-danger">
          {words(error)}
        </p>
      ) : null}
      <Button type="submit" variant="primary" busy={busy} className="min-h-12">
        {busy ? t('registering') : t('register')}
      </Button>
    </form>
  );
}
