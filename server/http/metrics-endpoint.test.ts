import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { createMetricsHandler, METRICS_PATH } from './metrics-endpoint.ts';
import { exchangeRaw } from './testing/raw-client.ts';
import { listenForMetrics } from './web-listener.ts';
import type { Listener } from './web-listener.ts';

const TOKEN = 'a token of the collector';
const PAGE = { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '# nothing yet\n' };
const metrics = { write: async () => PAGE };
const open: Listener[] = [];
afterEach(() => Promise.all(open.splice(0).map((listener) => listener.close())));

async function listen(source: typeof metrics | null, token: string | null): Promise<number> {
  const listener = await listenForMetrics(METRICS_PATH, createMetricsHandler(source, { token }), { host: '127.0.0.1', port: 0, logger: pino({ level: 'silent' }) });
  open.push(listener);
  return listener.port;
}

const request = (method: string, target: string, authorization?: string): string =>
  `${method} ${target} HTTP/1.0\r\n${authorization === undefined ? '' : `Authorization: ${authorization}\r\n`}\r\n`;

describe('/metrics', () => {
  test('on a port of its own needs no bearer and is all there is', async () => {
    const port = await listen(metrics, null);
    expect(await exchangeRaw(port, request('GET', METRICS_PATH))).toMatchObject({ status: 200, body: PAGE.text });
    expect(await exchangeRaw(port, request('GET', `${METRICS_PATH}?x`))).toMatchObject({ status: 200 });
    expect(await exchangeRaw(port, request('GET', '/healthz'))).toMatchObject({ status: 404, body: '' });
  });

  test('where a bearer is asked for, nothing is shown without it', async () => {
    const port = await listen(metrics, TOKEN);
    for (const authorization of [undefined, 'Bearer another token', TOKEN]) {
      expect(await exchangeRaw(port, request('GET', METRICS_PATH, authorization))).toMatchObject({ status: 401, body: '' });
    }
    expect(await exchangeRaw(port, request('GET', METRICS_PATH, `Bearer ${TOKEN}`))).toMatchObject({ status: 200, body: PAGE.text });
  });

  test('is only read', async () => {
    const port = await listen(metrics, null);
    expect(await exchangeRaw(port, request('POST', METRICS_PATH))).toMatchObject({ status: 405, body: '' });
  });

  test('is 404 where there is nothing to show', async () => {
    const port = await listen(null, TOKEN);
    expect(await exchangeRaw(port, request('GET', METRICS_PATH, `Bearer ${TOKEN}`))).toMatchObject({ status: 404, body: '' });
  });
});
