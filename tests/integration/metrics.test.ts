import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ManagedProcess } from '../../conformance/launcher/managed-process.ts';
import { createTestDatabase } from '../../server/persistence/testing-database.ts';
import type { TestDatabase } from '../../server/persistence/testing-database.ts';
import { eventually } from '../support/eventually.ts';
import { MESSAGES } from '../support/foreign-bodies.ts';
import { promisePort } from '../support/port-range.ts';
import { prepareTwoSidedGround } from '../support/two-sided-ground.ts';
import type { TwoSidedGround } from '../support/two-sided-ground.ts';
import { createPairs, sendOne, startTwoSidedLoad } from '../support/two-sided-load.ts';
import type { LoadPair } from '../support/two-sided-load.ts';

const START_TIMEOUT_MS = 240_000;
const TEST_TIMEOUT_MS = 90_000;
/** The page asks the database for the queue at most this often. */
const QUEUE_FRESH_MS = 5_000;

let database: TestDatabase;
let ground: TwoSidedGround;
let server: ManagedProcess;
let pair: LoadPair;
let metricsUrl: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const port = await promisePort();
  metricsUrl = `http://127.0.0.1:${port}/metrics`;
  ground = await prepareTwoSidedGround(database.url, { SECURECHAT_METRICS_PORT: String(port) });
  server = await ground.start();
  const [first] = await createPairs(ground, 1);
  if (first === undefined) throw new Error('nobody is there');
  pair = first;
}, START_TIMEOUT_MS);

afterAll(async () => {
  await server?.end();
  await ground?.stop();
  await database?.stop();
});

async function readPage(): Promise<string> {
  const answer = await fetch(metricsUrl);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')]);
  return answer.text();
}

async function readValue(series: string): Promise<number | null> {
  const line = (await readPage()).split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

describe('/metrics', () => {
  test('counts what is accepted from both sides, delivered, and how long that took', async () => {
    const load = startTwoSidedLoad(ground, [pair]);
    await eventually(() => expect(Math.min(load.acknowledged('local').length, load.acknowledged('remote').length)).toBeGreaterThan(20), 30_000);
    await load.stop();
    const [local, remote] = [load.acknowledged('local').length, load.acknowledged('remote').length];
    await eventually(async () => {
      expect(await readValue('securechat_messages_accepted_total{origin="local"}')).toBe(local);
      expect(await readValue('securechat_messages_accepted_total{origin="remote"}')).toBe(remote);
      expect(await readValue('securechat_deliveries_total')).toBe(local);
      expect(await readValue('securechat_delivery_latency_seconds_count')).toBe(local);
    });
    expect(await readValue('securechat_delivery_attempts_total')).toBeGreaterThanOrEqual(local);
    expect(await readValue('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  }, TEST_TIMEOUT_MS);

  test('counts refusals by their code', async () => {
    expect((await fetch(`${ground.url}${MESSAGES}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status).toBe(401);
    expect((await fetch(`${ground.url}/api/trpc/conversations.list`)).status).toBe(401);
    expect(await readValue('securechat_rejected_total{origin="remote",code="signature_missing"}')).toBe(1);
    expect(await readValue('securechat_rejected_total{origin="local",code="unauthorized"}')).toBe(1);
  }, TEST_TIMEOUT_MS);

  test('[DEL-4] shows what waits for a peer that does not answer', async () => {
    ground.way.swallow();
    await sendOne(ground, pair);
    await eventually(async () => expect(await readValue('securechat_peer_queued_deliveries{peer="d.test"}')).toBe(1), 4 * QUEUE_FRESH_MS);
    expect(await readValue('securechat_queued_deliveries')).toBe(1);
    expect(await readValue('securechat_queue_scrape_success')).toBe(1);
  }, TEST_TIMEOUT_MS);

  test('names no person, conversation or message', async () => {
    const page = await readPage();
    expect([pair.userId, 'bob@', pair.conversationId, '@'].filter((secret) => page.includes(secret))).toEqual([]);
  });

  test('is not on the listener for browsers while it has a port of its own', async () => {
    expect((await fetch(`${ground.url}/metrics`)).status).toBe(404);
  });
});
