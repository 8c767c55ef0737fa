/** The shortest password that an account takes, in characters. */
export const MIN_PASSWORD_LENGTH = 10;

/** How hard a password is to guess, roughly. */
export type PasswordStrength = 'short' | 'weak' | 'fair' | 'good' | 'strong';

const POOLS: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 32],
];
const COMMON = ['password', 'motdepasse', 'securechat', 'qwerty', 'azerty', 'letmein', 'welcome', 'bonjour', 'iloveyou'];

/** Counts the characters that are neither a repeat nor the next in a row of the one before. */
function freshCharacters(text: string): number {
  let fresh = 0;
  let previous = Number.NaN;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (Math.abs(code - previous) > 1) fresh += 1;
    previous = code;
  }
  return fresh;
}

/** Judges a password by length, variety, runs and well-known words; a guide for people, not a rule beside the length. */
export function passwordStrength(password: string, username: string): PasswordStrength {
  if ([...password].length < MIN_PASSWORD_LENGTH) return 'short';
  let rest = password.toLowerCase();
  for (const word of [...COMMON, username.toLowerCase()]) {
    if (word.length >= 3) rest = rest.replaceAll(word, word.charAt(0));
  }
  const pool = POOLS.reduce((sum, [pattern, size]) => (pattern.test(password) ? sum + size : sum), 0);
  const bits = freshCharacters(rest) * Math.log2(pool);
  if (bits < 40) return 'weak';
  if (bits < 56) return 'fair';
  return bits < 76 ? 'good' : 'strong';
}
