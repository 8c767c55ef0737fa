'use client';
import { useTranslations } from 'use-intl';
import { classNames } from '../../ui/class-names.ts';
import type { PasswordStrength } from './password-strength.ts';

const FILLED: Readonly<Record<PasswordStrength, number>> = { short: 0, weak: 1, fair: 2, good: 3, strong: 4 };
const COLOURS: Readonly<Record<PasswordStrength, string>> = { short: '', weak: 'bg-danger', fair: 'bg-warn', good: 'bg-ok', strong: 'bg-ok' };

/** Shows the rule for a password and, in words and bars, how hard the typed one is to guess. */
export function StrengthMeter({ strength, empty, minLength }: { strength: PasswordStrength; empty: boolean; minLength: number }) {
  const t = useTranslations('auth');
  return (
    <div className="flex flex-col gap-1.5">
      <span>{t('passwordHelp', { count: minLength })}</span>
      <span aria-hidden="true" className="flex gap-1">
        {[1, 2, 3, 4].map((step) => (
          <span key={step} className={classNames('h-1 flex-1 rounded-full', step <= FILLED[strength] ? COLOURS[strength] : 'bg-s2')} />
        ))}
      </span>
      <span aria-live="polite" className="min-h-5">
        {empty ? null : t('strength', { level: t(`strengthLevel.${strength}`) })}
      </span>
    </div>
  );
}
