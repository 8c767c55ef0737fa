import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ManagedProcess } from '../../conformance/launcher/managed-process.ts';
import { createTestDatabase } from '../../server/persistence/testing-database.ts';
import type { TestDatabase } from '../../server/persistence/testing-database.ts';
import { eventually } from '../support/eventually.ts';
import { prepareTwoSidedGround } from '../support/two-sided-ground.ts';
import type { TwoSidedGround } from '../support/two-sided-ground.ts';
import { createPairs, sendOne, startTwoSidedLoad } from '../support/two-sided-load.ts';
import type { LoadPair } from '../support/two-sided-load.ts';

const START_TIMEOUT_MS = 240_000;
const TEST_TIMEOUT_MS = 180_000;
/** What supervisors give a process before they kill it. */
const STOP_MS = 10_000;
/** Far below the 60 s after which a claim runs out by itself. */
const AT_ONCE_MS = 20_000;

let database: TestDatabase;
let ground: TwoSidedGround;
let server: ManagedProcess;
let pairs: readonly LoadPair[];

beforeEach(async () => {
  database = await createTestDatabase();
  ground = await prepareTwoSidedGround(database.url);
  server = await ground.start();
  pairs = await createPairs(ground, 2);
}, START_TIMEOUT_MS);

afterEach(async () => {
  await server?.end();
  await ground?.stop();
  await database?.stop();
});

const pairOne = (): LoadPair => {
  const [pair] = pairs;
  if (pair === undefined) throw new Error('nobody is there');
  return pair;
};

/** Sends signals one after the other and answers how the process ended, and after how long. */
async function stopBy(...signals: readonly NodeJS.Signals[]): Promise<{ readonly code: number | null; readonly ms: number }> {
  const startedAt = performance.now();
  for (const [index, signal] of signals.entries()) {
    server.signal(signal);
    // Two signals at one moment may arrive as one.
    if (index === 0 && signals.length > 1) await eventually(async () => expect(await ground.log()).toContain('"msg":"stopping"'));
  }
  const { code } = await server.exited;
  return { code, ms: performance.now() - startedAt };
}

async function storedIds(): Promise<readonly string[]> {
  const { rows } = await database.database.pool.query<{ message_id: string }>('SELECT message_id FROM messages');
  return rows.map(({ message_id: id }) => id);
}

async function liveClaims(): Promise<number> {
  const { rows } = await database.database.pool.query('SELECT domain FROM peers WHERE claimed_by IS NOT NULL AND claimed_until > now()');
  return rows.length;
}

async function expectTaken(ids: readonly string[]): Promise<void> {
  await eventually(() => expect(ids.filter((id) => !ground.taken().has(id))).toEqual([]), AT_ONCE_MS);
}

describe('SIGTERM', () => {
  test('[DEL-3] under load ends with 0 within 10 s; nothing acknowledged is missing, and the next process goes on at once', async () => {
    const socket = io(ground.url, { transports: ['websocket'], reconnection: false, extraHeaders: { cookie: pairOne().cookie } });
    const left = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    const load = startTwoSidedLoad(ground, pairs);
    await eventually(() => expect(Math.min(load.acknowledged('local').length, load.acknowledged('remote').length)).toBeGreaterThan(100), 60_000);

    const { code, ms } = await stopBy('SIGTERM');
    expect([code, ms < STOP_MS]).toEqual([0, true]);
    await left;
    await load.stop();

    const stored = await storedIds();
    expect([...load.acknowledged('local'), ...load.acknowledged('remote')].filter((id) => !stored.includes(id))).toEqual([]);
    expect(new Set(stored).size).toBe(stored.length);
    expect(await liveClaims()).toBe(0);

    server = await ground.start();
    await expectTaken(load.acknowledged('local'));
  }, TEST_TIMEOUT_MS);

  test('[DEL-5] while a peer does not answer ends with 0 within 10 s, and the next process sends at once what it had claimed', async () => {
    ground.way.swallow();
    const messageId = await sendOne(ground, pairOne());
    await eventually(() => expect(ground.way.swallowedBytes()).toBeGreaterThan(0));
    expect(await liveClaims()).toBe(1);

    const { code, ms } = await stopBy('SIGTERM');
    expect([code, ms < STOP_MS]).toEqual([0, true]);
    expect(await liveClaims()).toBe(0);

    ground.way.open();
    server = await ground.start();
    await expectTaken([messageId]);
  }, TEST_TIMEOUT_MS);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s ends the process at once, with %i', async (signal, expected) => {
  ground.way.swallow();
  await sendOne(ground, pairOne());
  await eventually(() => expect(ground.way.swallowedBytes()).toBeGreaterThan(0));
  const { code, ms } = await stopBy(signal, signal);
  expect([code, ms < STOP_MS / 2]).toEqual([expected, true]);
}, TEST_TIMEOUT_MS);
