import { randomUUID } from 'node:crypto';
import pg from 'pg';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import type { BusMessage, BusNews } from '../domain/process-bus.ts';
import { parseFrame } from './bus-frame.ts';
import type { BusFrame } from './bus-frame.ts';
import { createProcessBus } from './process-bus.ts';
import { createTestDatabase } from './testing-database.ts';
import type { TestDatabase } from './testing-database.ts';

const logger = pino({ level: 'silent' });
const GAP: BusNews = { kind: 'gap' };
const wake = (name: string): BusMessage => ({ kind: 'wake', domains: [parseDomain(name)] });

let db: TestDatabase;
let stops: (() => Promise<void>)[];
let clockMs: number;
/** Everything that was notified, as a stranger to the bus sees it. */
let notified: BusFrame[];

beforeAll(async () => {
  db = await createTestDatabase({ migrated: false });
});
beforeEach(async () => {
  [stops, notified, clockMs] = [[], [], 1_000_000];
  const witness = new pg.Client({ connectionString: db.url, application_name: 'witness' });
  await witness.connect();
  await witness.query('LISTEN securechat_bus');
  witness.on('notification', ({ payload }) => {
    const frame = parseFrame(payload ?? '');
    if (frame !== null) notified.push(frame);
  });
  stops.push(() => witness.end());
});
afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
});
afterAll(() => db.stop());

/** A process on the database; its clock is that of all of them, its heart beats every 20 ms. */
function createProcess(url = db.url) {
  const heard: BusNews[] = [];
  const processId = randomUUID();
  const bus = createProcessBus({
    pool: db.database.pool, url, processId, logger, now: () => clockMs, pace: { heartbeatMs: 20, forgetMs: 30_000, settleMs: 2_000 },
  });
  bus.subscribe((news) => heard.push(news));
  stops.push(() => bus.stop());
  return { bus, heard, processId };
}

type Process = ReturnType<typeof createProcess>;

/** Starts processes that know of each other. */
async function startTogether(count: number): Promise<readonly Process[]> {
  const processes = Array.from({ length: count }, () => createProcess());
  for (const { bus } of processes) await bus.start();
  const framesOf = (processId: string): number => notified.filter(({ from, say }) => from === processId && say === 'here').length;
  if (count > 1) await expect.poll(() => Math.min(...processes.map(({ processId }) => framesOf(processId)))).toBeGreaterThan(0);
  clockMs += 3_000;
  for (const { heard } of processes) heard.splice(0);
  return processes;
}

/** Resolves once everything that was notified before has come to everybody. */
async function settled(): Promise<void> {
  const mark = randomUUID();
  await db.database.pool.query('SELECT pg_notify($1, $2)', ['securechat_bus', JSON.stringify({ v: 1, from: mark, say: 'none' })]);
  await expect.poll(() => notified.some(({ from }) => from === mark)).toBe(true);
}

async function terminate(applicationName: string): Promise<void> {
  await db.database.pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()', [applicationName]);
}

describe('what one process tells', () => {
  test('every other hears in order, itself nothing', async () => {
    const [one, two, three] = await startTogether(3);
    const messages = Array.from({ length: 300 }, (_, index): BusMessage => ({ kind: 'session_revoked', sessionId: String(index) }));
    for (const message of messages) one?.bus.publish(message);
    await expect.poll(() => [two?.heard.length, three?.heard.length]).toEqual([300, 300]);
    expect([two?.heard, three?.heard, one?.heard]).toEqual([messages, messages, []]);
  });

  test('within a tick goes out in as few notifications as fit', async () => {
    const [one, two] = await startTogether(2);
    for (let index = 0; index < 100; index += 1) one?.bus.publish({ kind: 'session_revoked', sessionId: String(index) });
    await expect.poll(() => two?.heard.length).toBe(100);
    expect(notified.filter(({ items = [] }) => items.length > 0)).toHaveLength(1);
  });
});

describe('a process alone', () => {
  test('publishes nothing', async () => {
    const [one] = await startTogether(1);
    await settled();
    notified.splice(0);
    one?.bus.publish(wake('b.test'));
    await one?.bus.flush();
    await settled();
    expect(notified.filter(({ from }) => from === one?.processId)).toEqual([]);
  });

  test('publishes from when another starts, which is told that it may have missed something', async () => {
    const [one] = await startTogether(1);
    const two = createProcess();
    await two.bus.start();
    await expect.poll(() => notified.filter(({ met }) => met?.includes(two.processId)).map(({ from }) => from)).toEqual([one?.processId]);
    await expect.poll(() => two.heard).toEqual([GAP, GAP]);
    one?.bus.publish(wake('b.test'));
    two.bus.publish(wake('c.test'));
    await expect.poll(() => [one?.heard, two.heard.slice(2)]).toEqual([[wake('c.test')], [wake('b.test')]]);
  });

  test('is one again once the other has said good-bye', async () => {
    const [one, two] = await startTogether(2);
    await two?.bus.stop();
    await expect.poll(() => notified.some(({ say }) => say === 'bye')).toBe(true);
    await settled();
    notified.splice(0);
    one?.bus.publish(wake('b.test'));
    await settled();
    expect(notified.flatMap(({ items = [] }) => items)).toEqual([]);
  });

  test('is one again 30 s after the last sign of the other, and asks who is there', async () => {
    const [one] = await startTogether(1);
    await db.database.pool.query('SELECT pg_notify($1, $2)', ['securechat_bus', JSON.stringify({ v: 1, from: 'mute', say: 'here' })]);
    await expect.poll(() => notified.some(({ met }) => met?.includes('mute'))).toBe(true);
    clockMs += 30_000;
    notified.splice(0);
    one?.bus.publish(wake('b.test'));
    await expect.poll(() => notified.flatMap(({ items = [] }) => items)).toEqual([wake('b.test')]);
    clockMs += 1;
    await expect.poll(() => notified.some(({ from, say }) => from === one?.processId && say === 'hello')).toBe(true);
    notified.splice(0);
    one?.bus.publish(wake('b.test'));
    await settled();
    expect(notified.flatMap(({ items = [] }) => items)).toEqual([]);
  });
});

test('[DEL-5] a process that does not listen is heard by those that do', async () => {
  const [one] = await startTogether(1);
  const function_ = createProcess();
  function_.bus.publish(wake('b.test'));
  await function_.bus.flush();
  await expect.poll(() => one?.heard).toEqual([wake('b.test')]);
  expect(function_.heard).toEqual([]);
});

test('whoever listens for a while hears others meanwhile, after a gap', async () => {
  const [one] = await startTogether(1);
  const guest = createProcess();
  const release = guest.bus.listen();
  await expect.poll(() => guest.heard).toEqual([GAP, GAP]);
  one?.bus.publish(wake('b.test'));
  await expect.poll(() => guest.heard.slice(2)).toEqual([wake('b.test')]);
  release();
  await expect.poll(() => notified.some(({ from, say }) => from === guest.processId && say === 'bye')).toBe(true);
});

describe('a listening connection that the database ends', () => {
  test('is opened again; subscribers hear of a gap, and then whatever is told', async () => {
    const [one, two] = await startTogether(2);
    await terminate('securechat-bus');
    await expect.poll(() => [one?.heard[0], two?.heard[0]]).toEqual([GAP, GAP]);
    const before = notified.length;
    await expect.poll(() => new Set(notified.slice(before).filter(({ say }) => say === 'here').map(({ from }) => from)).size).toBe(2);
    one?.bus.publish(wake('b.test'));
    await expect.poll(() => two?.heard.at(-1)).toEqual(wake('b.test'));
  });

  test('does not make a process believe that it is alone', async () => {
    const [one] = await startTogether(1);
    await terminate('securechat-bus');
    await expect.poll(() => one?.heard).toEqual([GAP]);
    const said = notified.length;
    one?.bus.publish(wake('b.test'));
    await expect.poll(() => notified.slice(said).flatMap(({ items = [] }) => items)).toEqual([wake('b.test')]);
  });
});

test('what could not be told is made known once the database is back', async () => {
  const listening = createProcess();
  await listening.bus.start();
  listening.heard.splice(0);
  let isAway = true;
  const pool = { query: (...args: Parameters<pg.Pool['query']>) => (isAway ? Promise.reject(new Error('away')) : db.database.pool.query(...args)) } as Pick<pg.Pool, 'query'>;
  const bus = createProcessBus({ pool, url: db.url, processId: 'speaker', logger, now: () => clockMs });
  stops.push(() => bus.stop());
  bus.publish(wake('b.test'));
  await bus.flush();
  isAway = false;
  await expect.poll(() => listening.heard, { timeout: 3_000 }).toEqual([GAP]);
});

test('a word in another language counts as a gap', async () => {
  const [one] = await startTogether(1);
  await db.database.pool.query('SELECT pg_notify($1, $2)', ['securechat_bus', '{"v":2}']);
  await expect.poll(() => one?.heard).toEqual([GAP]);
});

test('a start without a database waits for one, and can be stopped', async () => {
  const { bus } = createProcess('postgresql://127.0.0.1:1/nowhere');
  const started = bus.start();
  await bus.stop();
  await started;
});
