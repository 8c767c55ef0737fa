import { describe, expect, it } from 'vitest';

import { MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import { batchBody } from '../../../protocol/schemas/batch-body.ts';
import { batchText, fillBatch } from './fill-batch.ts';
import { DEFAULT_LIMITS } from './testing/memory-peer-keys.ts';

interface Item {
  readonly method: 'POST' | 'PUT';
  readonly target: string;
  readonly body: string;
}

const fill = (queue: readonly Item[], limits = DEFAULT_LIMITS) => fillBatch([queue], { limits, lone: new Set() });
const TARGET = '/federation/v1/messages';

const item = (body: string, target = TARGET): Item => ({ method: 'POST', target, body });
const many = (count: number, body = '{}') => Array.from({ length: count }, () => item(body));
/** An item whose body has this many bytes. */
const sized = (bytes: number) => item(JSON.stringify({ x: 'y'.repeat(bytes - '{"x":""}'.length) }));

describe('fillBatch', () => {
  it('[API-7] carries the items in order, with ids of their own and their bodies as they are', () => {
    const { items, texts } = fillBatch([[item('{"é":1}'), { method: 'PUT', target: '/federation/v1/conversations/c/session_key', body: '{"b":[2]}' }]], { limits: DEFAULT_LIMITS, lone: new Set() });
    expect(items).toHaveLength(2);
    expect(batchBody.parse(JSON.parse(batchText(texts)))).toEqual({
      items: [
        { id: '0', method: 'POST', path: TARGET, body: { 'é': 1 } },
        { id: '1', method: 'PUT', path: '/federation/v1/conversations/c/session_key', body: { b: [2] } },
      ],
    });
  });

  it('[API-7] [KEY-2] takes 100 items, and fewer where the peer says so, never more', () => {
    expect(fill(many(101), DEFAULT_LIMITS).items).toHaveLength(100);
    expect(fill(many(101), { ...DEFAULT_LIMITS, maxBatchItems: 7 }).items).toHaveLength(7);
    expect(fill(many(101), { ...DEFAULT_LIMITS, maxBatchItems: 5_000 }).items).toHaveLength(100);
    expect(fill(many(101), { ...DEFAULT_LIMITS, maxBatchItems: 0 }).items).toEqual([]);
  });

  it('[SIG-11] fills 1 048 576 bytes to the last and not beyond', () => {
    const start = [sized(MAX_BODY_BYTES), sized(MAX_BODY_BYTES), sized(MAX_BODY_BYTES)];
    const bytesOf = (last: number): number => Buffer.byteLength(batchText(fill([...start, sized(last)]).texts));
    const room = MAX_BATCH_BODY_BYTES - (bytesOf(100) - 100);
    expect(bytesOf(room)).toBe(MAX_BATCH_BODY_BYTES);
    expect(fill([...start, sized(room + 1), sized(10)], DEFAULT_LIMITS).items).toEqual(start);
  });

  it('[SIG-11] [KEY-2] ends before an item that is too large for the peer, which is then the first and alone', () => {
    const limits = { ...DEFAULT_LIMITS, maxBodyBytes: 100 };
    const queue = [sized(100), sized(101), sized(100)];
    expect(fill(queue, limits).items).toEqual(queue.slice(0, 1));
    expect(fill(queue.slice(1), limits).items).toEqual([]);
    expect(fill([sized(MAX_BODY_BYTES + 1)], { ...DEFAULT_LIMITS, maxBodyBytes: MAX_BATCH_BODY_BYTES }).items).toEqual([]);
  });

  it('[SIG-3] [ERR-4] takes no item that no peer would take, or with more members than the peer takes', () => {
    expect(fill([item('{}', '/a//b')], DEFAULT_LIMITS).items).toEqual([]);
    const change = item(JSON.stringify({ allParticipants: ['a', 'b', 'c'] }));
    expect(fill([change], { ...DEFAULT_LIMITS, maxParticipants: 2 }).items).toEqual([]);
    expect(fill([change], { ...DEFAULT_LIMITS, maxParticipants: 3 }).items).toEqual([change]);
  });

  it('[DEL-1] takes of each queue in order, and nothing that stands behind an item which goes alone', () => {
    const queues = [['1', '2', '3'], ['4', '5']].map((bodies) => bodies.map((body) => item(body)));
    const lone = new Set(queues.flat().filter(({ body }) => body === '2'));
    expect(fillBatch(queues, { limits: DEFAULT_LIMITS, lone }).items.map(({ body }) => body)).toEqual(['1', '4', '5']);
    expect(fillBatch(queues, { limits: DEFAULT_LIMITS, lone: new Set() }).items.map(({ body }) => body)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('[SIG-11] counts every byte of the request', () => {
    const { texts, bytes } = fill([item('{"é":1}'), item('{}'), item('{}')]);
    expect(bytes).toBe(Buffer.byteLength(batchText(texts)));
  });
});
