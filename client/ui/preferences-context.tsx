'use client';
import { createContext, useCallback, useContext, useLayoutEffect, useMemo, useState, type ReactNode } from 'react';
import { IntlProvider } from 'use-intl';
import { detectLocale, formatLocale, parseLocale, parseTextSize, type Locale, type TextSize } from './locale.ts';
import en from './messages/en.json';
import fr from './messages/fr.json';

const LOCALE_KEY = 'securechat.locale';
const TEXT_SIZE_KEY = 'securechat.text-size';
const CATALOGUES: Readonly<Record<Locale, typeof en>> = { en, fr };

interface Preferences {
  readonly locale: Locale;
  readonly textSize: TextSize;
  setLocale(locale: Locale): void;
  setTextSize(size: TextSize): void;
}

const PreferencesContext = createContext<Preferences | null>(null);

function readStored(key: string): string | null {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeStored(key: string, value: string): void {
  try {
    window.localStorage.setItem(key, value);
  } catch {
    // A browser that stores nothing still honours the choice until it is closed.
  }
}

/** Holds language and text size of this browser, remembers them, and hands the words of the language down; browser only. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [locale, setLocaleState] = useState<Locale>(() => parseLocale(readStored(LOCALE_KEY)) ?? detectLocale(navigator.languages));
  const [textSize, setTextSizeState] = useState<TextSize>(() => parseTextSize(readStored(TEXT_SIZE_KEY)));
  const [timeZone] = useState(() => new Intl.DateTimeFormat().resolvedOptions().timeZone);

  const setLocale = useCallback((next: Locale) => {
    writeStored(LOCALE_KEY, next);
    setLocaleState(next);
  }, []);
  const setTextSize = useCallback((next: TextSize) => {
    writeStored(TEXT_SIZE_KEY, String(next));
    setTextSizeState(next);
  }, []);

  useLayoutEffect(() => {
    document.documentElement.lang = locale;
    document.documentElement.dataset.textSize = String(textSize);
  }, [locale, textSize]);

  const value = useMemo(() => ({ locale, textSize, setLocale, setTextSize }), [locale, textSize, setLocale, setTextSize]);
  return (
    <PreferencesContext value={value}>
      <IntlProvider locale={formatLocale(locale, navigator.languages)} messages={CATALOGUES[locale]} timeZone={timeZone}>
        {children}
      </IntlProvider>
    </PreferencesContext>
  );
}

/** Gives language and text size, with the ways to change them. */
export function usePreferences(): Preferences {
  const value = useContext(PreferencesContext);
  if (value === null) throw new Error('usePreferences needs a PreferencesProvider above it');
  return value;
}
