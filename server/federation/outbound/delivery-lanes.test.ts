import { describe, expect, it, vi } from 'vitest';

import { parseDomain } from '../../../protocol/ids.ts';
import { accepted, arrangeWorkers, B, later } from './testing/arrange-workers.ts';

/** Arranges a worker that has just sent one item to a Full peer, so that its lane is warm. */
async function arrangeWarm() {
  const arranged = arrangeWorkers();
  const worker = arranged.newWorker();
  arranged.queue('first', { conversationKey: 999n });
  worker.start();
  await arranged.time.advance(100);
  arranged.stores.calls.length = 0;
  arranged.sent.length = 0;
  arranged.exchanges.length = 0;
  return { ...arranged, worker, count: (name: string) => arranged.stores.calls.filter((call) => call === name).length };
}

describe('[DEL-5] a warm lane', () => {
  it('sends what it is woken for without a claim, in one look, one request and one strike', async () => {
    const { worker, queue, stores, sent, time } = await arrangeWarm();
    queue('1');
    queue('2');
    worker.wake([B]);
    worker.wake([B]);
    await time.settle();
    expect(sent).toEqual(['b.test 1', 'b.test 2']);
    expect(stores.calls).toEqual(['listDue', 'markDelivered']);
    await worker.stop();
  });

  it('asks the outbox nothing while it is idle, and gives its claim back 5 s after its last item', async () => {
    const { worker, queue, stores, time } = await arrangeWarm();
    queue('1');
    worker.wake([B]);
    await time.advance(100);
    stores.calls.length = 0;
    await time.advance(4_850);
    expect([stores.calls, stores.claims.size]).toEqual([[], 1]);
    await time.advance(100);
    expect([stores.calls, stores.claims.size]).toEqual([['releaseDestination'], 0]);
    await worker.stop();
  });

  it('finds what came while its conversation was in hand, though that ended before the look was over', async () => {
    const { worker, queue, stores, network, sent, time } = await arrangeWarm();
    const answers = [later()];
    network.script = () => answers.shift()?.answer ?? accepted;
    const [slow] = answers;
    queue('1');
    worker.wake([B]);
    await time.settle();
    queue('2');
    // The look is made while 1 is under way, so without its conversation, and what it found comes back late.
    const look = Promise.withResolvers<void>();
    const { listDue } = stores.outbox;
    vi.spyOn(stores.outbox, 'listDue').mockImplementationOnce(async (...asked) => {
      const found = await listDue(...asked);
      await look.promise;
      return found;
    });
    worker.wake([B]);
    await time.advance(50);
    slow?.give(accepted);
    await time.settle();
    expect(stores.calls).toContain('markDelivered');
    look.resolve();
    await time.advance(100);
    expect(sent).toEqual(['b.test 1', 'b.test 2']);
    await worker.stop();
  });

  it('takes no place: hundreds of them keep no other peer waiting', async () => {
    const { worker, queue, sent, time } = await arrangeWarm();
    const domains = Array.from({ length: 400 }, (_, index) => parseDomain(`x${index}.test`));
    for (const destination of domains) queue('1', { destination });
    worker.wake(domains);
    await time.advance(1_000);
    expect(sent).toHaveLength(400);
    queue('2', { destination: parseDomain('new.test') });
    worker.wake([parseDomain('new.test')]);
    await time.settle();
    expect(sent).toContain('new.test 2');
    await worker.stop();
  });

  it('is served without the outbox being walked through', async () => {
    const { worker, queue, count, time } = await arrangeWarm();
    for (let number = 0; number < 20; number += 1) {
      queue(String(number));
      worker.wake([B]);
      await time.advance(1_000);
    }
    expect(count('claimDestinations')).toBe(0);
    expect(count('extendClaims')).toBe(1);
    await worker.stop();
  });
});

describe('[DEL-5] claims', () => {
  it('of all lanes are extended by one statement every 20 s', async () => {
    const never = later();
    const { newWorker, queue, stores, time } = arrangeWorkers(() => never.answer);
    for (let index = 0; index < 10; index += 1) queue('1', { destination: parseDomain(`x${index}.test`) });
    const worker = newWorker();
    worker.start();
    await time.advance(59_000);
    expect(stores.calls.filter((name) => name === 'extendClaims')).toHaveLength(2);
    expect([...stores.claims.values()].every(({ untilMs }) => untilMs > time.clock.now().getTime())).toBe(true);
    const stopping = worker.stop({ graceMs: 1 });
    await time.advance(1);
    await stopping;
    expect(stores.claims.size).toBe(0);
  });

  it('that are lost end the lane at once: the next item is sent by who holds it now', async () => {
    const slow = later();
    const { newWorker, queue, sent, stores, time } = arrangeWorkers((_, count) => (count === 1 ? accepted : slow.answer));
    const worker = newWorker();
    queue('0');
    worker.start();
    await time.advance(100);
    for (const text of ['1', '2']) queue(text, { conversationKey: 5n });
    worker.wake([B]);
    await time.settle();
    await stores.outbox.releaseDestination(B, { workerId: 'w1', now: time.clock.now() });
    await stores.outbox.claimDestinations({ workerId: 'w2', now: time.clock.now(), claimMs: 600_000, limit: 1, scope: [B] });
    await time.advance(20_000);
    queue('3', { conversationKey: 6n });
    worker.wake([B]);
    slow.give(accepted);
    await time.advance(1_000);
    expect(sent).toEqual(['b.test 0', 'b.test 1', 'b.test 2']);
    expect(stores.claims.get(B)?.workerId).toBe('w2');
    await worker.stop();
  });

  it('that cannot be extended are not used beyond their time', async () => {
    const { newWorker, queue, sent, stores, time } = arrangeWorkers();
    const worker = newWorker();
    stores.outbox.extendClaims = async () => {
      throw new Error('the database is away');
    };
    queue('0');
    worker.start();
    for (let second = 0; second < 61; second += 1) {
      await time.advance(1_000);
      queue(String(second), { conversationKey: BigInt(second) });
      if (second < 59) worker.wake([B]);
    }
    const before = sent.length;
    stores.outbox.claimDestinations = async () => [];
    queue('late', { conversationKey: 100n });
    worker.wake([B]);
    await time.settle();
    expect(sent).toHaveLength(before);
    await worker.stop();
  });

  it('are given back when the outbox is there again', async () => {
    const { newWorker, queue, stores, time } = arrangeWorkers();
    const { releaseDestination, listDue } = stores.outbox;
    let isAway = true;
    stores.outbox.listDue = async (...options) => {
      if (isAway) throw new Error('the database is away');
      return listDue(...options);
    };
    stores.outbox.releaseDestination = async (...options) => {
      if (isAway) throw new Error('the database is away');
      return releaseDestination(...options);
    };
    const row = queue('1');
    const worker = newWorker();
    worker.start();
    await time.advance(20_000);
    isAway = false;
    await time.advance(8_000);
    expect(row.state).toBe('delivered');
    await worker.stop();
  });
});

describe('[DEL-4] requests to one peer', () => {
  it('go on with other conversations while one is under way', async () => {
    const slow = later();
    const { worker, queue, network, exchanges, time, sent } = await arrangeWarm();
    network.script = ({ body }) => (body === 'slow' ? slow.answer : accepted);
    queue('slow');
    worker.wake([B]);
    await time.settle();
    queue('behind');
    queue('other', { conversationKey: 2n });
    worker.wake([B]);
    await time.advance(100);
    expect(exchanges).toEqual([['slow'], ['other']]);
    slow.give(accepted);
    await time.advance(100);
    expect(sent).toEqual(['b.test slow', 'b.test other', 'b.test behind']);
    await worker.stop();
  });

  it('follow each other in one conversation without waiting for what was taken to leave the outbox', async () => {
    const { worker, queue, exchanges, stores, time } = await arrangeWarm();
    const { markDelivered } = stores.outbox;
    const gate = Promise.withResolvers<void>();
    stores.outbox.markDelivered = async (domain, ids) => {
      await gate.promise;
      return markDelivered(domain, ids);
    };
    for (let number = 0; number < 500; number += 1) queue(String(number));
    worker.wake([B]);
    await time.settle();
    expect(exchanges.map(({ length }) => length)).toEqual([100]);
    gate.resolve();
    await time.advance(100);
    expect(exchanges.map(({ length }) => length)).toEqual([100, 100, 100, 100, 100]);
    expect(exchanges.flat()).toEqual(Array.from({ length: 500 }, (_, number) => String(number)));
    expect(stores.calls.filter((name) => name === 'listDue').length).toBeLessThanOrEqual(5);
    await worker.stop();
  });
});

describe('stop', () => {
  it('waits for requests no longer than it is told, and gives back their claims too', async () => {
    const never = later();
    const { newWorker, queue, stores, time, sent } = arrangeWorkers(() => never.answer);
    const row = queue('1');
    const worker = newWorker();
    worker.start();
    await time.settle();
    let isStopped = false;
    const stopping = worker.stop({ graceMs: 3_000 }).then(() => (isStopped = true));
    await time.advance(2_999);
    expect(isStopped).toBe(false);
    await time.advance(1);
    await stopping;
    expect([stores.claims.size, row.state]).toEqual([0, 'queued']);
    never.give(accepted);
    await time.settle();
    expect([row.state, sent.length]).toEqual(['queued', 1]);
  });
});

describe('an observer', () => {
  it('is told of requests, of deliveries with how long they took, and of what was put back or given up', async () => {
    const arranged = arrangeWorkers(({ body }) => (body === 'bad' ? { kind: 'refused', status: 403, code: 'not_a_member', permanent: true, retryAfterSeconds: null } : accepted));
    const { newWorker, queue, time } = arranged;
    const seen: unknown[] = [];
    const worker = newWorker('w1', {
      observe: {
        attempted: (domain, items) => void seen.push(['attempted', domain, items]),
        delivered: (domain, latenciesMs) => void seen.push(['delivered', domain, latenciesMs]),
        retried: (domain, code) => void seen.push(['retried', domain, code]),
        dead: (domain, code) => void seen.push(['dead', domain, code]),
      },
    });
    queue('1');
    await time.advance(70);
    queue('bad');
    await worker.drainOnce();
    expect(seen).toEqual([['attempted', B, 1], ['delivered', B, [70]], ['attempted', B, 1], ['dead', B, 'not_a_member']]);
  });
});

describe('one drain', () => {
  it('[DEL-5] of named domains sends to these alone, and nothing stays claimed', async () => {
    const { newWorker, queue, sent, stores } = arrangeWorkers();
    queue('1');
    queue('2', { destination: parseDomain('c.test') });
    expect(await newWorker().drainOnce({ domains: [B] })).toEqual({ delivered: 1, retried: 0, failed: 0 });
    expect([sent, stores.claims.size]).toEqual([['b.test 1'], 0]);
  });
});
