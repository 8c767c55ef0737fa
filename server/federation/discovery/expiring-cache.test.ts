import { describe, expect, it } from 'vitest';

import { createExpiringCache } from './expiring-cache.ts';

describe('createExpiringCache', () => {
  it('gives a value until its time is over', () => {
    let nowMs = 0;
    const cache = createExpiringCache<string, number>({ clock: { now: () => new Date(nowMs) }, maxEntries: 2 });
    cache.set('a', 1, 10);
    nowMs = 9;
    expect(cache.get('a')).toBe(1);
    nowMs = 10;
    expect(cache.get('a')).toBeUndefined();
  });

  it('[DISC-3] gives nothing that was written by a clock that has been set back since', () => {
    let nowMs = 86_400_000;
    const cache = createExpiringCache<string, number>({ clock: { now: () => new Date(nowMs) }, maxEntries: 2 });
    cache.set('a', 1, 10);
    expect(cache.get('a')).toBe(1);
    nowMs = 0;
    expect(cache.get('a')).toBeUndefined();
  });

  it('lets the oldest go when it is full', () => {
    const cache = createExpiringCache<string, number>({ clock: { now: () => new Date(0) }, maxEntries: 2 });
    cache.set('a', 1, 10);
    cache.set('b', 2, 10);
    cache.set('a', 3, 10);
    cache.set('c', 4, 10);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([3, undefined, 4]);
  });
});
