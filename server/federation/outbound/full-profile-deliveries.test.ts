import { describe, expect, it } from 'vitest';

import { accepted, arrangeWorkers, B } from './testing/arrange-workers.ts';
import type { PeerAnswer } from './peer-answer.ts';

const notAuthentic: PeerAnswer = { kind: 'unreachable', reason: 'answer_not_authentic', detail: '', retryAfterSeconds: null };

/** What a peer says where nobody vouches for it. */
function unsigned(code: 'misdirected' | 'domain_blocked', status: number): PeerAnswer {
  return { kind: 'refused', status, code, permanent: false, retryAfterSeconds: null };
}

describe('the delivery worker, between profiles', () => {
  it('what only Full peers take is done without a request where the peer is Core, in its place of the order', async () => {
    const { newWorker, queue, sent, stores, network } = arrangeWorkers();
    network.core = true;
    queue('1');
    queue('a receipt', { fullOnly: true });
    queue('2');
    expect(await newWorker().drainOnce()).toEqual({ delivered: 3, retried: 0, failed: 0 });
    expect(sent).toEqual(['b.test 1', 'b.test 2']);
    expect(stores.rows.map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  it('what only Full peers take is sent to a peer that is Full, and waits for one that is not known', async () => {
    const { newWorker, queue, sent, stores, network, time } = arrangeWorkers();
    network.script = () => ({ kind: 'unreachable', reason: 'key_document_unavailable', detail: '', retryAfterSeconds: null });
    const row = queue('a receipt', { fullOnly: true });
    await newWorker().drainOnce();
    expect([row.state, row.errorCode]).toEqual(['queued', 'key_document_unavailable']);
    network.script = () => accepted;
    await time.advance(5_000);
    await newWorker().drainOnce();
    expect(sent).toEqual(['b.test a receipt', 'b.test a receipt']);
    expect(stores.rows[0]?.state).toBe('delivered');
  });

  it('what is dropped proves nothing about the peer', async () => {
    const { newWorker, queue, stores, network } = arrangeWorkers();
    network.core = true;
    queue('a receipt', { fullOnly: true });
    await newWorker().drainOnce();
    expect(stores.peer(B).lastSuccessAt).toBeNull();
  });

  it('[SIG-9] an answer that is not authentic holds the queue and loses nothing, and the author is told why', async () => {
    const { newWorker, queue, sent, stores, network, time, events } = arrangeWorkers(() => notAuthentic);
    network.hello = () => notAuthentic;
    queue('1');
    queue('2', { conversationKey: 2n });
    await newWorker().drainOnce();
    expect(sent).toEqual(['b.test 1']);
    expect(stores.rows.map(({ state, attempts }) => [state, attempts])).toEqual([['queued', 0], ['queued', 0]]);
    expect(stores.peer(B)).toMatchObject({ consecutiveFailures: 1, lastFailureReason: 'answer_not_authentic' });
    expect(events).toMatchObject([{ delivery: { errorCode: 'answer_not_authentic' } }, { delivery: { errorCode: 'answer_not_authentic' } }]);
    network.script = () => accepted;
    await time.advance(5_000);
    expect((await newWorker().drainOnce()).delivered).toBe(2);
  });

  it('[ERR-4] a misdirected that nobody vouches for holds the queue and fails nothing', async () => {
    const { newWorker, queue, stores } = arrangeWorkers(() => unsigned('misdirected', 421));
    queue('1');
    queue('2', { conversationKey: 2n });
    expect(await newWorker().drainOnce()).toEqual({ delivered: 0, retried: 1, failed: 0 });
    expect(stores.rows.map(({ state }) => state)).toEqual(['queued', 'queued']);
  });

  it('[ERR-4] domain_blocked without a signature still tells the operator', async () => {
    const { newWorker, queue, logged } = arrangeWorkers(() => unsigned('domain_blocked', 403));
    queue('1');
    await newWorker().drainOnce();
    expect(logged).toContainEqual(expect.objectContaining({ level: 50, operatorAlert: true, reason: 'domain_blocked' }));
  });
});
