import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { nextDelayMs, OUTBOX_LIFETIME_MS, slowDelayMs } from './retry-schedule.ts';

const DAY_MS = 86_400_000;
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('nextDelayMs', () => {
  it.each([
    { attempt: 0, base: 5_000 },
    { attempt: 1, base: 10_000 },
    { attempt: 5, base: 160_000 },
    { attempt: 6, base: 300_000 },
    { attempt: 1_000, base: 300_000 },
  ])('[DEL-2] retry $attempt of the first day comes after $base ms, half to one and a half times', ({ attempt, base }) => {
    expect(nextDelayMs({ attempt, ageMs: 0, random: () => 0 })).toBe(base / 2);
    expect(nextDelayMs({ attempt, ageMs: 0, random: () => 0.5 })).toBe(base);
    expect(nextDelayMs({ attempt, ageMs: DAY_MS - 1, random: () => 0.999_999_999 })).toBe(base * 1.5);
  });

  it('[DEL-2] the cap is one hour after the first day', () => {
    expect(nextDelayMs({ attempt: 20, ageMs: DAY_MS, random: () => 0.5 })).toBe(3_600_000);
  });

  it('[DEL-2] every delay lies between half and one and a half of its base', () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.nat(OUTBOX_LIFETIME_MS), unit, (attempt, ageMs, random) => {
        const base = Math.min(5_000 * 2 ** attempt, ageMs < DAY_MS ? 300_000 : 3_600_000);
        const delayMs = nextDelayMs({ attempt, ageMs, random: () => random });
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(base / 2);
        expect(delayMs).toBeLessThanOrEqual(base * 1.5);
      }),
    );
  });

  it('[DEL-2] a later retry never waits less, chance apart', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(OUTBOX_LIFETIME_MS), unit, (attempt, ageMs, value) => {
        const random = (): number => value;
        expect(nextDelayMs({ attempt: attempt + 1, ageMs, random })).toBeGreaterThanOrEqual(nextDelayMs({ attempt, ageMs, random }));
      }),
    );
  });
});

describe('slowDelayMs', () => {
  it('[ERR-4] is the cap of that age', () => {
    expect(slowDelayMs({ ageMs: 0, random: () => 0.5 })).toBe(300_000);
    expect(slowDelayMs({ ageMs: DAY_MS, random: () => 0.5 })).toBe(3_600_000);
  });
});
