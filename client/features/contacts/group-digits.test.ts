import { expect, it } from 'vitest';
import { groupDigits } from './group-digits.ts';

it('[E2E-10] sixty digits are shown as twelve groups of five, with or without blanks', () => {
  const digits = '0123456789'.repeat(6);
  const groups = groupDigits(digits);
  expect(groups.map((group) => group.digits)).toEqual(Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? '01234' : '56789')));
  expect(groupDigits(`${digits.slice(0, 30)} ${digits.slice(30)}`)).toEqual(groups);
});
