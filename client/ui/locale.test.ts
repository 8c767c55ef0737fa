import { expect, it } from 'vitest';
import { detectLocale, formatLocale, parseLocale, parseTextSize } from './locale.ts';

it('the first language of the browser that the interface speaks is taken, else English', () => {
  expect(detectLocale(['de-AT', 'fr-CA', 'en-US'])).toBe('fr');
  expect(detectLocale(['ja'])).toBe('en');
});
it('dates are written in the variant that the browser asks for', () => {
  expect(formatLocale('en', ['fr-FR', 'en-GB'])).toBe('en-GB');
  expect(formatLocale('fr', ['en-GB'])).toBe('fr');
});
it('a remembered choice counts only where it is one of the choices', () => {
  expect(parseLocale('fr')).toBe('fr');
  expect(parseLocale('xx')).toBeNull();
  expect(parseTextSize('18')).toBe(18);
  expect(parseTextSize('99')).toBe(16);
});
