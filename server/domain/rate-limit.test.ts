import { expect, test } from 'vitest';
import { createRateLimit } from './rate-limit.ts';
import { createFakeClock } from './testing/fake-clock.ts';

test('[API-10] a burst is let through, then one for each refill', () => {
  const clock = createFakeClock();
  const limit = createRateLimit({ perSecond: 2, burst: 3, clock });
  expect([1, 2, 3, 4].map(() => limit.take('key'))).toEqual([null, null, null, 1]);
  clock.advance(499);
  expect(limit.take('key')).toBe(1);
  clock.advance(1);
  expect([limit.take('key'), limit.take('key')]).toEqual([null, 1]);
});

test('[API-10] each key has a bucket of its own', () => {
  const limit = createRateLimit({ perSecond: 1, burst: 1, clock: createFakeClock() });
  expect([limit.take('one'), limit.take('other'), limit.take('one')]).toEqual([null, null, 1]);
});

test('a refusal says how many seconds to wait, after which there is a token', () => {
  const clock = createFakeClock();
  const limit = createRateLimit({ perSecond: 1 / 60, burst: 1, clock });
  limit.take('key');
  clock.advance(500);
  expect(limit.take('key')).toBe(60);
  clock.advance(59_500);
  expect(limit.take('key')).toBeNull();
});

test('an idle bucket fills up to its burst and no further', () => {
  const clock = createFakeClock();
  const limit = createRateLimit({ perSecond: 1, burst: 2, clock });
  clock.advance(1_000_000);
  expect([1, 2, 3].map(() => limit.take('key'))).toEqual([null, null, 1]);
});

test('a clock set back neither fills nor empties a bucket', () => {
  const clock = createFakeClock();
  const limit = createRateLimit({ perSecond: 1, burst: 1, clock });
  limit.take('key');
  clock.advance(-3_600_000);
  expect(limit.take('key')).toBe(1);
  clock.advance(1_000);
  expect(limit.take('key')).toBeNull();
});

test('beyond the bound the keys idle longest are forgotten, those in use are not', () => {
  const limit = createRateLimit({ perSecond: 1, burst: 1, clock: createFakeClock(), maxKeys: 2 });
  limit.take('idle');
  limit.take('used');
  limit.take('used');
  limit.take('new');
  expect(limit.take('used')).toBe(1);
  expect(limit.take('idle')).toBeNull();
});
