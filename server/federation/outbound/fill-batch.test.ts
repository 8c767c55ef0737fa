import { describe, expect, it } from 'vitest';

import { MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import { batchBody } from '../../../protocol/schemas/batch-body.ts';
import { fillBatch } from './fill-batch.ts';
import { DEFAULT_LIMITS } from './testing/memory-peer-keys.ts';

const TARGET = '/federation/v1/messages';

const item = (body: string, target = TARGET) => ({ method: 'POST' as const, target, body });
const many = (count: number, body = '{}') => Array.from({ length: count }, () => item(body));
/** An item whose body has this many bytes. */
const sized = (bytes: number) => item(JSON.stringify({ x: 'y'.repeat(bytes - '{"x":""}'.length) }));

describe('fillBatch', () => {
  it('[API-7] carries the items in order, with ids of their own and their bodies as they are', () => {
    const { items, body } = fillBatch([item('{"é":1}'), { method: 'PUT', target: '/federation/v1/conversations/c/session_key', body: '{"b":[2]}' }], DEFAULT_LIMITS);
    expect(items).toHaveLength(2);
    expect(batchBody.parse(JSON.parse(body))).toEqual({
      items: [
        { id: '0', method: 'POST', path: TARGET, body: { 'é': 1 } },
        { id: '1', method: 'PUT', path: '/federation/v1/conversations/c/session_key', body: { b: [2] } },
      ],
    });
  });

  it('[API-7] [KEY-2] takes 100 items, and fewer where the peer says so, never more', () => {
    expect(fillBatch(many(101), DEFAULT_LIMITS).items).toHaveLength(100);
    expect(fillBatch(many(101), { ...DEFAULT_LIMITS, maxBatchItems: 7 }).items).toHaveLength(7);
    expect(fillBatch(many(101), { ...DEFAULT_LIMITS, maxBatchItems: 5_000 }).items).toHaveLength(100);
    expect(fillBatch(many(101), { ...DEFAULT_LIMITS, maxBatchItems: 0 }).items).toEqual([]);
  });

  it('[SIG-11] fills 1 048 576 bytes to the last and not beyond', () => {
    const start = [sized(MAX_BODY_BYTES), sized(MAX_BODY_BYTES), sized(MAX_BODY_BYTES)];
    const bytesOf = (last: number): number => Buffer.byteLength(fillBatch([...start, sized(last)], DEFAULT_LIMITS).body);
    const room = MAX_BATCH_BODY_BYTES - (bytesOf(100) - 100);
    expect(bytesOf(room)).toBe(MAX_BATCH_BODY_BYTES);
    expect(fillBatch([...start, sized(room + 1), sized(10)], DEFAULT_LIMITS).items).toEqual(start);
  });

  it('[SIG-11] [KEY-2] ends before an item that is too large for the peer, which is then the first and alone', () => {
    const limits = { ...DEFAULT_LIMITS, maxBodyBytes: 100 };
    const queue = [sized(100), sized(101), sized(100)];
    expect(fillBatch(queue, limits).items).toEqual(queue.slice(0, 1));
    expect(fillBatch(queue.slice(1), limits).items).toEqual([]);
    expect(fillBatch([sized(MAX_BODY_BYTES + 1)], { ...DEFAULT_LIMITS, maxBodyBytes: MAX_BATCH_BODY_BYTES }).items).toEqual([]);
  });

  it('[SIG-3] [ERR-4] takes no item that no peer would take, or with more members than the peer takes', () => {
    expect(fillBatch([item('{}', '/a//b')], DEFAULT_LIMITS).items).toEqual([]);
    const change = item(JSON.stringify({ allParticipants: ['a', 'b', 'c'] }));
    expect(fillBatch([change], { ...DEFAULT_LIMITS, maxParticipants: 2 }).items).toEqual([]);
    expect(fillBatch([change], { ...DEFAULT_LIMITS, maxParticipants: 3 }).items).toEqual([change]);
  });
});
