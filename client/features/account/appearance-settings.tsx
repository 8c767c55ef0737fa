'use client';
import { Monitor, Moon, Sun } from 'lucide-react';
import { useTheme } from 'next-themes';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { parseLocale, parseTextSize, TEXT_SIZES } from '../../ui/locale.ts';
import { usePreferences } from '../../ui/preferences-context.tsx';
import { Segmented } from '../../ui/segmented.tsx';

/** Lets a person choose language, theme and text size; each takes effect at once and is remembered in this browser. */
export function AppearanceSettings() {
  const t = useTranslations('settings');
  const { locale, setLocale, textSize, setTextSize } = usePreferences();
  const { theme, setTheme } = useTheme();
  return (
    <div className="flex flex-col gap-5">
      <Choice title={t('language')}>
        <Segmented
          label={t('language')}
          value={locale}
          onChange={(value) => setLocale(parseLocale(value) ?? locale)}
          options={[
            { value: 'en', label: <span lang="en">{t('english')}</span> },
            { value: 'fr', label: <span lang="fr">{t('french')}</span> },
          ]}
        />
      </Choice>
      <Choice title={t('theme')}>
        <Segmented
          label={t('theme')}
          value={theme ?? 'system'}
          onChange={setTheme}
          options={[
            { value: 'system', label: <IconWord icon={<Monitor aria-hidden="true" className="size-4.5" />} word={t('themeSystem')} /> },
            { value: 'light', label: <IconWord icon={<Sun aria-hidden="true" className="size-4.5" />} word={t('themeLight')} /> },
            { value: 'dark', label: <IconWord icon={<Moon aria-hidden="true" className="size-4.5" />} word={t('themeDark')} /> },
          ]}
        />
      </Choice>
      <Choice title={t('textSize')}>
        <Segmented
          label={t('textSize')}
          value={String(textSize)}
          onChange={(value) => setTextSize(parseTextSize(value))}
          options={TEXT_SIZES.map((size) => ({ value: String(size), label: String(size), name: t('textSizeValue', { size }) }))}
        />
      </Choice>
    </div>
  );
}

function IconWord({ icon, word }: { icon: ReactNode; word: string }) {
  return (
    <>
      {icon}
      {word}
    </>
  );
}

function Choice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <p aria-hidden="true" className="mb-1.5 text-sm text-muted">
        {title}
      </p>
      {children}
    </div>
  );
}
