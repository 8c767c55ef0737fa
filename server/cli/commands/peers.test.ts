import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../persistence/testing-database.ts';
import type { TestDatabase } from '../../persistence/testing-database.ts';
import { runCommand } from '../../../tests/support/run-command.ts';
import type { CommandResult } from '../../../tests/support/run-command.ts';

/** The channel on which the processes of one database talk. */
const CHANNEL = 'securechat_bus';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.stop());
beforeEach(() => db.database.pool.query('TRUNCATE outbox_items, peers'));

const run = (...args: readonly string[]): Promise<CommandResult> =>
  runCommand(['server/cli/securechat.ts', 'peers', ...args], { SECURECHAT_DOMAIN: 'a.test', DATABASE_URL: db.url });

async function queue(destination: string, state = 'queued'): Promise<void> {
  await db.database.pool.query(
    `INSERT INTO outbox_items (conversation_key, position, created_at, next_attempt_at, destination, state)
     VALUES (1, 1, now() - interval '3 hours', now() + interval '1 hour', $1, $2)`,
    [destination, state],
  );
}

describe('peers list', () => {
  test('[DEL-4] says of each domain what waits for it, and how the way to it is', async () => {
    await queue('b.test');
    await queue('b.test');
    await queue('c.test');
    await db.database.pool.query(
      `INSERT INTO peers (domain, consecutive_failures, last_failure_at, last_failure_reason, circuit_opened_at, next_attempt_at)
       VALUES ('b.test', 6, '2026-06-01T12:00:00Z', 'connect_failed', '2026-06-01T11:00:00Z', '2126-06-01T12:05:00Z')`,
    );
    const { code, stdout } = await run('list', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).peers).toMatchObject([
      {
        domain: 'b.test',
        queued: 2,
        circuitOpenedAt: '2026-06-01T11:00:00.000Z',
        nextAttemptAt: '2126-06-01T12:05:00.000Z',
        lastFailureReason: 'connect_failed',
        consecutiveFailures: 6,
      },
      { domain: 'c.test', policy: 'default', queued: 1, circuitOpenedAt: null },
    ]);
    const lines = (await run('list')).stdout.trimEnd().split('\n');
    expect(lines[0]).toBe(
      'b.test\tdefault\t2 waiting, the oldest for 3 h 0 min\tcircuit open since 2026-06-01T11:00:00.000Z\tfailed 6 times (connect_failed, last 2026-06-01T12:00:00.000Z), held until 2126-06-01T12:05:00.000Z',
    );
    expect(lines[1]).toMatch(/^c\.test\tdefault\t1 waiting, /);
  });
});

describe('peers retry', () => {
  test('[DEL-2] wakes the processes that run', async () => {
    const listener = new pg.Client({ connectionString: db.url });
    const heard = new Promise<string>((resolve) => listener.on('notification', ({ payload = '' }) => resolve(payload)));
    await listener.connect();
    try {
      await listener.query(`LISTEN ${CHANNEL}`);
      await queue('b.test');
      expect(await run('retry', 'b.test')).toMatchObject({ code: 0, stdout: '1 waiting for b.test are due now\n' });
      expect(JSON.parse(await heard)).toMatchObject({ items: [{ kind: 'wake', domains: ['b.test'] }] });
    } finally {
      await listener.end();
    }
  });
});
