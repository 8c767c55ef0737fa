'use client';
import { useTranslations } from 'use-intl';
import { TextField } from '../../ui/text-field.tsx';

interface AddressFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | null;
  readonly autoFocus?: boolean;
}

/** Draws the input for the full address of a person on any server. */
export function AddressField({ value, onChange, error, autoFocus = false }: AddressFieldProps) {
  const t = useTranslations('newChat');
  return (
    <TextField
      label={t('address')}
      type="text"
      inputMode="email"
      autoComplete="off"
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      enterKeyHint="go"
      placeholder={t('placeholder')}
      autoFocus={autoFocus}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      error={error}
    />
  );
}
