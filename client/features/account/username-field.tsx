'use client';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { TextField } from '../../ui/text-field.tsx';
import { useInstance } from './account-queries.ts';

interface UsernameFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly help?: ReactNode;
  readonly error?: string | null;
}

/** Draws the username input with the domain of this server behind it; capitals are folded as they are typed. */
export function UsernameField({ value, onChange, help, error = null }: UsernameFieldProps) {
  const t = useTranslations('auth');
  const domain = useInstance().data?.domain;
  return (
    <TextField
      label={t('username')}
      name="username"
      autoComplete="username"
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      required
      value={value}
      onChange={(event) => onChange(foldUsername(event.target.value))}
      help={help}
      error={error}
      trailing={domain === undefined ? null : <span className="max-w-1/2 truncate pe-3.5 text-muted">@{domain}</span>}
    />
  );
}

/** A full address pasted here names the same person. */
function foldUsername(text: string): string {
  return text.trim().toLowerCase().split('@')[0] ?? '';
}
