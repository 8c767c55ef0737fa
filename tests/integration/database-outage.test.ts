import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ManagedProcess } from '../../conformance/launcher/managed-process.ts';
import { startEmbeddedPostgres } from '../../server/persistence/embedded-postgres.ts';
import type { EmbeddedPostgres } from '../../server/persistence/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { promisePort } from '../support/port-range.ts';
import { prepareTwoSidedGround } from '../support/two-sided-ground.ts';
import type { TwoSidedGround } from '../support/two-sided-ground.ts';
import { createPairs, startTwoSidedLoad } from '../support/two-sided-load.ts';
import type { TwoSidedLoad } from '../support/two-sided-load.ts';

/** How long the database is away: SECURECHAT_TEST_OUTAGE_SECONDS=30 for the whole half minute. */
const OUTAGE_MS = Number(process.env['SECURECHAT_TEST_OUTAGE_SECONDS'] ?? 4) * 1_000;
const START_TIMEOUT_MS = 240_000;
const RECOVERY_MS = 10_000;

let folder: string;
let databasePort: number;
let postgres: EmbeddedPostgres;
let ground: TwoSidedGround;
let server: ManagedProcess;
let load: TwoSidedLoad;

const startDatabase = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dataDir: folder, port: databasePort, logger: pino({ level: 'silent' }) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-away-'));
  await chmod(folder, 0o755);
  databasePort = await promisePort();
  postgres = await startDatabase();
  ground = await prepareTwoSidedGround(postgres.url);
  server = await ground.start();
  load = startTwoSidedLoad(ground, await createPairs(ground, 2));
}, START_TIMEOUT_MS);

afterAll(async () => {
  await load?.stop();
  await server?.end();
  await ground?.stop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const acknowledged = (): number => Math.min(load.acknowledged('local').length, load.acknowledged('remote').length);

async function readStatus(path: string): Promise<number> {
  return (await fetch(`${ground.url}${path}`)).status;
}

/** The messages in the database, each as often as it is there. */
async function storedIds(): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<{ message_id: string }>('SELECT message_id FROM messages')).rows.map(({ message_id: id }) => id);
  } finally {
    await client.end();
  }
}

describe('a database that is stopped under load and comes back', () => {
  test('[ERR-2] while it is away everything is answered 503 `unavailable`, and nothing is acknowledged', async () => {
    await eventually(() => expect(acknowledged()).toBeGreaterThan(50), 60_000);
    await postgres.stop();
    const [stoppedAt, before] = [performance.now(), load.sendings.length];
    await eventually(async () => expect([await readStatus('/readyz'), await readStatus('/healthz')]).toEqual([503, 200]));
    await eventually(() => {
      expect(performance.now() - stoppedAt).toBeGreaterThan(OUTAGE_MS);
      for (const side of ['local', 'remote'] as const) expect(load.sendings.slice(before).filter((sending) => sending.side === side).length).toBeGreaterThan(3);
    }, OUTAGE_MS + 20_000);
    // Whoever was acknowledged in the very moment of the stop may hear of it a little later: two senders for each of two pairs.
    const meanwhile = load.sendings.slice(before + 4);
    expect(new Set(meanwhile.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['503 unavailable']));
  }, 60_000 + START_TIMEOUT_MS);

  test('within 10 s of its return both sides are served again, deliveries go on, and the process is the same', async () => {
    const [acknowledgedBefore, takenBefore] = [acknowledged(), ground.taken().size];
    postgres = await startDatabase();
    await eventually(async () => {
      expect(acknowledged()).toBeGreaterThan(acknowledgedBefore);
      expect(ground.taken().size).toBeGreaterThan(takenBefore);
      expect(await readStatus('/readyz')).toBe(200);
    }, RECOVERY_MS);
    expect(await Promise.race([server.exited, 'running'])).toBe('running');
  }, 60_000);

  test('[DEL-3] nothing that was acknowledged is lost, and nothing is there twice', async () => {
    await load.stop();
    await eventually(() => expect(load.acknowledged('local').filter((id) => !ground.taken().has(id))).toEqual([]), 60_000);
    const stored = await storedIds();
    expect([...load.acknowledged('local'), ...load.acknowledged('remote')].filter((id) => !stored.includes(id))).toEqual([]);
    expect(new Set(stored).size).toBe(stored.length);
    const sent = new Set([...load.sent('local'), ...load.sent('remote')]);
    expect(stored.filter((id) => !sent.has(id))).toEqual([]);
  }, 90_000);
});
