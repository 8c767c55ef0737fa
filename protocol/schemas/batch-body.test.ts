import { describe, expect, it, test } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { batchBody } from './batch-body.ts';
import type { BatchItem } from './batch-body.ts';
import { parseBody } from './parse-body.ts';

const item: BatchItem = { id: '1', method: 'POST', path: '/federation/v1/messages', body: { a: [] } };

function pointerOf(body: unknown): string | undefined {
  try {
    parseBody(batchBody, body);
  } catch (error) {
    if (error instanceof ProtocolError) return error.pointer;
  }
  return undefined;
}

describe('[API-7] a batch', () => {
  test.each<[string, object[]]>([
    ['one item', [item]], ['a PUT', [{ ...item, method: 'PUT' }]], ['no item', []], ['100 items', Array.from({ length: 100 }, () => item)],
    ['an id of 64 characters', [{ ...item, id: 'x'.repeat(64) }]], ['an id of 64 characters beyond the basic plane', [{ ...item, id: '😀'.repeat(64) }]],
    ['an id twice', [item, item]], ['a body that is null', [{ ...item, body: null }]],
    ['a method and a path that no route has', [{ ...item, method: 'BREW', path: '' }]],
  ])('is read with %s', (_, items) => {
    expect(parseBody(batchBody, { items })).toEqual({ items });
  });

  it('[API-10] loses the members it does not know, except inside the body of an item', () => {
    const body = { later: 1 };
    expect(parseBody(batchBody, { items: [{ ...item, body, later: 1 }], later: 1 })).toEqual({ items: [{ ...item, body }] });
  });

  test.each<[string, unknown, string]>([
    ['no items', {}, '/items'], ['items that are no list', { items: {} }, '/items'], ['101 items', { items: Array.from({ length: 101 }, () => item) }, '/items'],
    ['an item that is no object', { items: [item, 'item'] }, '/items/1'], ['no id', { items: [{ ...item, id: undefined }] }, '/items/0/id'],
    ['an empty id', { items: [item, { ...item, id: '' }] }, '/items/1/id'], ['an id of 65 characters', { items: [{ ...item, id: 'x'.repeat(65) }] }, '/items/0/id'],
    ['an id that is a number', { items: [{ ...item, id: 1 }] }, '/items/0/id'], ['no method', { items: [{ ...item, method: undefined }] }, '/items/0/method'],
    ['a method that is null', { items: [{ ...item, method: null }] }, '/items/0/method'], ['no path', { items: [{ ...item, path: undefined }] }, '/items/0/path'],
    ['a path that is a list', { items: [{ ...item, path: [] }] }, '/items/0/path'], ['no body', { items: [{ id: '1', method: 'POST', path: '/a' }] }, '/items/0/body'],
  ])('is refused with %s', (_, body, pointer) => {
    expect(pointerOf(body)).toBe(pointer);
  });
});
