import { describe, expect, it, test } from 'vitest';
import { median, percentile, perSecond, round, summarizeLatencies } from './statistics.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

describe('percentiles by nearest rank', () => {
  test.each([
    [hundred, 50, 50], [hundred, 95, 95], [hundred, 99, 99], [hundred, 100, 100], [hundred, 0.5, 1], [[7], 1, 7], [[7], 100, 7],
    [[3, 1, 2], 50, 2], [[4, 1, 3, 2], 50, 2], [[15, 20, 35, 40, 50], 30, 20], [[10, 9, 8], 99, 10],
  ])('of %j at %d is %d', (samples, percent, expected) => {
    expect(percentile(samples, percent)).toBe(expected);
  });

  it('order numbers as numbers, not as text', () => {
    expect(percentile([10, 9, 100, 1], 100)).toBe(100);
  });

  it('leave the samples in their order', () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });

  test.each([[[], 50], [[1], 0], [[1], 101], [[1], Number.NaN]])('are refused for %j at %d', (samples, percent) => {
    expect(() => percentile(samples, percent)).toThrow(RangeError);
  });
});

it('a summary is of the samples given', () => {
  expect(summarizeLatencies(hundred)).toEqual({ p50Ms: 50, p95Ms: 95, p99Ms: 99, maxMs: 100 });
});

it('a rate counts by the second', () => {
  expect(perSecond(20_000, 8_000)).toBe(2_500);
  expect(perSecond(1, 3_000)).toBe(0.3);
});

it('rounding keeps so many decimals', () => {
  expect([round(1.005_1, 2), round(1.25, 0), round(0.333_33, 3)]).toEqual([1.01, 1, 0.333]);
});
