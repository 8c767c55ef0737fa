import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PeerAnswer } from './peer-answer.ts';
import { accepted, arrangeWorkers, B, refused } from './testing/arrange-workers.ts';

const broken: PeerAnswer = { kind: 'unreachable', reason: 'bad_answer', detail: '', retryAfterSeconds: null, sent: true };
const MINUTE_MS = 60_000;

/** What happens to one item: how long the peer takes over it, and what it says, in a world that is repeated by its seed. */
interface Fate {
  readonly conversation: number;
  readonly delayMs: number;
  readonly says: 'yes' | 'no' | 'lost' | 'later';
}

const fate = fc.record<Fate>({
  conversation: fc.nat(5),
  delayMs: fc.nat(40),
  says: fc.oneof({ weight: 12, arbitrary: fc.constant('yes' as const) }, fc.constantFrom('no' as const, 'lost' as const, 'later' as const)),
});

/** A peer that stores what it takes once and remembers in which order; what it refuses it refuses for good, anything else fails once. */
function arrangePeer(fates: readonly Fate[], isCore: boolean) {
  const arranged = arrangeWorkers();
  const { network, queue, time } = arranged;
  const timelines = new Map<number, number[]>();
  const [underWay, met] = [new Map<number, number>(), new Set<number>()];
  let overlaps = 0;
  network.core = isCore;
  network.isSequential = true;
  network.script = async ({ body }) => {
    const number = Number(body);
    const { conversation, delayMs, says } = fates[number] ?? { conversation: 0, delayMs: 0, says: 'yes' };
    const isFirst = !met.has(number);
    met.add(number);
    underWay.set(conversation, (underWay.get(conversation) ?? 0) + 1);
    if (isCore && (underWay.get(conversation) ?? 0) > 1) overlaps += 1;
    await new Promise<void>((resolve) => void time.timers.after(delayMs, resolve));
    underWay.set(conversation, (underWay.get(conversation) ?? 0) - 1);
    if (says === 'no') return refused('not_a_member');
    if (isFirst && says === 'later') return refused('internal_error');
    const timeline = timelines.get(conversation) ?? [];
    timelines.set(conversation, timeline);
    if (!timeline.includes(number)) timeline.push(number);
    return isFirst && says === 'lost' ? broken : accepted;
  };
  fates.forEach(({ conversation }, number) => queue(String(number), { conversationKey: BigInt(conversation) }));
  return { ...arranged, timelines, overlaps: () => overlaps };
}

describe('[DEL-1] [DEL-3] the order within a conversation, with four requests under way', () => {
  it.each([true, false])('holds and nothing is lost or doubled, whatever fails or takes its time (to a Core peer: %s)', async (isCore) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 60 }), async (fates) => {
        const { newWorker, time, timelines, overlaps, stores } = arrangePeer(fates, isCore);
        const worker = newWorker();
        worker.start();
        for (let minute = 0; minute < 30 && stores.rows.some(({ state }) => state === 'queued'); minute += 1) await time.advance(MINUTE_MS);
        await worker.stop();
        expect(stores.rows.map(({ state }) => state)).toEqual(fates.map((_, number) => (isTaken(timelines, number) ? 'delivered' : 'failed')));
        expect(overlaps()).toBe(0);
        for (const timeline of timelines.values()) expect(timeline).toEqual(timeline.toSorted((a, b) => a - b));
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('holds with two workers on one outbox, of which one is stopped without waiting', async () => {
    const fates = Array.from({ length: 300 }, (_, number): Fate => ({ conversation: number % 7, delayMs: (number * 13) % 50, says: number % 11 === 0 ? 'lost' : 'yes' }));
    const { newWorker, time, timelines, stores, sent } = arrangePeer(fates, false);
    const [one, two] = [newWorker('w1'), newWorker('w2')];
    one.start();
    two.start();
    one.wake([B]);
    await time.advance(30);
    const stopping = one.stop({ graceMs: 1 });
    await time.advance(1);
    await stopping;
    for (let minute = 0; minute < 5; minute += 1) await time.advance(MINUTE_MS);
    await two.stop();
    expect(stores.rows.every(({ state }) => state === 'delivered')).toBe(true);
    for (const timeline of timelines.values()) expect(timeline).toEqual(timeline.toSorted((a, b) => a - b));
    expect([...timelines.values()].flat()).toHaveLength(300);
    expect(sent.length).toBeGreaterThanOrEqual(300);
  });
});

function isTaken(timelines: ReadonlyMap<number, readonly number[]>, number: number): boolean {
  return [...timelines.values()].some((timeline) => timeline.includes(number));
}
