import { describe, expect, it } from 'vitest';

import type { ErrorCode } from '../../../protocol/errors.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import { accepted, arrangeWorkers, B, later, refused, silent } from './testing/arrange-workers.ts';

const C = parseDomain('c.test');
const DAY_MS = 86_400_000;

describe('createDeliveryWorker', () => {
  it('[DEL-1] sends the items of a peer in order and tells their author', async () => {
    const { newWorker, queue, sent, stores, events } = arrangeWorkers();
    for (const body of ['1', '2', '3']) queue(body);
    expect(await newWorker().drainOnce()).toEqual({ delivered: 3, retried: 0, failed: 0 });
    expect(sent).toEqual(['b.test 1', 'b.test 2', 'b.test 3']);
    expect(stores.rows.map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(events.map((event) => event.kind === 'delivery' && event.delivery.state)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(stores.peer(B).lastSuccessAt).not.toBeNull();
    expect(stores.claims.size).toBe(0);
  });

  it('[DEL-1] empties a queue of any length', async () => {
    const { newWorker, queue, sent } = arrangeWorkers();
    for (let index = 0; index < 120; index += 1) queue(String(index));
    expect((await newWorker().drainOnce()).delivered).toBe(120);
    expect(sent).toEqual(Array.from({ length: 120 }, (_, index) => `b.test ${index}`));
  });

  it('[DEL-3] the answer "duplicate" is a delivery', async () => {
    const { newWorker, queue, stores } = arrangeWorkers(() => ({ kind: 'success', status: 202, json: { status: 'duplicate' } }));
    queue('1');
    expect((await newWorker().drainOnce()).delivered).toBe(1);
    expect(stores.rows[0]?.state).toBe('delivered');
  });

  it('[DEL-1] a permanent refusal fails one item and lets the next of its conversation go', async () => {
    const { newWorker, queue, stores, events } = arrangeWorkers((request) => (request.body === '1' ? refused('not_a_member') : accepted));
    queue('1');
    queue('2');
    expect(await newWorker().drainOnce()).toEqual({ delivered: 1, retried: 0, failed: 1 });
    expect(stores.rows.map(({ state, errorCode }) => [state, errorCode])).toEqual([['failed', 'not_a_member'], ['delivered', null]]);
    expect(events[0]).toMatchObject({ kind: 'delivery', delivery: { state: 'failed', errorCode: 'not_a_member', domain: 'b.test' } });
  });

  it('[DEL-1] an item put back holds only the later items of its conversation, in order', async () => {
    const { newWorker, queue, sent, time, network } = arrangeWorkers((request) => (request.body === '1' ? refused('internal_error') : accepted));
    queue('1');
    queue('other', { conversationKey: 2n });
    queue('2');
    const worker = newWorker();
    expect(await worker.drainOnce()).toEqual({ delivered: 1, retried: 1, failed: 0 });
    expect(sent).toEqual(['b.test 1', 'b.test other']);
    network.script = () => accepted;
    await time.advance(5_000);
    expect(await worker.drainOnce()).toEqual({ delivered: 2, retried: 0, failed: 0 });
    expect(sent.slice(2)).toEqual(['b.test 1', 'b.test 2']);
  });

  it('[DEL-2] an item that is put back again waits twice as long', async () => {
    const { newWorker, queue, stores, time } = arrangeWorkers(() => refused('internal_error'));
    const row = queue('1');
    const worker = newWorker();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await worker.drainOnce();
      waits.push(row.nextAttemptAt.getTime() - time.clock.now().getTime());
      await time.advance(row.nextAttemptAt.getTime() - time.clock.now().getTime());
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000]);
    expect(stores.rows[0]?.attempts).toBe(4);
  });

  it('[DEL-1] a failure of the peer holds its whole queue and counts as no attempt of the items', async () => {
    const { newWorker, queue, sent, stores, events } = arrangeWorkers(() => silent);
    queue('1');
    queue('2', { conversationKey: 2n });
    const worker = newWorker();
    await worker.drainOnce();
    await worker.drainOnce();
    expect(sent).toEqual(['b.test 1']);
    expect(stores.rows.map(({ attempts }) => attempts)).toEqual([0, 0]);
    expect(stores.peer(B)).toMatchObject({ consecutiveFailures: 1, lastFailureReason: 'connect_failed' });
    expect(events.map((event) => event.kind === 'delivery' && event.delivery.errorCode)).toEqual(['connect_failed', 'connect_failed']);
  });

  it('[DEL-2] the back-off of a peer goes on in a new worker', async () => {
    const { newWorker, queue, sent, stores, time, network } = arrangeWorkers(() => silent);
    queue('1');
    await newWorker('before').drainOnce();
    await time.advance(5_000);
    await newWorker('before').drainOnce();
    expect(sent.length).toBe(2);
    const after = newWorker('after');
    await time.advance(9_999);
    await after.drainOnce();
    expect(sent.length).toBe(2);
    await time.advance(1);
    await after.drainOnce();
    expect(sent.length).toBe(3);
    expect(stores.peer(B).consecutiveFailures).toBe(3);
    network.script = () => accepted;
    await time.advance(20_000);
    expect((await after.drainOnce()).delivered).toBe(1);
    expect(stores.peer(B).consecutiveFailures).toBe(0);
  });

  it('[DEL-4] a slow peer does not keep another waiting', async () => {
    const slow = later();
    const { newWorker, queue, sent, stores } = arrangeWorkers((request) => (request.destination === B ? slow.answer : accepted));
    queue('1');
    queue('2', { destination: C, conversationKey: 2n });
    const draining = newWorker().drainOnce();
    while (sent.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stores.rows.map(({ state }) => state)).toEqual(['queued', 'delivered']);
    slow.give(accepted);
    expect((await draining).delivered).toBe(2);
  });

  it('[DEL-2] an item is given up, unsent, at 7 days and not before', async () => {
    const { newWorker, queue, sent, stores, time } = arrangeWorkers(() => refused('internal_error'));
    const row = queue('1');
    const worker = newWorker();
    await time.advance(7 * DAY_MS - 1);
    await worker.drainOnce();
    expect([row.state, sent.length]).toEqual(['queued', 1]);
    await time.advance(2 * 3_600_000);
    expect(await worker.drainOnce()).toEqual({ delivered: 0, retried: 0, failed: 1 });
    expect(stores.rows[0]).toMatchObject({ state: 'failed', errorCode: 'expired' });
    expect(sent.length).toBe(1);
  });

  it('[ERR-4] unknown_conversation is retried for 10 minutes from its first refusal, then believed', async () => {
    const { newWorker, queue, time } = arrangeWorkers(() => refused('unknown_conversation'));
    const row = queue('1');
    const worker = newWorker();
    await worker.drainOnce();
    const firstRefusedAt = row.firstRefusedAt;
    while (row.state === 'queued') {
      await time.advance(row.nextAttemptAt.getTime() - time.clock.now().getTime());
      const ageMs = time.clock.now().getTime() - (firstRefusedAt?.getTime() ?? 0);
      await worker.drainOnce();
      expect(row.state).toBe(ageMs < 600_000 ? 'queued' : 'failed');
    }
    expect(row.errorCode).toBe('unknown_conversation');
    expect(row.attempts).toBeGreaterThan(3);
  });

  it('[ERR-4] what was refused for another reason before does not age unknown_conversation', async () => {
    let code: ErrorCode = 'internal_error';
    const { newWorker, queue, time } = arrangeWorkers(() => refused(code));
    const row = queue('1');
    const worker = newWorker();
    await worker.drainOnce();
    await time.advance(3_600_000);
    code = 'unknown_conversation';
    await worker.drainOnce();
    expect([row.state, row.firstRefusedAt]).toEqual(['queued', time.clock.now()]);
  });

  it.each(['unknown_key', 'domain_blocked', 'signature_invalid'] as const)('[ERR-4] %s holds the queue for long and tells the operator', async (code) => {
    const { newWorker, queue, stores, time, logged } = arrangeWorkers(() => refused(code));
    queue('1');
    await newWorker().drainOnce();
    expect(stores.peer(B).nextAttemptAt?.getTime()).toBe(time.clock.now().getTime() + 300_000);
    expect(logged).toContainEqual(expect.objectContaining({ level: 50, operatorAlert: true, reason: code, destination: 'b.test' }));
  });

  it('[ERR-4] Retry-After lengthens a wait and never shortens it', async () => {
    const patient = arrangeWorkers(() => refused('rate_limited', 3_600));
    patient.queue('1');
    await patient.newWorker().drainOnce();
    expect(patient.stores.peer(B).nextAttemptAt?.getTime()).toBe(patient.time.clock.now().getTime() + 3_600_000);
    const hasty = arrangeWorkers(() => refused('internal_error', 1));
    const row = hasty.queue('1');
    await hasty.newWorker().drainOnce();
    expect(row.nextAttemptAt.getTime()).toBe(hasty.time.clock.now().getTime() + 5_000);
  });

  it('[DISC-2] a domain that takes no part fails its items', async () => {
    const { newWorker, queue, stores } = arrangeWorkers(() => ({ kind: 'unreachable', reason: 'peer_does_not_federate', detail: '', retryAfterSeconds: null }));
    queue('1');
    queue('2');
    expect((await newWorker().drainOnce()).failed).toBe(2);
    expect(stores.rows[1]).toMatchObject({ state: 'failed', errorCode: 'peer_does_not_federate' });
  });

  it('sends nothing to a blocked domain, keeps its queue, and goes on when the block is lifted', async () => {
    const { time, sent, events, network, newWorker, queue } = arrangeWorkers();
    network.blocked = true;
    await queue('one');
    expect(await newWorker().drainOnce()).toMatchObject({ delivered: 0, failed: 0 });
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ kind: 'delivery', delivery: { state: 'queued', errorCode: 'blocked_here' } }]);
    network.blocked = false;
    await time.advance(450_000);
    await newWorker().drainOnce();
    expect(sent).toEqual(['b.test one']);
  });

  it('a fault of our own with one item does not keep the others', async () => {
    const { newWorker, queue, stores } = arrangeWorkers((request) => {
      if (request.body === '1') throw new Error('a fault');
      return accepted;
    });
    queue('1');
    queue('2', { conversationKey: 2n });
    expect(await newWorker().drainOnce()).toEqual({ delivered: 1, retried: 1, failed: 0 });
    expect(stores.rows[0]).toMatchObject({ state: 'queued', errorCode: 'internal_error' });
  });

  it('[DEL-5] two workers never send one item at once, and a claim is kept as long as the work lasts', async () => {
    const slow = later();
    const { newWorker, queue, sent, time } = arrangeWorkers(() => slow.answer);
    queue('1');
    const first = newWorker('w1').drainOnce({ budgetMs: 120_000 });
    await time.advance(90_000);
    expect(await newWorker('w2').drainOnce()).toEqual({ delivered: 0, retried: 0, failed: 0 });
    expect(sent.length).toBe(1);
    slow.give(accepted);
    expect((await first).delivered).toBe(1);
  });

  it('[DEL-5] the claim of a dead worker is free after 60 s', async () => {
    const { newWorker, queue, stores, time, sent } = arrangeWorkers();
    queue('1');
    await stores.outbox.claimDestinations({ workerId: 'dead', now: time.clock.now(), claimMs: 60_000, limit: 1, scope: 'everywhere' });
    await time.advance(59_999);
    await newWorker().drainOnce();
    expect(sent.length).toBe(0);
    await time.advance(1);
    await newWorker().drainOnce();
    expect(sent.length).toBe(1);
  });

  it('[DEL-5] a worker that lost its claim sends nothing more', async () => {
    const { newWorker, queue, sent, stores, time } = arrangeWorkers();
    const { listDue } = stores.outbox;
    const database = Promise.withResolvers<void>();
    stores.outbox.listDue = async (...options) => {
      await database.promise;
      return listDue(...options);
    };
    queue('1');
    const draining = newWorker('w1').drainOnce();
    await time.settle();
    await stores.outbox.releaseDestination(B, { workerId: 'w1', now: time.clock.now() });
    await stores.outbox.claimDestinations({ workerId: 'w2', now: time.clock.now(), claimMs: 60_000, limit: 1, scope: 'everywhere' });
    await time.advance(20_000);
    database.resolve();
    expect(await draining).toEqual({ delivered: 0, retried: 0, failed: 0 });
    expect(sent).toEqual([]);
  });
});
