import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import pg from 'pg';
import pino from 'pino';
import { type Database, openDatabase } from './database.ts';
import { applyMigrations } from './migrate.ts';

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'prisma', 'migrations');
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 25;

/** A database of a test's own; `url` opens further pools to it. */
export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  /** Closes the pool and drops the database. */
  stop(): Promise<void>;
}

/**
 * Creates an empty database on the PostgreSQL named by TEST_DATABASE_URL, else on an embedded one that all test files
 * of a run share and that ends with the run. Migrations are applied unless `migrated` is false.
 */
export async function createTestDatabase(options: { readonly migrated?: boolean; readonly maxConnections?: number } = {}): Promise<TestDatabase> {
  const serverUrl = await findServerUrl();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const logger = pino({ level: 'silent' });
  const database = openDatabase({ url: url.href, logger, maxConnections: options.maxConnections ?? 16 });
  if (options.migrated !== false) await applyMigrations({ pool: database.pool, directory: MIGRATIONS, logger });
  return {
    url: url.href,
    database,
    async stop() {
      await database.close();
      await runOnServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function runOnServer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function findServerUrl(): Promise<string> {
  return process.env['TEST_DATABASE_URL'] ?? (await shareServer());
}

/** The first to make the run's folder starts the server; everyone waits for the URL to appear in it. */
async function shareServer(): Promise<string> {
  const runPid = process.env['VITEST'] !== undefined && isMainThread ? process.ppid : process.pid;
  const folder = join(tmpdir(), `securechat-test-postgres-${runPid}-${startOf(runPid)}`);
  if (makeFolder(folder)) {
    const log = openSync(join(folder, 'server.log'), 'a');
    const script = join(import.meta.dirname, 'testing-postgres-server.ts');
    spawn(process.execPath, [script, folder, String(runPid)], { detached: true, stdio: ['ignore', log, log] }).unref();
    closeSync(log);
  }
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += POLL_MS) {
    const url = await readFile(join(folder, 'url'), 'utf8').catch(() => '');
    if (url !== '') return url;
    await delay(POLL_MS);
  }
  throw new Error(`The test database did not start; see ${join(folder, 'server.log')}.`);
}

function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o755 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Process ids come back; with the start time the name of a run does not. */
function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
