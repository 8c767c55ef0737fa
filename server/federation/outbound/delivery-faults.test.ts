import { describe, expect, it } from 'vitest';

import { accepted, arrangeWorkers, B, refused } from './testing/arrange-workers.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('items to a blocked domain', () => {
  it('[DEL-2] fail visibly at 7 days, unsent, and the younger ones wait on', async () => {
    const { newWorker, queue, stores, time, sent, events, network } = arrangeWorkers();
    network.blocked = true;
    for (let number = 0; number < 60; number += 1) queue(String(number), { conversationKey: BigInt(number) });
    await time.advance(DAY_MS);
    const young = queue('young', { conversationKey: 99n });
    const worker = newWorker();
    expect(await worker.drainOnce()).toEqual({ delivered: 0, retried: 1, failed: 0 });
    await time.advance(6 * DAY_MS);
    events.length = 0;
    expect(await worker.drainOnce()).toEqual({ delivered: 0, retried: 1, failed: 60 });
    expect(new Set(stores.rows.slice(0, 60).map(({ state, errorCode }) => `${state} ${errorCode}`))).toEqual(new Set(['failed expired']));
    expect(events[0]).toMatchObject({ kind: 'delivery', delivery: { state: 'failed', errorCode: 'expired' } });
    expect([young.state, young.errorCode, sent.length]).toEqual(['queued', 'blocked_here', 0]);
  });
});

describe('faults of our own', () => {
  it('[DEL-2] a profile that cannot be told lets its item wait by the schedule, and the others go', async () => {
    const { newWorker, queue, stores, sent, time, network } = arrangeWorkers();
    network.core = new Error('a fault');
    const row = queue('a receipt', { fullOnly: true });
    queue('1', { conversationKey: 2n });
    const worker = newWorker();
    worker.start();
    await time.advance(4_999);
    expect(row).toMatchObject({ state: 'queued', attempts: 1, errorCode: 'internal_error' });
    expect(row.nextAttemptAt.getTime()).toBe(time.clock.now().getTime() + 1);
    network.core = false;
    await time.advance(1);
    expect(sent).toEqual(['b.test 1', 'b.test a receipt']);
    expect(stores.rows.map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    await worker.stop();
  });

  it.each(['changes nothing', 'fails'] as const)('[DEL-3] where a mark %s what the peer took is not sent again for a minute', async (fault) => {
    const { newWorker, queue, stores, sent, time, logged } = arrangeWorkers();
    const { markDelivered } = stores.outbox;
    const stuck = queue('1');
    stores.outbox.markDelivered = async (domain, ids) => {
      if (!ids.includes(stuck.id)) return markDelivered(domain, ids);
      if (fault === 'fails') throw new Error('the disk is full');
      return [];
    };
    const worker = newWorker();
    worker.start();
    await time.advance(1_000);
    queue('other', { conversationKey: 2n });
    worker.wake([B]);
    await time.advance(58_999);
    expect(sent).toEqual(['b.test 1', 'b.test other']);
    expect(logged.filter(({ operatorAlert }) => operatorAlert === true)).toHaveLength(1);
    stores.outbox.markDelivered = markDelivered;
    await time.advance(31_000);
    expect(stuck.state).toBe('delivered');
    await worker.stop();
  });

  it('[DEL-2] the next attempt of an item that was put back is not taken for the one before', async () => {
    const { newWorker, queue, sent, time } = arrangeWorkers((_, count) => (count < 3 ? refused('internal_error') : accepted));
    queue('1');
    const worker = newWorker();
    worker.start();
    await time.advance(15_000);
    expect(sent).toEqual(['b.test 1', 'b.test 1', 'b.test 1']);
    await worker.stop();
  });
});

describe('the operator', () => {
  it('[ERR-4] is told once an hour of one reason, whatever the peer makes us try', async () => {
    let code: 'unknown_key' | 'domain_blocked' = 'unknown_key';
    const { newWorker, queue, stores, logged, time } = arrangeWorkers(() => refused(code));
    const alerts = () => logged.filter(({ operatorAlert }) => operatorAlert === true).length;
    queue('1');
    const worker = newWorker();
    const tryOnce = async (): Promise<void> => {
      await stores.peers.recordInbound(B, time.clock.now());
      await worker.drainOnce();
    };
    for (let hello = 0; hello < 100; hello += 1) {
      await tryOnce();
      await time.advance(5_000);
    }
    expect(alerts()).toBe(1);
    expect(logged.filter((line) => line.level === 30)).toHaveLength(99);
    code = 'domain_blocked';
    await tryOnce();
    expect(alerts()).toBe(2);
    await time.advance(HOUR_MS);
    await tryOnce();
    expect(alerts()).toBe(3);
  });
});
