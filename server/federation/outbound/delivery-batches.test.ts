import { describe, expect, it } from 'vitest';

import type { ErrorCode } from '../../../protocol/errors.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { accepted, arrangeWorkers, B, refused, silent } from './testing/arrange-workers.ts';
import type { ItemScript } from './testing/batching-peer.ts';

const notAuthentic: PeerAnswer = { kind: 'unreachable', reason: 'answer_not_authentic', detail: '', retryAfterSeconds: null };

/** Arranges a Full peer that has just taken one item, so that a batch is the next thing it gets. */
async function arrangeBatches(script: ItemScript = () => accepted) {
  const arranged = arrangeWorkers();
  const { newWorker, queue, network, sent, exchanges, events } = arranged;
  const worker = newWorker();
  queue('first', { conversationKey: 999n });
  await worker.drainOnce();
  network.script = script;
  for (const seen of [sent, exchanges, events]) seen.length = 0;
  const rowStates = () => arranged.stores.rows.slice(1).map(({ state, errorCode, attempts }) => [state, errorCode, attempts]);
  return { ...arranged, worker, rowStates };
}

/** Refuses these texts with their codes and takes all others. */
const refusing = (codes: Readonly<Record<string, ErrorCode>>): ItemScript => ({ body }) => {
  const code = codes[body];
  return code === undefined ? accepted : refused(code);
};

describe('batches to a Full peer', () => {
  it('[API-7] [DEL-1] carry what is due in its order, the items of one conversation too, up to 100 at once', async () => {
    const { worker, queue, exchanges, events } = await arrangeBatches();
    for (let number = 0; number < 230; number += 1) queue(String(number), { conversationKey: BigInt(number % 3) });
    expect(await worker.drainOnce()).toEqual({ delivered: 230, retried: 0, failed: 0 });
    expect(Math.max(...exchanges.map(({ length }) => length))).toBe(100);
    for (const conversation of [0, 1, 2]) {
      const numbers = exchanges.flat().map(Number).filter((number) => number % 3 === conversation);
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 3 * index + conversation));
    }
    expect(exchanges.flat()).toHaveLength(230);
    expect(events).toHaveLength(230);
  });

  it('[API-7] a lone item goes as a plain request, and so does everything to a peer that takes one at a time', async () => {
    const { worker, queue, exchanges, network } = await arrangeBatches();
    queue('1');
    await worker.drainOnce();
    network.limits = { maxBatchItems: 1 };
    queue('2');
    queue('3');
    await worker.drainOnce();
    expect(exchanges).toEqual([['1'], ['2'], ['3']]);
  });

  it('[KEY-2] hold no more items than the peer takes', async () => {
    const { worker, queue, exchanges, network } = await arrangeBatches();
    network.limits = { maxBatchItems: 2 };
    for (const text of ['1', '2', '3', '4', '5']) queue(text);
    await worker.drainOnce();
    expect(exchanges).toEqual([['1', '2'], ['3', '4'], ['5']]);
  });

  it('a Core peer gets none', async () => {
    const { worker, queue, exchanges, network } = await arrangeBatches();
    network.core = true;
    for (const text of ['1', '2', '3']) queue(text);
    expect((await worker.drainOnce()).delivered).toBe(3);
    expect(exchanges).toEqual([['1'], ['2'], ['3']]);
  });

  it('[ERR-4] an item that is too large for the peer goes alone, and those around it together', async () => {
    const { worker, queue, exchanges, network } = await arrangeBatches();
    network.limits = { maxBodyBytes: 200 };
    for (const text of ['1', '2', 'x'.repeat(200), '3', '4']) queue(text);
    await worker.drainOnce();
    expect(exchanges.map((texts) => texts.map(({ length }) => length))).toEqual([[1, 1], [200], [1, 1]]);
  });

  it('[DEL-4] four are under way at most, none with a conversation of another', async () => {
    const { worker, queue, network, stores, time, exchanges } = await arrangeBatches();
    const gate = Promise.withResolvers<void>();
    network.script = async () => {
      await gate.promise;
      return accepted;
    };
    for (let number = 0; number < 900; number += 1) queue(String(number), { conversationKey: BigInt(number % 300) });
    const draining = worker.drainOnce();
    await time.advance(1_000);
    expect(exchanges).toHaveLength(4);
    const conversations = exchanges.map((texts) => new Set(texts.map((text) => Number(text) % 300)));
    expect(new Set(conversations.flatMap((each) => [...each])).size).toBe(conversations.reduce((sum, { size }) => sum + size, 0));
    gate.resolve();
    await draining;
    expect(stores.rows.every(({ state }) => state === 'delivered')).toBe(true);
  });

  it('[DEL-2] an item of 7 days is given up, unsent, and does not keep the others', async () => {
    const { worker, queue, exchanges, time, stores } = await arrangeBatches();
    queue('old');
    await time.advance(7 * 86_400_000);
    queue('1');
    queue('2');
    expect(await worker.drainOnce()).toEqual({ delivered: 2, retried: 0, failed: 1 });
    expect(exchanges).toEqual([['1', '2']]);
    expect(stores.rows[1]).toMatchObject({ state: 'failed', errorCode: 'expired' });
  });
});

describe('the results of a batch', () => {
  it('[API-7] [ERR-4] are each that of their item: taken, given up or put back', async () => {
    const { worker, queue, rowStates, events, exchanges } = await arrangeBatches(refusing({ 2: 'not_a_member', 3: 'internal_error' }));
    for (const [index, text] of ['1', '2', '3', '4'].entries()) queue(text, { conversationKey: BigInt(index) });
    expect(await worker.drainOnce()).toEqual({ delivered: 2, retried: 1, failed: 1 });
    expect(exchanges).toHaveLength(1);
    expect(rowStates()).toEqual([['delivered', null, 0], ['failed', 'not_a_member', 0], ['queued', 'internal_error', 1], ['delivered', null, 0]]);
    expect(events.map((event) => event.kind === 'delivery' && event.delivery.state).toSorted()).toEqual(['delivered', 'delivered', 'failed', 'queued']);
  });

  it('[API-7] [DEL-1] one that was put back holds back the later items of its conversation, which count no attempt and follow it', async () => {
    const { worker, queue, sent, rowStates, network, time, exchanges } = await arrangeBatches(refusing({ 1: 'internal_error' }));
    for (const text of ['1', '2', '3']) queue(text);
    queue('other', { conversationKey: 2n });
    expect(await worker.drainOnce()).toEqual({ delivered: 1, retried: 1, failed: 0 });
    expect(rowStates()).toEqual([['queued', 'internal_error', 1], ['queued', null, 0], ['queued', null, 0], ['delivered', null, 0]]);
    expect(exchanges).toHaveLength(1);
    await time.advance(4_999);
    expect(await worker.drainOnce()).toEqual({ delivered: 0, retried: 0, failed: 0 });
    network.script = () => accepted;
    sent.length = 0;
    await time.advance(1);
    await worker.drainOnce();
    expect(sent).toEqual(['b.test 1', 'b.test 2', 'b.test 3']);
  });

  it('[API-7] one given up lets the later ones of its conversation be taken', async () => {
    const { worker, queue, rowStates } = await arrangeBatches(refusing({ 1: 'stale_epoch' }));
    queue('1');
    queue('2');
    await worker.drainOnce();
    expect(rowStates()).toEqual([['failed', 'stale_epoch', 0], ['delivered', null, 0]]);
  });

  it('[ERR-4] what waited behind an unknown conversation goes at once when that is believed', async () => {
    const { worker, queue, rowStates, network, time, stores } = await arrangeBatches(refusing({ 1: 'unknown_conversation' }));
    queue('1');
    queue('2');
    queue('3');
    const isQueued = (): boolean => stores.rows[1]?.state === 'queued';
    const dueAt = (): number => stores.rows[1]?.nextAttemptAt.getTime() ?? 0;
    while (isQueued()) {
      await worker.drainOnce();
      if (isQueued()) await time.advance(dueAt() - time.clock.now().getTime());
    }
    network.script = () => accepted;
    await worker.drainOnce();
    expect(rowStates().map(([state, code]) => [state, code])).toEqual([['failed', 'unknown_conversation'], ['delivered', null], ['delivered', null]]);
    expect(stores.rows[2]?.attempts).toBe(0);
  });

  it.each(['unavailable', 'key_unavailable'] as const)('[API-7] a %s is the item’s, not the peer’s', async (code) => {
    const { worker, queue, rowStates, stores } = await arrangeBatches(refusing({ 1: code }));
    queue('1', { conversationKey: 1n });
    queue('2', { conversationKey: 2n });
    await worker.drainOnce();
    expect(rowStates()).toEqual([['queued', code, 1], ['delivered', null, 0]]);
    expect(stores.peer(B).consecutiveFailures).toBe(0);
  });

  it('[ERR-4] one that speaks of the peer holds the queue, after what was taken is written down', async () => {
    const { worker, queue, rowStates, stores, logged } = await arrangeBatches(refusing({ 2: 'domain_blocked' }));
    for (const [index, text] of ['1', '2', '3'].entries()) queue(text, { conversationKey: BigInt(index) });
    expect(await worker.drainOnce()).toEqual({ delivered: 2, retried: 1, failed: 0 });
    expect(rowStates()).toEqual([['delivered', null, 0], ['queued', 'domain_blocked', 0], ['delivered', null, 0]]);
    expect(stores.peer(B)).toMatchObject({ consecutiveFailures: 1, lastFailureReason: 'domain_blocked' });
    expect(logged).toContainEqual(expect.objectContaining({ operatorAlert: true, reason: 'domain_blocked' }));
  });

  it('[ERR-4] misdirected ones are asked again alone, where the peer is looked up anew, before they count', async () => {
    const { worker, queue, rowStates, exchanges } = await arrangeBatches(refusing({ 2: 'misdirected', 3: 'misdirected' }));
    for (const text of ['1', '2', '3', '4']) queue(text);
    await worker.drainOnce();
    expect(exchanges).toEqual([['1', '2', '3', '4'], ['2'], ['3']]);
    expect(rowStates()).toEqual([['delivered', null, 0], ['failed', 'misdirected', 0], ['failed', 'misdirected', 0], ['delivered', null, 0]]);
  });

  it.each<{ what: string; change: (results: readonly object[]) => readonly object[] }>([
    { what: 'missing', change: (results) => results.slice(1) },
    { what: 'doubled', change: (results) => [...results, ...results.slice(0, 1)] },
    { what: 'foreign', change: (results) => results.map((result) => ({ ...result, id: 'x' })) },
  ])('[API-7] that are $what count for nothing: nothing is lost, and the items go one by one at once', async ({ change }) => {
    const { worker, queue, rowStates, network, exchanges } = await arrangeBatches();
    network.envelope = (results) => ({ kind: 'success', status: 200, json: { results: JSON.parse(JSON.stringify(change(results))) } });
    queue('1');
    queue('2');
    queue('other', { conversationKey: 2n });
    expect(await worker.drainOnce()).toEqual({ delivered: 3, retried: 0, failed: 0 });
    expect(rowStates()).toEqual([['delivered', null, 0], ['delivered', null, 0], ['delivered', null, 0]]);
    expect(exchanges[0]).toEqual(['1', '2', 'other']);
    expect(exchanges.slice(1).toSorted()).toEqual([['1'], ['2'], ['other']]);
  });
});

describe('a batch that fails as a whole', () => {
  it('[DEL-3] whose answer was lost after the commit is sent again, in order, and "duplicate" is a delivery', async () => {
    const { worker, queue, rowStates, network, time, exchanges } = await arrangeBatches();
    network.envelope = () => silent;
    queue('1');
    queue('2');
    expect(await worker.drainOnce()).toEqual({ delivered: 0, retried: 1, failed: 0 });
    expect(rowStates()).toEqual([['queued', 'connect_failed', 0], ['queued', 'connect_failed', 0]]);
    network.envelope = () => null;
    network.script = () => ({ kind: 'success', status: 202, json: { status: 'duplicate' } });
    queue('3');
    await time.advance(5_000);
    await worker.drainOnce();
    expect(exchanges).toEqual([['1', '2'], ['1'], ['2', '3']]);
    expect(rowStates().map(([state]) => state)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  it.each(['rate_limited', 'key_unavailable', 'unknown_key'] as const)('[ERR-4] by %s holds the queue and counts no attempt', async (code) => {
    const { worker, queue, rowStates, network, stores, exchanges } = await arrangeBatches();
    network.envelope = () => refused(code);
    queue('1');
    queue('2', { conversationKey: 2n });
    await worker.drainOnce();
    expect(exchanges).toHaveLength(1);
    expect(rowStates()).toEqual([['queued', code, 0], ['queued', code, 0]]);
    expect(stores.peer(B).consecutiveFailures).toBe(1);
  });

  it.each(['invalid_body', 'invalid_json', 'not_found', 'body_too_large', 'not_a_member'] as const)(
    '[ERR-4] a refusal of the envelope by %s gives up no item: they go one by one, and so for a while',
    async (code) => {
      const { worker, queue, network, exchanges, time, rowStates } = await arrangeBatches();
      network.envelope = () => refused(code);
      queue('1');
      queue('2');
      expect(await worker.drainOnce()).toEqual({ delivered: 2, retried: 0, failed: 0 });
      queue('3');
      queue('4');
      await worker.drainOnce();
      expect(exchanges).toEqual([['1', '2'], ['1'], ['2'], ['3'], ['4']]);
      network.envelope = () => null;
      await time.advance(600_000);
      queue('5');
      queue('6');
      await worker.drainOnce();
      expect(exchanges.slice(5)).toEqual([['5', '6']]);
      expect(rowStates().every(([state]) => state === 'delivered')).toBe(true);
    },
  );

  it.each(['internal_error', 'unavailable'] as const)('[ERR-4] by %s is tried item by item, so that one that makes the peer stumble is set aside, and batches go on', async (code) => {
    const { worker, queue, network, exchanges, rowStates } = await arrangeBatches(refusing({ 2: 'internal_error' }));
    network.envelope = () => refused(code);
    queue('1', { conversationKey: 1n });
    queue('2', { conversationKey: 2n });
    queue('3', { conversationKey: 3n });
    expect(await worker.drainOnce()).toEqual({ delivered: 2, retried: 1, failed: 0 });
    expect(rowStates()).toEqual([['delivered', null, 0], ['queued', 'internal_error', 1], ['delivered', null, 0]]);
    network.envelope = () => null;
    queue('4');
    queue('5');
    await worker.drainOnce();
    expect(exchanges).toEqual([['1', '2', '3'], ['1'], ['2'], ['3'], ['4', '5']]);
  });

  it('[SIG-9] by a page that nobody signed, while the peer is not well either, holds the queue', async () => {
    const { worker, queue, network, exchanges, asked, rowStates } = await arrangeBatches();
    network.envelope = () => notAuthentic;
    network.hello = () => notAuthentic;
    queue('1');
    queue('2');
    await worker.drainOnce();
    expect(rowStates()).toEqual([['queued', 'answer_not_authentic', 0], ['queued', 'answer_not_authentic', 0]]);
    expect([exchanges, asked.hellos]).toEqual([[['1', '2']], 1]);
  });

  it('[SIG-9] by a page, as of a proxy that takes no such size, while the peer is well, is tried item by item, and twice so for a while', async () => {
    const { worker, queue, network, exchanges, time } = await arrangeBatches();
    network.envelope = () => notAuthentic;
    for (const texts of [['1', '2'], ['3', '4'], ['5', '6']]) {
      for (const text of texts) queue(text);
      expect((await worker.drainOnce()).delivered).toBe(2);
    }
    expect(exchanges).toEqual([['1', '2'], ['1'], ['2'], ['3', '4'], ['3'], ['4'], ['5', '6'], ['5'], ['6']]);
    for (const text of ['7', '8', '9', '10']) queue(text, { conversationKey: 5n });
    network.limits = { maxBatchItems: 2 };
    exchanges.length = 0;
    await worker.drainOnce();
    expect(exchanges).toEqual([['7', '8'], ['7'], ['8'], ['9', '10'], ['9'], ['10']]);
    queue('11');
    queue('12');
    await worker.drainOnce();
    expect(exchanges.slice(6)).toEqual([['11'], ['12']]);
    await time.advance(600_000);
  });

  it('by a fault of our own is tried item by item', async () => {
    const { worker, queue, network, stores } = await arrangeBatches();
    network.envelope = () => {
      throw new Error('a fault');
    };
    queue('1');
    queue('2');
    expect((await worker.drainOnce()).delivered).toBe(2);
    expect(stores.rows.every(({ state }) => state === 'delivered')).toBe(true);
  });
});
