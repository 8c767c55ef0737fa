/** Lists the languages of the interface, the first being the fallback. */
const LOCALES = ['en', 'fr'] as const;
/** A language of the interface. */
export type Locale = (typeof LOCALES)[number];

/** Lists the sizes of body text, in pixels at the browser's own setting of 16. */
export const TEXT_SIZES = [14, 16, 18, 20] as const;
/** A size of body text in pixels. */
export type TextSize = (typeof TEXT_SIZES)[number];

/** Picks the first of the browser's languages that the interface speaks, English where there is none. */
export function detectLocale(languages: readonly string[]): Locale {
  for (const language of languages) {
    const base = language.toLowerCase().split('-')[0];
    const found = LOCALES.find((locale) => locale === base);
    if (found !== undefined) return found;
  }
  return LOCALES[0];
}

/** Picks the browser's own variant of a language (`en-GB` for `en`), which decides how dates and clocks are written. */
export function formatLocale(locale: Locale, languages: readonly string[]): string {
  return languages.find((language) => language.toLowerCase().split('-')[0] === locale) ?? locale;
}

/** Reads a remembered language, null where it is none of ours. */
export function parseLocale(text: string | null): Locale | null {
  return LOCALES.find((locale) => locale === text) ?? null;
}

/** Reads a remembered text size, 16 where it is none of ours. */
export function parseTextSize(text: string | null): TextSize {
  return TEXT_SIZES.find((size) => String(size) === text) ?? 16;
}
