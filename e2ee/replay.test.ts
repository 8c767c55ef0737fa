import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseUserId } from '../protocol/ids.ts';
import { createSequenceTracker } from './replay.ts';

const alice = { senderId: parseUserId('alice@a.test'), device: '0000000000000001' };
const phone = { ...alice, device: '0000000000000002' };
const bob = { ...alice, senderId: parseUserId('bob@b.test') };

describe('the sequence tracker', () => {
  it('[E2E-8] accepts a device counting up from wherever it is first seen', () => {
    const tracker = createSequenceTracker();
    for (const seq of [5, 6, 7]) expect(tracker.observe({ ...alice, seq })).toEqual({ kind: 'accept' });
  });

  it('[E2E-8] a number seen before is a replay, of the same device and sender only', () => {
    const tracker = createSequenceTracker();
    tracker.observe({ ...alice, seq: 1 });
    expect(tracker.observe({ ...alice, seq: 1 })).toEqual({ kind: 'replay' });
    expect(tracker.observe({ ...phone, seq: 1 })).toEqual({ kind: 'accept' });
    expect(tracker.observe({ ...bob, seq: 1 })).toEqual({ kind: 'accept' });
  });

  it('[E2E-8] a gap is reported and closes when the messages come', () => {
    const tracker = createSequenceTracker();
    tracker.observe({ ...alice, seq: 1 });
    expect(tracker.observe({ ...alice, seq: 4 })).toEqual({ kind: 'gap', missing: [[2, 3]] });
    expect(tracker.observe({ ...alice, seq: 3 })).toEqual({ kind: 'gap', missing: [[2, 2]] });
    expect(tracker.missing(alice)).toEqual([[2, 2]]);
    expect(tracker.observe({ ...alice, seq: 2 })).toEqual({ kind: 'accept' });
    expect(tracker.missing(alice)).toEqual([]);
  });

  it('[E2E-8] older messages than the first seen are no gap: the reader scrolls back', () => {
    const tracker = createSequenceTracker();
    tracker.observe({ ...alice, seq: 50 });
    expect(tracker.observe({ ...alice, seq: 10 })).toEqual({ kind: 'accept' });
    expect(tracker.observe({ ...alice, seq: 10 })).toEqual({ kind: 'replay' });
    expect(tracker.observe({ ...alice, seq: 52 })).toEqual({ kind: 'gap', missing: [[51, 51]] });
  });

  it('[E2E-8] a far jump costs one run, not its length', () => {
    const tracker = createSequenceTracker();
    tracker.observe({ ...alice, seq: 1 });
    const seq = Number.MAX_SAFE_INTEGER;
    expect(tracker.observe({ ...alice, seq })).toEqual({ kind: 'gap', missing: [[2, seq - 1]] });
  });

  it('[E2E-8] knows from its kept state what it knew', () => {
    const tracker = createSequenceTracker();
    for (const seq of [3, 6, 1]) tracker.observe({ ...alice, seq });
    const again = createSequenceTracker(JSON.parse(JSON.stringify(tracker.state())));
    expect(again.missing(alice)).toEqual([[4, 5]]);
    expect(again.observe({ ...alice, seq: 3 })).toEqual({ kind: 'replay' });
    expect(again.state()).toEqual(tracker.state());
  });

  it('[E2E-8] whatever the order, exactly the numbers never seen are missing and exactly the repeated ones replays', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }), (numbers) => {
        const tracker = createSequenceTracker();
        const seen = new Set<number>();
        for (const seq of numbers) {
          expect(tracker.observe({ ...alice, seq }).kind === 'replay').toBe(seen.has(seq));
          seen.add(seq);
        }
        const [first = 0] = numbers;
        const expected = Array.from({ length: 30 }, (_, index) => index + 1).filter(
          (number) => number > first && number < Math.max(...seen) && !seen.has(number),
        );
        const missing = tracker.missing(alice).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
        expect(missing).toEqual(expected);
      }),
    );
  });
});
