import { expect, test } from 'vitest';
import { BATCH_TARGET } from '../../protocol/endpoints.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES } from '../../protocol/limits.ts';
import type { FederationHandlers } from './federation-mount.ts';
import { handleFederationRequest, handleKeyDocumentRequest } from './federation-route.ts';

const seen: Parameters<FederationHandlers['handle']>[0][] = [];
const handlers: FederationHandlers = {
  async handle(input) {
    seen.push(input);
    return { status: input.body === 'too_large' ? 413 : 202, headers: { 'x-from': 'federation' }, body: 'answer' };
  },
  keyDocument: (method) => ({ status: method === 'GET' ? 200 : 405, headers: { 'cache-control': 'public' }, body: '{}' }),
};
const ask = (body: string, target = '/federation/v1/messages?x=1') =>
  handleFederationRequest(new Request(`https://a.test${target}`, { method: 'POST', headers: { 'x-one': '1' }, body }), handlers, '192.0.2.1');

test('[SIG-3] a route hands on target with query, headers, body and source, and gives back the answer whole', async () => {
  const response = await ask('hello');
  expect([response.status, response.headers.get('x-from'), await response.text()]).toEqual([202, 'federation', 'answer']);
  expect(seen.at(-1)).toMatchObject({ method: 'POST', rawTarget: '/federation/v1/messages?x=1', sourceAddress: '192.0.2.1' });
  expect(seen.at(-1)?.headers).toContainEqual(['x-one', '1']);
  expect(Buffer.from(seen.at(-1)?.body as Uint8Array).toString()).toBe('hello');
});

test('[SIG-11] a body of the limit is taken, one byte more is not', async () => {
  expect((await ask('x'.repeat(MAX_BODY_BYTES))).status).toBe(202);
  expect((await ask('x'.repeat(MAX_BODY_BYTES + 1))).status).toBe(413);
});

test('[SIG-11] a batch of its own limit is taken, one byte more is not, nor so much at another target', async () => {
  expect((await ask('x'.repeat(MAX_BATCH_BODY_BYTES), BATCH_TARGET)).status).toBe(202);
  expect((await ask('x'.repeat(MAX_BATCH_BODY_BYTES + 1), BATCH_TARGET)).status).toBe(413);
  for (const target of [`${BATCH_TARGET}/`, `${BATCH_TARGET}?`, `${BATCH_TARGET}?x`]) expect((await ask('x'.repeat(MAX_BODY_BYTES + 1), target)).status).toBe(413);
});

test('[SIG-3] an empty query is handed on as what it is', async () => {
  await ask('hello', '/federation/v1/messages?');
  expect(seen.at(-1)?.rawTarget).toBe('/federation/v1/messages?');
});

test('[SIG-1] repeated headers are handed on as the platform joins them', async () => {
  const headers: [string, string][] = [['X-Federation-Signature', 'keyId="a.test"'], ['x-federation-signature', 'keyId="a.test"']];
  await handleFederationRequest(new Request('https://a.test/federation/v1/messages', { headers }), handlers, '192.0.2.1');
  expect(seen.at(-1)?.headers).toContainEqual(['x-federation-signature', 'keyId="a.test", keyId="a.test"']);
});

test.each(['HEAD', 'OPTIONS', 'PATCH'])('[SIG-10] the method %s is handed on', async (method) => {
  await handleFederationRequest(new Request('https://a.test/federation/v1/messages', { method }), handlers, '192.0.2.1');
  expect(seen.at(-1)).toMatchObject({ method, body: new Uint8Array() });
});

test('[SIG-8] the bytes given back are the UTF-8 of the answer', async () => {
  const french: FederationHandlers = { ...handlers, handle: async () => ({ status: 200, headers: {}, body: 'reçu' }) };
  const response = await handleFederationRequest(new Request('https://a.test/federation/v1/messages'), french, '192.0.2.1');
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from('reçu', 'utf8'));
});

test('[SIG-11] an endless body is given up at the limit', async () => {
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(65_536));
    },
    cancel() {
      cancelled = true;
    },
  });
  const request = new Request('https://a.test/federation/v1/messages', { method: 'POST', body, duplex: 'half' } as RequestInit);
  expect((await handleFederationRequest(request, handlers, '192.0.2.1')).status).toBe(413);
  expect([pulled < 10, cancelled]).toEqual([true, true]);
});

test('[KEY-2] the key document is answered by its own handler', () => {
  expect(handleKeyDocumentRequest(new Request('https://a.test/.well-known/x'), handlers).status).toBe(200);
  expect(handleKeyDocumentRequest(new Request('https://a.test/.well-known/x', { method: 'DELETE' }), handlers).status).toBe(405);
});

test('[SIG-10] the chunks of a body are copied as they come, not kept', async () => {
  const chunk = new Uint8Array(1);
  const bytes = [1, 2, 3];
  const source: UnderlyingDefaultSource<Uint8Array> = {
    pull(controller) {
      const byte = bytes.shift();
      if (byte === undefined) return controller.close();
      chunk[0] = byte;
      controller.enqueue(chunk);
    },
  };
  const body = new ReadableStream(source, { highWaterMark: 0 });
  await handleFederationRequest(new Request('https://a.test/federation/v1/messages', { method: 'POST', body, duplex: 'half' } as RequestInit), handlers, '192.0.2.1');
  expect(seen.at(-1)?.body).toEqual(Uint8Array.of(1, 2, 3));
});

test('[KEY-2] HEAD is answered without a body but with the length that GET would have', async () => {
  const document: FederationHandlers = { ...handlers, keyDocument: () => ({ status: 200, headers: { 'x-one': '1' }, body: '{"é":1}' }) };
  const response = handleKeyDocumentRequest(new Request('https://a.test/.well-known/x', { method: 'HEAD' }), document);
  expect([response.status, response.body, response.headers.get('content-length'), response.headers.get('x-one')]).toEqual([200, null, '8', '1']);
  const whole = handleKeyDocumentRequest(new Request('https://a.test/.well-known/x'), document);
  expect((await whole.arrayBuffer()).byteLength).toBe(8);
});
