import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { collectBody, readBody } from './read-body.ts';

/** Sends bytes one by one in the same piece of memory: whoever keeps the chunks has the last one many times. */
async function sendByOneChunk(request: IncomingMessage, bytes: readonly number[]): Promise<void> {
  const chunk = Buffer.alloc(1);
  for (const byte of bytes) {
    chunk[0] = byte;
    request.push(chunk);
    await turn();
  }
  request.push(null);
}

describe('[SIG-10] [SIG-11] the body of a sender who is not known yet', () => {
  test('is copied out of its chunks as they come, not kept in them', async () => {
    const request = new IncomingMessage(new Socket());
    const [body] = await Promise.all([readBody(request, 4), sendByOneChunk(request, [1, 2, 3, 4])]);
    expect(body).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  test('is given up one byte beyond the limit', async () => {
    const request = new IncomingMessage(new Socket());
    const [body] = await Promise.all([readBody(request, 3), sendByOneChunk(request, [1, 2, 3, 4])]);
    expect([body, request.destroyed]).toEqual(['too_large', false]);
  });

  test('is given up unread where it is announced as too large, and reserves nothing for its announcement', async () => {
    const [large, fitting] = [new IncomingMessage(new Socket()), new IncomingMessage(new Socket())];
    large.headers['content-length'] = '1000001';
    fitting.headers['content-length'] = '1000000';
    expect(await readBody(large, 1_000_000)).toBe('too_large');
    const [body] = await Promise.all([readBody(fitting, 1_000_000), sendByOneChunk(fitting, [1])]);
    expect([body.length, typeof body === 'string' || body.buffer.byteLength]).toEqual([1, 1_024]);
  });
});

test('[SIG-10] chunks of a fetch-style body are copied too', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const chunk = new Uint8Array(1);
    for (const byte of [1, 2, 3]) {
      chunk[0] = byte;
      yield chunk;
    }
  }
  expect(await collectBody(chunks(), 3)).toEqual(Uint8Array.of(1, 2, 3));
  expect(await collectBody(chunks(), 2)).toBe('too_large');
});
