import { describe, expect, it } from 'vitest';

import { parseConversationId, parseUserId } from '../../../protocol/ids.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import { accepted, arrangeWorkers, B, refused, silent } from './testing/arrange-workers.ts';

const event = { type: 'accepted' as const, conversationId: parseConversationId('c1:a.test'), userId: parseUserId('alice@a.test'), timestamp: parseTimestamp('2026-05-01T00:00:00.000Z') };

/** Arranges a worker with a warm lane and lets local people give receipts. */
async function arrangeReceipts() {
  const arranged = arrangeWorkers();
  const { stores, newWorker, queue, time, exchanges } = arranged;
  let marks = 0;
  const give = (count: number): void => {
    const more = Array.from({ length: count }, () => ({ event, mark: String((marks += 1)) }));
    stores.receipts.waiting.set(B, [...(stores.receipts.waiting.get(B) ?? []), ...more]);
  };
  const worker = newWorker();
  queue('first', { conversationKey: 99n });
  worker.start();
  await time.advance(1_000);
  exchanges.length = 0;
  return { ...arranged, worker, give, waiting: () => stores.receipts.waiting.get(B)?.length };
}

describe('[API-8] receipts', () => {
  it('go as events, alone where nothing else is sent', async () => {
    const { worker, give, time, exchanges, waiting } = await arrangeReceipts();
    give(3);
    worker.wake([B]);
    await time.advance(300);
    expect([exchanges, waiting()]).toEqual([[['3 events']], 0]);
    await worker.stop();
  });

  it('stand in the batch of messages, 100 at most, and the rest follows', async () => {
    const { worker, give, time, exchanges, waiting, queue, network } = await arrangeReceipts();
    const gate = Promise.withResolvers<void>();
    network.script = async () => {
      await gate.promise;
      return accepted;
    };
    queue('1');
    give(130);
    worker.wake([B]);
    await time.advance(50);
    queue('2', { conversationKey: 2n });
    worker.wake([B]);
    gate.resolve();
    await time.advance(1_000);
    expect(exchanges.flat().toSorted()).toEqual(['1', '100 events', '2', '30 events']);
    expect(waiting()).toBe(0);
    await worker.stop();
  });

  it('are what a domain is claimed for when there is nothing else', async () => {
    const { give, time, exchanges, worker } = await arrangeReceipts();
    await time.advance(10_000);
    give(1);
    worker.wake([B]);
    await time.settle();
    expect(exchanges).toEqual([['1 events']]);
    await worker.stop();
  });

  it('are dropped where the peer is Core, without a request', async () => {
    const { worker, give, time, exchanges, waiting, network } = await arrangeReceipts();
    network.core = true;
    await time.advance(10_000);
    give(2);
    worker.wake([B]);
    await time.advance(300);
    expect([exchanges, waiting()]).toEqual([[], 0]);
    await worker.stop();
  });

  it('that are refused for good are told no more; what may pass is kept, and holds no message', async () => {
    const { worker, give, time, network, waiting, stores, queue, sent } = await arrangeReceipts();
    network.events = () => refused('sender_domain_mismatch');
    give(2);
    worker.wake([B]);
    await time.advance(300);
    expect(waiting()).toBe(0);
    network.events = () => refused('internal_error');
    give(2);
    worker.wake([B]);
    await time.advance(300);
    queue('1');
    worker.wake([B]);
    await time.advance(300);
    expect([waiting(), sent.at(-1), stores.peer(B).consecutiveFailures]).toEqual([2, 'b.test 1', 0]);
    network.events = () => accepted;
    await time.advance(60_000);
    worker.wake([B]);
    await time.advance(300);
    expect(waiting()).toBe(0);
    await worker.stop();
  });

  it('that find nobody hold the queue as a message does, and are kept', async () => {
    const { worker, give, time, network, waiting, stores } = await arrangeReceipts();
    network.events = () => silent;
    give(2);
    worker.wake([B]);
    await time.advance(300);
    expect([waiting(), stores.peer(B).consecutiveFailures]).toEqual([2, 1]);
    await worker.stop();
  });
});
