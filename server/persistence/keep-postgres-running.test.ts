import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { keepPostgresRunning } from './keep-postgres-running.ts';
import type { Postmaster } from './postmaster.ts';
import { isAlive } from './running-process.ts';

const logger = pino({ level: 'silent' });

/** A server that ends when the test says so, or when it is stopped. */
function createFakePostmaster(pid: number): Postmaster & { die(): void } {
  const { promise: exited, resolve: die } = Promise.withResolvers<void>();
  return { pid, exited, die, stop: vi.fn(async () => die()) };
}

describe('keepPostgresRunning', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('starts a server again that ended by itself, and watches over that one too', async () => {
    const servers = [1, 2, 3].map(createFakePostmaster);
    const [first, second, third] = servers;
    if (first === undefined || second === undefined || third === undefined) throw new Error('three servers');
    const restart = vi.fn<() => Promise<Postmaster>>().mockResolvedValueOnce(second).mockResolvedValueOnce(third);
    const kept = keepPostgresRunning(first, { restart, logger });
    first.die();
    await vi.waitFor(() => expect(restart).toHaveBeenCalledTimes(1));
    second.die();
    await vi.waitFor(() => expect(restart).toHaveBeenCalledTimes(2));
    await kept.stop();
    expect(servers.map(({ stop }) => vi.mocked(stop).mock.calls.length)).toEqual([0, 0, 1]);
  });

  test('tries a start that fails again every 5 s', async () => {
    const [first, second] = [createFakePostmaster(1), createFakePostmaster(2)];
    const restart = vi.fn<() => Promise<Postmaster>>().mockRejectedValueOnce(new Error('no memory')).mockResolvedValueOnce(second);
    const kept = keepPostgresRunning(first, { restart, logger });
    first.die();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(restart).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(restart).toHaveBeenCalledTimes(2);
    await kept.stop();
    expect(second.stop).toHaveBeenCalledTimes(1);
  });

  test('a stop is no end by itself, and ends what is being tried', async () => {
    const first = createFakePostmaster(1);
    const restart = vi.fn<() => Promise<Postmaster>>().mockRejectedValue(new Error('no memory'));
    const kept = keepPostgresRunning(first, { restart, logger });
    await kept.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restart).not.toHaveBeenCalled();

    const dead = createFakePostmaster(2);
    const tried = keepPostgresRunning(dead, { restart, logger });
    dead.die();
    await vi.advanceTimersByTimeAsync(0);
    await tried.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restart).toHaveBeenCalledTimes(1);
  });
});

test('an embedded PostgreSQL that was killed is back at the same place, with what was committed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'securechat-kept-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: folder, logger });
  const pool = new pg.Pool({ connectionString: server.url });
  pool.on('error', () => undefined);
  const readPid = async (): Promise<number> => JSON.parse(await readFile(join(folder, 'embedded-postgres.json'), 'utf8')).pid;
  try {
    await pool.query('CREATE TABLE kept (n int)');
    await pool.query('INSERT INTO kept VALUES (1)');
    const before = await readPid();
    process.kill(before, 'SIGKILL');
    await vi.waitFor(async () => expect((await pool.query('SELECT n FROM kept')).rows).toEqual([{ n: 1 }]), { timeout: 20_000, interval: 50 });
    await vi.waitFor(async () => expect(await readPid()).not.toBe(before), { timeout: 5_000, interval: 50 });
  } finally {
    await pool.end();
    await server.stop();
  }
  expect(isAlive(await readPid())).toBe(false);
  await rm(folder, { recursive: true, force: true });
});
