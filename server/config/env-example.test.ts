import { expect, test } from 'vitest';
import { envExample } from './env-example.ts';
import { readConfig } from './read-config.ts';
import { SETTINGS } from './settings.ts';

function variablesOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => /^[A-Z0-9_]+=/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

test('the example is sound as it stands, and with everything uncommented', () => {
  expect(readConfig(variablesOf(envExample())).domain).toBe('chat.example.org');
  const everything = variablesOf(envExample().replaceAll(/^# (?=[A-Z0-9_]+=)/gm, ''));
  expect(Object.keys(everything)).toEqual(Object.keys(SETTINGS));
  expect(readConfig(everything).PORT).toBe(3000);
});
