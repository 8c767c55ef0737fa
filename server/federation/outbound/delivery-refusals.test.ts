import { describe, expect, it } from 'vitest';
import type { PeerAnswer } from './peer-answer.ts';
import { accepted, arrangeWorkers, B, refused } from './testing/arrange-workers.ts';

const HOUR_MS = 3_600_000;

describe('a conversation that a peer does not know', () => {
  it.each(['alone', 'in batches'] as const)('[ERR-4] is waited for once: each later item, sent %s, is tried once and given up at once', async (how) => {
    const { newWorker, queue, stores, sent, time, network } = arrangeWorkers(() => refused('unknown_conversation'));
    network.core = how === 'alone';
    const worker = newWorker();
    worker.start();
    const texts = ['1', '2', '3', '4'];
    for (const text of texts) queue(text);
    worker.wake([B]);
    await time.advance(599_000);
    expect(stores.rows.map(({ state }) => state)).toEqual(['queued', 'queued', 'queued', 'queued']);
    while (stores.rows[0]?.state === 'queued') await time.advance(1_000);
    sent.length = 0;
    await time.advance(1_000);
    expect(stores.rows.map(({ state, errorCode }) => `${state} ${errorCode}`)).toEqual(texts.map(() => 'failed unknown_conversation'));
    if (how === 'alone') expect(sent.length).toBeLessThanOrEqual(3);
    await worker.stop();
  });
});

/** Answers as a peer whose present epoch is another. */
const stale = (currentEpoch: number): PeerAnswer => ({ kind: 'refused', status: 409, code: 'stale_epoch', permanent: true, retryAfterSeconds: null, currentEpoch });

describe('a leave that states an epoch', () => {
  const leave = (action = 'leave'): string => JSON.stringify({ conversationId: '1', text: 'change', action, epoch: 5 });

  it('[ERR-4] which the peer has yet to hear of waits for it by the ordinary schedule, and is taken then', async () => {
    let answer = stale(4);
    const { newWorker, stores, time } = arrangeWorkers(() => answer);
    const row = stores.queue({ destination: B, at: time.clock.now(), body: leave() });
    const worker = newWorker();
    expect(await worker.drainOnce()).toMatchObject({ retried: 1, failed: 0 });
    expect(row).toMatchObject({ state: 'queued', errorCode: 'stale_epoch', nextAttemptAt: new Date(time.clock.now().getTime() + 5_000) });
    answer = accepted;
    await time.advance(HOUR_MS);
    expect(await worker.drainOnce()).toMatchObject({ delivered: 1 });
  });

  it.each([
    ['that has gone by at the peer', leave(), stale(6)],
    ['that the peer has', leave(), stale(5)],
    ['to a peer that does not state its own', leave(), refused('stale_epoch')],
    ['as any other change does: nothing but this queue brings the peer forward', leave('rotate_key'), stale(3)],
  ])('[ERR-4] %s is given up', async (_which, body, answer) => {
    const { newWorker, stores, time } = arrangeWorkers(() => answer);
    const row = stores.queue({ destination: B, at: time.clock.now(), body });
    expect(await newWorker().drainOnce()).toMatchObject({ failed: 1 });
    expect(row).toMatchObject({ state: 'failed', errorCode: 'stale_epoch' });
  });
});
