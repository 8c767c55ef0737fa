import { describe, expect, it } from 'vitest';

import type { Domain } from '../../../protocol/ids.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import type { PeerAnswer } from './peer-answer.ts';
import type { PeerRequest } from './peer-client.ts';
import { accepted, arrangeWorkers, B, silent } from './testing/arrange-workers.ts';

const HOSTILE_MS = 29_000;
const ITEMS = 200;

const hostileDomain = (index: number): Domain => parseDomain(`x${index}.evil.test`);
const hostileDomains = (count: number): readonly Domain[] => Array.from({ length: count }, (_, index) => hostileDomain(index));
const isHostile = ({ destination }: PeerRequest): boolean => destination.endsWith('.evil.test');

/** Arranges hostile Core domains that say yes after 29 s, each with 200 items in two conversations; others answer after `honestMs`. */
function arrangeHostile(domains: number, honestMs = 0) {
  const arranged = arrangeWorkers();
  const { time, network, queue } = arranged;
  const open = { hostile: 0, mostHostile: 0 };
  network.core = true;
  network.script = (request) => {
    if (!isHostile(request)) return honestMs === 0 ? accepted : answerAfter(honestMs);
    open.hostile += 1;
    open.mostHostile = Math.max(open.mostHostile, open.hostile);
    return answerAfter(HOSTILE_MS).finally(() => (open.hostile -= 1));
  };
  const answerAfter = (ms: number) => new Promise<PeerAnswer>((resolve) => void time.timers.after(ms, () => resolve(accepted)));
  for (let domain = 0; domain < domains; domain += 1) {
    for (let item = 0; item < ITEMS; item += 1) {
      queue(String(item), { destination: hostileDomain(domain), conversationKey: BigInt(2 * domain + (item % 2)) });
    }
  }
  return { ...arranged, open, answerAfter };
}

/** The numbers that one destination was sent, in the order of sending. */
function numbersTo(sent: readonly string[], destination: Domain): readonly number[] {
  return sent.filter((line) => line.startsWith(`${destination} `)).map((line) => Number(line.split(' ')[1]));
}

const isInOrder = (numbers: readonly number[]): boolean => numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? number));

describe('[DEL-4] peers that answer slowly', () => {
  it.each([64, 200])('%i of them, met for the first time, do not keep a new peer waiting', async (domains) => {
    const { newWorker, queue, sent, time } = arrangeHostile(domains);
    const worker = newWorker();
    worker.start();
    await time.advance(1_000);
    queue('hello', { conversationKey: 9_999n });
    worker.wake([B]);
    await time.advance(1_000);
    expect(sent).toContain('b.test hello');
  });

  it.each([64, 200])('%i of them take nothing from the rate of others, keep their own order and get nothing twice', async (domains) => {
    const alone = arrangeHostile(0, 50);
    const beside = arrangeHostile(domains, 50);
    const rates: number[][] = [];
    for (const { newWorker, queue, sent, time } of [alone, beside]) {
      const worker = newWorker();
      worker.start();
      await time.advance(40_000);
      for (let number = 0; number < 150; number += 1) queue(String(number), { conversationKey: 9_999n });
      worker.wake([B]);
      const rate: number[] = [];
      for (let second = 0; second < 8; second += 1) {
        await time.advance(1_000);
        rate.push(numbersTo(sent, B).length);
      }
      rates.push(rate);
    }
    expect(rates[1]).toEqual(rates[0]);
    expect(numbersTo(beside.sent, B)).toEqual(Array.from({ length: 150 }, (_, number) => number));
    await beside.time.advance(60_000);
    expect(new Set(beside.sent).size).toBe(beside.sent.length);
    for (let domain = 0; domain < domains; domain += 1) expect(isInOrder(numbersTo(beside.sent, hostileDomain(domain)))).toBe(true);
  });

  it('are asked by at most 32 at once when they are known, all of them in turn and one item each', async () => {
    const { newWorker, sent, time, open } = arrangeHostile(100);
    const worker = newWorker();
    worker.start();
    await time.advance(HOSTILE_MS);
    expect(sent.length).toBe(132);
    open.mostHostile = 0;
    await time.advance(4 * HOSTILE_MS);
    expect(open.mostHostile).toBe(32);
    const counts = Array.from({ length: 100 }, (_, index) => numbersTo(sent, hostileDomain(index)).length);
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([2, 3]);
  });

  it('lose the places of the quick within 5 s when they were quick before', async () => {
    const { newWorker, queue, sent, time, network, answerAfter } = arrangeHostile(0);
    const worker = newWorker();
    worker.start();
    network.script = () => accepted;
    for (let domain = 0; domain < 64; domain += 1) queue('0', { destination: hostileDomain(domain) });
    queue('first');
    worker.wake([B, ...hostileDomains(64)]);
    await time.advance(1_000);
    expect(sent.length).toBe(65);
    network.script = (request) => (isHostile(request) ? answerAfter(HOSTILE_MS) : accepted);
    for (let domain = 0; domain < 64; domain += 1) for (let item = 1; item < ITEMS; item += 1) queue(String(item), { destination: hostileDomain(domain) });
    worker.wake(hostileDomains(64));
    await time.advance(1_000);
    queue('second');
    worker.wake([B]);
    await time.advance(4_000);
    expect(sent).toContain('b.test second');
    expect(sent.length).toBe(65 + 64 + 1);
  });
});

describe('[DEL-4] dead peers', () => {
  it('in any number are served by no more than 320 lanes, and a living one does not wait for them', async () => {
    const never = new Promise<PeerAnswer>(() => {});
    const { newWorker, queue, sent, stores, time } = arrangeWorkers((request) => (isHostile(request) ? never : accepted));
    for (const destination of hostileDomains(2_000)) for (const text of ['0', '1']) queue(text, { destination });
    const worker = newWorker();
    worker.start();
    await time.advance(4_000);
    expect(stores.claims.size).toBe(256 - 32 - 64);
    queue('living');
    worker.wake([B]);
    await time.advance(2_000);
    expect(sent).toContain('b.test living');
    worker.wake(hostileDomains(2_000));
    await time.advance(100);
    expect(stores.claims.size).toBeLessThanOrEqual(320 + 1);
  });
});

describe('[DEL-4] turns', () => {
  it('a peer with a long queue gives its place to those that wait after 10 s', async () => {
    const { newWorker, queue, sent, time, network, answerAfter } = arrangeHostile(0);
    const worker = newWorker();
    worker.start();
    network.script = () => accepted;
    for (let domain = 0; domain < 65; domain += 1) queue('0', { destination: hostileDomain(domain) });
    worker.wake(hostileDomains(65));
    await time.advance(1_000);
    network.script = () => answerAfter(3_000);
    for (let domain = 0; domain < 64; domain += 1) for (let item = 1; item < ITEMS; item += 1) queue(String(item), { destination: hostileDomain(domain) });
    worker.wake(hostileDomains(64));
    await time.advance(1_000);
    queue('1', { destination: hostileDomain(64) });
    worker.wake([hostileDomain(64)]);
    await time.advance(10_999);
    expect(numbersTo(sent, hostileDomain(64))).toEqual([0]);
    await time.advance(1);
    expect(numbersTo(sent, hostileDomain(64))).toEqual([0, 1]);
  });

  it('[DEL-5] a peer with a long queue keeps its claim where nobody waits', async () => {
    const { newWorker, queue, stores, exchanges, time, network, answerAfter } = arrangeHostile(0);
    network.core = false;
    network.script = ({ body }) => (body === '0' ? accepted : answerAfter(4_000));
    const turns: number[] = [];
    const { releaseDestination } = stores.outbox;
    stores.outbox.releaseDestination = async (domain, turn) => {
      turns.push(exchanges.length);
      return releaseDestination(domain, turn);
    };
    for (let number = 0; number < 700; number += 1) queue(String(number));
    const worker = newWorker();
    worker.start();
    await time.advance(60_000);
    expect(exchanges.map(({ length }) => length)).toEqual([1, 100, 100, 100, 100, 100, 100, 99]);
    expect(turns).toEqual([8]);
    expect(stores.rows.every(({ state }) => state === 'delivered')).toBe(true);
  });

  it('a peer that failed gets one item to show itself, and the rest when it took that', async () => {
    const { newWorker, queue, sent, time, network } = arrangeWorkers(() => silent);
    for (let number = 1; number < 5; number += 1) queue(String(number), { conversationKey: BigInt(number) });
    const worker = newWorker();
    worker.start();
    await time.advance(15_000);
    expect(sent).toEqual(['b.test 1', 'b.test 1', 'b.test 1']);
    network.script = () => accepted;
    await time.advance(20_000);
    expect(sent.slice(3)).toEqual(['b.test 1', 'b.test 2', 'b.test 3', 'b.test 4']);
  });

  it('of a peer that is slow or not known one item is read, of a quick one 100', async () => {
    const { newWorker, queue, stores, time, network, answerAfter } = arrangeHostile(0);
    const { listDue } = stores.outbox;
    const read: number[] = [];
    stores.outbox.listDue = async (...options) => {
      const items = await listDue(...options);
      read.push(items.length);
      return items;
    };
    network.script = (_, count) => (count === 60 ? answerAfter(HOSTILE_MS) : accepted);
    for (let number = 0; number < 112; number += 1) queue(String(number));
    const worker = newWorker();
    worker.start();
    await time.advance(60_000);
    expect(read).toEqual([1, 100, 0, 1, 51]);
    expect(stores.rows.every(({ state }) => state === 'delivered')).toBe(true);
  });
});

describe('[DEL-5] one drain on a platform without a resident process', () => {
  it('answers within its 50 s what it did, whatever peers do, and begins nothing after', async () => {
    const { newWorker, queue, sent, time } = arrangeHostile(20);
    queue('hello', { conversationKey: 9_999n });
    const answers: unknown[] = [];
    void newWorker().drainOnce().then((counts) => answers.push(counts));
    await time.advance(49_999);
    expect(answers).toEqual([]);
    await time.advance(1);
    expect(answers).toEqual([{ delivered: 21, retried: 0, failed: 0 }]);
    await time.advance(120_000);
    expect(sent.length).toBe(1 + 2 * 20);
  });

  it('goes on with a quick peer while it waits for a slow one', async () => {
    const { newWorker, queue, sent, time } = arrangeHostile(1);
    for (let number = 0; number < 120; number += 1) queue(String(number), { conversationKey: 9_999n });
    const draining = newWorker().drainOnce({ budgetMs: 5_000 });
    await time.advance(1_000);
    expect(numbersTo(sent, B).length).toBe(120);
    await time.advance(4_000);
    expect((await draining).delivered).toBe(120);
  });

  it('ends when the store gives out what it has nothing for', async () => {
    const { newWorker, queue, stores, time } = arrangeWorkers();
    queue('1');
    stores.outbox.listDue = async () => [];
    const draining = newWorker().drainOnce();
    await time.settle();
    expect(await draining).toEqual({ delivered: 0, retried: 0, failed: 0 });
  });
});
