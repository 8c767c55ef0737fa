import { describe, expect, it } from 'vitest';

import { parseDomain } from '../../../protocol/ids.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { accepted, arrangeWorkers, B, later, refused, silent } from './testing/arrange-workers.ts';

describe('a resident delivery worker', () => {
  it('sends at once when it is woken', async () => {
    const { newWorker, queue, sent, time } = arrangeWorkers();
    const worker = newWorker();
    worker.start();
    await time.settle();
    queue('1');
    worker.wake([B]);
    await time.settle();
    expect(sent).toEqual(['b.test 1']);
    await worker.stop();
  });

  it('sends within 30 s what another process queued, though nobody was told', async () => {
    const { newWorker, queue, sent, time } = arrangeWorkers();
    const worker = newWorker();
    worker.start();
    await time.settle();
    queue('1');
    await time.advance(30_000);
    expect(sent).toEqual(['b.test 1']);
    await worker.stop();
  });

  it('[DEL-2] retries at the instant at which an item is due', async () => {
    const { newWorker, queue, sent, time } = arrangeWorkers((_, count) => (count === 1 ? refused('internal_error') : accepted));
    queue('1');
    const worker = newWorker();
    worker.start();
    await time.advance(4_999);
    expect(sent.length).toBe(1);
    await time.advance(1);
    expect(sent.length).toBe(2);
    await worker.stop();
  });

  it('sends what is queued for a peer while it is being served', async () => {
    const slow = later();
    const { newWorker, queue, sent, time } = arrangeWorkers((_, count) => (count === 1 ? slow.answer : accepted));
    queue('1');
    const worker = newWorker();
    worker.start();
    await time.settle();
    queue('2', { conversationKey: 2n });
    worker.wake([B]);
    await time.settle();
    expect(sent).toEqual(['b.test 1']);
    slow.give(accepted);
    await time.advance(100);
    expect(sent).toEqual(['b.test 1', 'b.test 2']);
    await worker.stop();
  });

  it('sends at once what is queued between the last look at a peer and the release of its claim', async () => {
    const { newWorker, queue, sent, stores, time } = arrangeWorkers();
    const worker = newWorker();
    const { releaseDestination } = stores.outbox;
    stores.outbox.releaseDestination = async (domain, workerId) => {
      if (sent.length === 1) {
        queue('2');
        worker.wake([B]);
        await time.settle();
      }
      await releaseDestination(domain, workerId);
    };
    queue('1');
    worker.start();
    await time.advance(5_000);
    expect(sent).toEqual(['b.test 1', 'b.test 2']);
    await worker.stop();
  });

  it('[DEL-4] an authenticated inbound request lets a held queue go', async () => {
    const { newWorker, queue, sent, stores, time } = arrangeWorkers((_, count) => (count === 1 ? silent : accepted));
    queue('1');
    const worker = newWorker();
    worker.start();
    await time.settle();
    await stores.peers.recordInbound(B, time.clock.now());
    worker.wake([B]);
    await time.settle();
    expect(sent.length).toBe(2);
    await worker.stop();
  });

  it('[DEL-4] many silent peers do not keep a living one waiting', async () => {
    const never = new Promise<PeerAnswer>(() => {});
    const { newWorker, queue, sent, time } = arrangeWorkers((request) => (request.destination === B ? accepted : never));
    for (let index = 0; index < 63; index += 1) queue('x', { destination: parseDomain(`s${index}.test`), conversationKey: BigInt(index) });
    const worker = newWorker();
    worker.start();
    await time.settle();
    queue('1', { conversationKey: 99n });
    worker.wake([B]);
    await time.settle();
    expect(sent).toContain('b.test 1');
  });

  it('stop finishes what is under way, begins nothing more and gives back the claim', async () => {
    const slow = later();
    const { newWorker, queue, sent, stores, time } = arrangeWorkers(() => slow.answer);
    queue('1');
    queue('2');
    const worker = newWorker();
    worker.start();
    await time.settle();
    const stopping = worker.stop();
    slow.give(accepted);
    await stopping;
    expect(sent).toEqual(['b.test 1']);
    expect(stores.rows.map(({ state }) => state)).toEqual(['delivered', 'queued']);
    expect(stores.claims.size).toBe(0);
    await time.advance(60_000);
    expect(sent.length).toBe(1);
  });

  it('goes on after the outbox could not be read', async () => {
    const { newWorker, queue, sent, stores, time, logged } = arrangeWorkers();
    const { claimDestinations } = stores.outbox;
    let broken = true;
    stores.outbox.claimDestinations = async (options) => {
      if (broken) throw new Error('the database is away');
      return claimDestinations(options);
    };
    queue('1');
    const worker = newWorker();
    worker.start();
    await time.settle();
    expect(logged).toContainEqual(expect.objectContaining({ level: 50, msg: 'the outbox cannot be read' }));
    broken = false;
    await time.advance(5_000);
    expect(sent).toEqual(['b.test 1']);
    await worker.stop();
  });
});
