import { expect, test } from 'vitest';
import { isBearer } from './bearer.ts';

const secret = 'a secret of the scheduler';

test.each([
  [`Bearer ${secret}`, true],
  [`bearer ${secret}`, true],
  [`Bearer ${secret} `, false],
  [`Bearer ${secret}x`, false],
  ['Bearer ', false],
  [`Basic ${secret}`, false],
  [secret, false],
  ['', false],
  [null, false],
])('the header %j is taken: %s', (header, taken) => expect(isBearer(header, secret)).toBe(taken));
