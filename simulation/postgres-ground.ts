import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as realDelay } from 'node:timers/promises';
import pg from 'pg';
import pino from 'pino';
import { startEmbeddedPostgres } from '../server/persistence/embedded-postgres.ts';
import { applyMigrations } from '../server/persistence/migrate.ts';

/** The folder of the schema's history. */
export const MIGRATIONS = join(import.meta.dirname, '..', 'prisma', 'migrations');

/** The one PostgreSQL server that all domains of a world have their databases on. */
export interface PostgresGround {
  /** Gives the URL of an empty, migrated database of this name; whoever still used it is thrown out. */
  prepare(name: string): Promise<string>;
  /** Ends the server as a crash does and starts it again: committed work stays, all else is gone. */
  restart(): Promise<void>;
  /** Cuts every connection to a database. */
  disconnect(name: string): Promise<void>;
  query<Row extends pg.QueryResultRow>(name: string, text: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

const logger = pino({ level: 'silent' });
/** Commits survive the end of the server; that of the machine is not played. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'on', max_connections: '400' };
const POLL_MS = 5;
const MOST_CONNECTIONS = 2;
const MOST_TRIES = 20;
const TRY_AGAIN_MS = 100;
const EMPTY_ALL = `DO $$ DECLARE names text; BEGIN
  SELECT string_agg(format('%I', tablename), ', ') INTO names FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations';
  EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE';
END $$`;

/** Starts the server in a folder of its own below the system's temporary one. */
export async function openPostgresGround(): Promise<PostgresGround> {
  const dataDir = await mkdtemp(join(tmpdir(), 'securechat-simulation-'));
  await chmod(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir, logger, settings: SETTINGS });
  const place = join(dataDir, 'embedded-postgres.json');
  const pools = new Map<string, pg.Pool>();
  const urlOf = (name: string): string => {
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return url.href;
  };
  const poolOf = (name: string): pg.Pool => {
    const known = pools.get(name);
    if (known !== undefined) return known;
    const pool = new pg.Pool({ connectionString: urlOf(name), max: MOST_CONNECTIONS, application_name: 'simulation' });
    pool.on('error', () => {});
    pools.set(name, pool);
    return pool;
  };
  const query = async <Row extends pg.QueryResultRow>(name: string, text: string): Promise<readonly Row[]> => {
    const pool = poolOf(name);
    // A connection of before a restart is found out by using it, and a restart takes a moment.
    for (let tries = 1; ; tries += 1) {
      const result = await pool.query<Row>(text).catch((error: unknown) => {
        if (tries === MOST_TRIES) throw error;
        return null;
      });
      if (result !== null) return result.rows;
      await realDelay(TRY_AGAIN_MS);
    }
  };
  const disconnect = async (name: string): Promise<void> => {
    await query('postgres', `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}' AND application_name <> 'simulation'`);
  };
  return {
    disconnect,
    async prepare(name) {
      if (pools.has(name)) {
        await disconnect(name);
        await query(name, EMPTY_ALL);
        return urlOf(name);
      }
      await query('postgres', `CREATE DATABASE ${name}`);
      await applyMigrations({ pool: poolOf(name), directory: MIGRATIONS, logger });
      return urlOf(name);
    },
    async restart() {
      const pid = readPid(await readFile(place, 'utf8'));
      process.kill(pid, 'SIGQUIT');
      // Whoever started it looks after it, and starts it again at its place.
      while (readPid(await readFile(place, 'utf8')) === pid) await realDelay(POLL_MS);
    },
    query,
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function readPid(json: string): number {
  const { pid }: { pid?: unknown } = JSON.parse(json);
  if (typeof pid !== 'number') throw new Error('The place of the database is not noted.');
  return pid;
}
