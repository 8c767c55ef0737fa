import { expect, it } from 'vitest';
import { passwordStrength } from './password-strength.ts';

it('nine characters are too short and ten are not', () => {
  expect(passwordStrength('aR7!kQz2x', 'zoe')).toBe('short');
  expect(passwordStrength('aR7!kQz2xW', 'zoe')).not.toBe('short');
});
it('a run, a repeat, a well-known word or the own name makes a long password weak', () => {
  expect(passwordStrength('abcdefghijkl', 'zoe')).toBe('weak');
  expect(passwordStrength('aaaaaaaaaaaaaaa', 'zoe')).toBe('weak');
  expect(passwordStrength('password2026', 'zoe')).toBe('weak');
  expect(passwordStrength('margarethe11', 'margarethe')).toBe('weak');
});
it('several unrelated words are strong', () => {
  expect(passwordStrength('walrus-teapot-orbit-9', 'zoe')).toBe('strong');
});
it('counts characters, not code units', () => {
  expect(passwordStrength('👋🙂🎈🌲🚲', 'zoe')).toBe('short');
});
