'use client';
import { Eye, EyeOff } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { IconButton } from '../../ui/button.tsx';
import { TextField } from '../../ui/text-field.tsx';

interface PasswordFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly autoComplete: 'current-password' | 'new-password';
  readonly help?: ReactNode;
  readonly error?: string | null;
}

/** Draws the password input with a way to see what was typed; pasting and password managers work. */
export function PasswordField({ value, onChange, autoComplete, help, error = null }: PasswordFieldProps) {
  const t = useTranslations('auth');
  const [shown, setShown] = useState(false);
  return (
    <TextField
      label={t('password')}
      name="password"
      type={shown ? 'text' : 'password'}
      autoComplete={autoComplete}
      required
      value={value}
      onChange={(event) => onChange(event.target.value)}
      error={error}
      help={help}
      trailing={
        <IconButton label={shown ? t('hidePassword') : t('showPassword')} onClick={() => setShown(!shown)} className="me-1">
          {shown ? <EyeOff aria-hidden="true" className="size-5" /> : <Eye aria-hidden="true" className="size-5" />}
        </IconButton>
      }
    />
  );
}
