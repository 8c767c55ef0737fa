import { describe, expect, it } from 'vitest';
import { parseConversationId, parseUserId } from '../../../protocol/ids.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import type { OutgoingReceipt } from '../../domain/receipts/outgoing-receipts.ts';
import { ClaimAgenda } from './claim-agenda.ts';
import { accepted, arrangeWorkers, B, later, refused } from './testing/arrange-workers.ts';

const HOUR_MS = 3_600_000;
const receipt: OutgoingReceipt = {
  event: { type: 'accepted', conversationId: parseConversationId('c1:a.test'), userId: parseUserId('alice@a.test'), timestamp: parseTimestamp('2026-05-01T00:00:00.000Z') },
  mark: '1',
};

describe('a clock that ran ahead and is put back', () => {
  it('[DEL-5] leaves a resident worker that sends within 30 s what nobody told it of', async () => {
    const { newWorker, queue, sent, time } = arrangeWorkers();
    const worker = newWorker();
    time.setClock(HOUR_MS);
    worker.start();
    await time.advance(10_000);
    time.setClock(-HOUR_MS);
    queue('1');
    await time.advance(30_000);
    expect(sent).toEqual(['b.test 1']);
    await worker.stop();
  });

  it('[DEL-2] does not keep a retry waiting for longer than a walk through the queue', async () => {
    const { newWorker, queue, sent, time } = arrangeWorkers((_, count) => (count === 1 ? refused('internal_error') : accepted));
    const worker = newWorker();
    time.setClock(HOUR_MS);
    worker.start();
    await time.advance(10_000);
    time.setClock(-HOUR_MS);
    queue('1');
    worker.wake([B]);
    await time.advance(36_000);
    expect(sent).toHaveLength(2);
    await worker.stop();
  });

  it('[DEL-4] ends the turn of a lane whose claim is further ahead than any, which claims anew', async () => {
    const first = later();
    const { newWorker, queue, sent, stores, time } = arrangeWorkers((_, count) => (count === 1 ? first.answer : accepted));
    const worker = newWorker();
    time.setClock(HOUR_MS);
    queue('1');
    worker.start();
    await time.advance(1_000);
    time.setClock(-HOUR_MS);
    queue('2');
    first.give(accepted);
    await time.advance(1_000);
    expect(sent).toEqual(['b.test 1', 'b.test 2']);
    expect(stores.claims.get(B)?.untilMs).toBeLessThanOrEqual(time.clock.now().getTime() + 60_000);
    expect(stores.calls.filter((call) => call === 'releaseDestination')).toHaveLength(1);
    await worker.stop();
  });

  it('[DEL-4] lets local policy be heeded and receipts be told by a lane that goes on, though its last looks are ahead', async () => {
    const { newWorker, queue, sent, exchanges, stores, time, network } = arrangeWorkers();
    const worker = newWorker();
    worker.start();
    for (const text of ['1', '2', '3']) {
      queue(text);
      worker.wake([B]);
      await time.advance(4_000);
    }
    time.setClock(-6_000);
    stores.receipts.waiting.set(B, [receipt]);
    worker.wake([B]);
    await time.advance(300);
    expect(exchanges.at(-1)).toEqual(['1 events']);
    expect(stores.calls).not.toContain('releaseDestination');
    time.setClock(-1_000);
    network.blocked = true;
    queue('4');
    worker.wake([B]);
    await time.advance(100);
    expect(sent).toEqual(['b.test 1', 'b.test 2', 'b.test 3']);
    await worker.stop();
  });

  it('[DEL-5] ends a single drain at the end of its budget all the same', async () => {
    const never = later();
    const { newWorker, queue, time } = arrangeWorkers(() => never.answer);
    queue('1');
    const draining = newWorker().drainOnce({ budgetMs: 5_000 });
    await time.settle();
    time.setClock(-HOUR_MS);
    await time.advance(5_000);
    expect(await draining).toEqual({ delivered: 0, retried: 0, failed: 0 });
  });
});

describe('an agenda', () => {
  it('[DEL-5] counts an instant further ahead than it was ever set as come, and none that is not', () => {
    const agenda = new ClaimAgenda();
    agenda.claimed({ scope: 'everywhere', nowMs: HOUR_MS, isLimited: false, stillWanted: [], nextDueAt: null });
    expect([agenda.next(HOUR_MS), agenda.waitMs(HOUR_MS)]).toEqual([null, 30_000]);
    expect([agenda.waitMs(HOUR_MS - 1), agenda.next(HOUR_MS - 1)]).toEqual([0, 'everywhere']);
    agenda.failed('everywhere', HOUR_MS);
    expect([agenda.next(HOUR_MS), agenda.waitMs(HOUR_MS)]).toEqual([null, 1_000]);
    expect(agenda.next(0)).toBe('everywhere');
  });
});
