import { describe, expect, it } from 'vitest';

import type { PeerAnswer } from './peer-answer.ts';
import { accepted, arrangeWorkers, B, silent } from './testing/arrange-workers.ts';

const page: PeerAnswer = { kind: 'unreachable', reason: 'answer_not_authentic', detail: '', retryAfterSeconds: null };
const reset: PeerAnswer = { kind: 'unreachable', reason: 'bad_answer', detail: '', retryAfterSeconds: null, sent: true };
const timeout: PeerAnswer = { kind: 'unreachable', reason: 'timeout', detail: '', retryAfterSeconds: null, sent: true };
const WAYS = [{ way: 'a page of a proxy', answer: page }, { way: 'a connection that breaks', answer: reset }];

/** Arranges a peer before which one text always fails like this. */
function arrangePoison(answer: PeerAnswer, isCore = false) {
  const arranged = arrangeWorkers(({ body }) => (body === 'poison' ? answer : accepted));
  arranged.network.core = isCore;
  const states = () => arranged.stores.rows.map(({ state, attempts }) => [state, attempts]);
  return { ...arranged, states };
}

describe('[DEL-1] an item that always fails', () => {
  it.each(WAYS)('by $way is set aside at once where a hello is answered, alone', async ({ answer }) => {
    const { newWorker, queue, states, stores, asked } = arrangePoison(answer);
    queue('poison');
    queue('behind');
    queue('other', { conversationKey: 2n });
    expect(await newWorker().drainOnce()).toEqual({ delivered: 1, retried: 1, failed: 0 });
    expect(states()).toEqual([['queued', 1], ['queued', 0], ['delivered', 0]]);
    expect(stores.peer(B).consecutiveFailures).toBe(0);
    expect(asked.hellos).toBe(1);
  });

  it.each(WAYS)('by $way is found in a batch, and the others of it go at once', async ({ answer }) => {
    const { newWorker, queue, states, time, exchanges } = arrangePoison(answer);
    const worker = newWorker();
    queue('first', { conversationKey: 99n });
    worker.start();
    await time.advance(100);
    for (let number = 0; number < 30; number += 1) queue(number === 7 ? 'poison' : String(number), { conversationKey: BigInt(number % 10) });
    worker.wake([B]);
    await time.advance(1_000);
    expect(states().filter(([state]) => state === 'queued')).toEqual([['queued', 1], ['queued', 0], ['queued', 0]]);
    for (const number of [40, 41]) queue(String(number), { conversationKey: BigInt(number) });
    exchanges.length = 0;
    worker.wake([B]);
    await time.advance(1_000);
    expect(exchanges).toEqual([['40', '41']]);
    await worker.stop();
  });

  it('holds the queue where the hello fails as well', async () => {
    const { newWorker, queue, states, stores, network } = arrangePoison(reset);
    network.hello = () => silent;
    queue('poison');
    queue('other', { conversationKey: 2n });
    await newWorker().drainOnce();
    expect(states()).toEqual([['queued', 0], ['queued', 0]]);
    expect(stores.peer(B).consecutiveFailures).toBe(1);
  });

  it('is set aside by a Core peer too, which is asked by its next item; two failures in a row are the peer’s', async () => {
    const { newWorker, queue, states, stores, asked } = arrangePoison(reset, true);
    queue('poison');
    queue('1', { conversationKey: 2n });
    expect(await newWorker().drainOnce()).toEqual({ delivered: 1, retried: 1, failed: 0 });
    expect([states(), asked.hellos]).toEqual([[['queued', 1], ['delivered', 0]], 0]);
    queue('poison', { conversationKey: 3n });
    queue('poison', { conversationKey: 4n });
    await newWorker().drainOnce();
    expect(states().slice(2)).toEqual([['queued', 1], ['queued', 0]]);
    expect(stores.peer(B).consecutiveFailures).toBe(1);
  });

  it('by taking the peer’s time holds the queue once, and is set aside the next time', async () => {
    const { newWorker, queue, states, time } = arrangePoison(timeout);
    queue('poison');
    queue('other', { conversationKey: 2n });
    const worker = newWorker();
    await worker.drainOnce();
    expect(states()).toEqual([['queued', 0], ['queued', 0]]);
    await time.advance(5_000);
    await worker.drainOnce();
    expect(states()).toEqual([['queued', 1], ['delivered', 0]]);
  });
});

describe('[DEL-4] the circuit of a peer', () => {
  /** Arranges a peer that failed five times. */
  async function arrangeOpen() {
    const arranged = arrangeWorkers(() => silent);
    const { queue, newWorker, time, stores, sent } = arranged;
    for (let number = 0; number < 8; number += 1) queue(String(number), { conversationKey: BigInt(number) });
    const worker = newWorker();
    worker.start();
    await time.advance(80_000);
    expect(stores.peer(B).circuitOpenedAt).not.toBeNull();
    expect(sent).toHaveLength(5);
    return { ...arranged, worker };
  }

  it('opens after 5 failures in 10 minutes, and is probed by one request at each due instant', async () => {
    const { worker, sent, stores, time } = await arrangeOpen();
    const dueMs = (stores.peer(B).nextAttemptAt?.getTime() ?? 0) - time.clock.now().getTime();
    worker.wake([B]);
    await time.advance(dueMs - 1);
    expect(sent).toHaveLength(5);
    await time.advance(1);
    expect(sent).toHaveLength(6);
    await worker.stop();
  });

  it('closes with the first thing the peer takes, and everything goes', async () => {
    const { worker, sent, stores, time, network } = await arrangeOpen();
    network.script = () => accepted;
    await time.advance(160_000);
    expect(stores.peer(B).circuitOpenedAt).toBeNull();
    expect(sent).toHaveLength(13);
    await worker.stop();
  });

  it('closes with an authenticated request of the peer', async () => {
    const { worker, sent, stores, time, network } = await arrangeOpen();
    network.script = () => accepted;
    await stores.peers.recordInbound(B, time.clock.now());
    worker.wake([B]);
    await time.advance(100);
    expect(sent).toHaveLength(13);
    await worker.stop();
  });

  it('while it is open nothing that is not kept is worth sending, and it is again at once when it closes', async () => {
    const { worker, stores, time, network } = await arrangeOpen();
    expect(await worker.mayReach(B)).toBe(false);
    network.script = () => accepted;
    await stores.peers.recordInbound(B, time.clock.now());
    worker.wake([B]);
    await time.settle();
    expect(await worker.mayReach(B)).toBe(true);
    await worker.stop();
  });
});
