import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { SrvRecord } from './dns-message.ts';
import { selectSrvTargets } from './srv-selection.ts';

function record(name: string, fields: Partial<SrvRecord> = {}): SrvRecord {
  return { priority: 0, weight: 0, port: 443, target: name === '.' ? name : `${name}.test`, ...fields };
}

/** A small seeded generator (mulberry32), so that the picks are the same on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function targets(records: readonly SrvRecord[], random: () => number): readonly string[] {
  const selection = selectSrvTargets(records, random);
  return selection.kind === 'targets' ? selection.records.map(({ target }) => target.replace('.test', '')) : ['none'];
}

function shareOfFirst(records: readonly SrvRecord[], target: string): number {
  const random = seeded(7);
  const picks = Array.from({ length: 10_000 }, () => targets(records, random)[0]);
  return picks.filter((pick) => pick === target).length / picks.length;
}

describe('selectSrvTargets', () => {
  it('[DISC-2] chooses 90 to 10 by weight', () => {
    const share = shareOfFirst([record('light', { weight: 10 }), record('heavy', { weight: 90 })], 'heavy');
    expect(share).toBeGreaterThan(0.88);
    expect(share).toBeLessThan(0.92);
  });

  it('[DISC-2] gives equals of weight 0 equal shares', () => {
    const share = shareOfFirst([record('a'), record('b')], 'a');
    expect(share).toBeGreaterThan(0.47);
    expect(share).toBeLessThan(0.53);
  });

  it('[DISC-2] gives weight 0 beside weights a very small chance, not none', () => {
    const share = shareOfFirst([record('zero'), record('heavy', { weight: 99 })], 'zero');
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(0.03);
  });

  it('[DISC-2] tries the lowest priority first, whatever the weights', () => {
    const records = [record('last', { priority: 30, weight: 65_535 }), record('first', { priority: 1 }), record('next', { priority: 2, weight: 1 })];
    expect(targets(records, seeded(1))).toEqual(['first', 'next', 'last']);
  });

  it('[DISC-2] one record with target . means no federation', () => {
    expect(selectSrvTargets([record('.')], seeded(1))).toEqual({ kind: 'no_federation' });
  });

  it('[DISC-2] a target . beside others is left out', () => {
    expect(targets([record('.'), record('a')], seeded(1))).toEqual(['a']);
    expect(targets([record('.'), record('.', { priority: 5 })], seeded(1))).toEqual([]);
  });

  it('[DISC-2] gives at most 10 targets, the best ones', () => {
    const records = Array.from({ length: 12 }, (_, index) => record(`t${index}`, { priority: 11 - index }));
    expect(targets(records, seeded(1))).toEqual(Array.from({ length: 10 }, (_, index) => `t${11 - index}`));
  });

  it('[DISC-2] chooses by weight alike where there are more targets than are tried', () => {
    const light = Array.from({ length: 90 }, (_, index) => record(`light${index}`, { weight: 1 }));
    const share = shareOfFirst([...light, record('heavy', { weight: 10 })], 'heavy');
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
  });

  it('[DISC-2] a record that leads nowhere takes no place from one that does', () => {
    const nowhere = [...Array.from({ length: 10 }, (_, index) => record('x', { target: `192.0.2.${index}` })), record('y', { target: 'localhost' }), record('z', { port: 0 })];
    expect(targets([...nowhere, record('good', { priority: 9 })], seeded(1))).toEqual(['good']);
  });

  it.each([
    { name: 'of one priority', priorityOf: () => 0, draws: 3_200 + 10 },
    { name: 'each of its own priority', priorityOf: (index: number) => index, draws: 10 * 2 },
  ])('[DISC-2] of 3 200 records $name only those that are tried are drawn', ({ priorityOf, draws }) => {
    const random = seeded(1);
    let drawn = 0;
    const counted = (): number => {
      drawn += 1;
      return random();
    };
    const records = Array.from({ length: 3_200 }, (_, index) => record(`t${index}`, { priority: priorityOf(index), weight: index % 7 }));
    expect(new Set(targets(records, counted)).size).toBe(10);
    expect(drawn).toBe(draws);
  });

  it('[DISC-2] gives each of up to 10 records exactly once, priorities rising', () => {
    const anyRecord = fc.record({ priority: fc.nat(3), weight: fc.nat(65_535), port: fc.integer({ min: 1, max: 65_535 }), target: fc.uuid().map((label) => `${label}.test`) });
    fc.assert(
      fc.property(fc.uniqueArray(anyRecord, { maxLength: 10, selector: ({ target }) => target }), fc.integer(), (records, seed) => {
        const selection = selectSrvTargets(records, seeded(seed));
        if (selection.kind !== 'targets') throw new Error('no target is a dot');
        expect(new Set(selection.records)).toEqual(new Set(records));
        const priorities = selection.records.map(({ priority }) => priority);
        expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
      }),
    );
  });
});
