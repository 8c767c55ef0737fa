import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool, PoolClient, QueryConfig } from 'pg';
import type { Logger } from 'pino';

/** The lock that Prisma's own migration command takes. */
const PRISMA_LOCK = 72_707_369;
/** As long as a change of the schema may take. */
const PATIENCE_MS = 6 * 3_600_000;

/** Why the database cannot be brought to this program's schema, in the closed `code`; the message says what to do. */
class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: 'checksum_changed' | 'previously_failed' | 'database_newer' | 'script_failed';

  constructor(code: MigrationError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

interface Migration {
  readonly name: string;
  readonly script: string;
  readonly checksum: string;
}

/**
 * Brings the database to the newest schema: applies what is missing of `<directory>/<name>/migration.sql`, in order of
 * name, each in one transaction, and notes it as `prisma migrate deploy` does, so that either may follow the other.
 * Several processes may start at once. Gives the names applied; throws {@link MigrationError} and changes nothing when
 * history and folder disagree.
 */
export async function applyMigrations(options: { readonly pool: Pool; readonly directory: string; readonly logger: Logger }): Promise<readonly string[]> {
  const migrations = await readMigrations(options.directory);
  const client = await options.pool.connect();
  try {
    // A session for whole tables, unlike those that serve requests; it ends below.
    await client.query('SET statement_timeout = 0; SET enable_seqscan = on; SET enable_bitmapscan = on');
    await patiently(client, 'SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    await createHistory(client);
    const missing = findMissing(migrations, await readHistory(client));
    for (const migration of missing) {
      options.logger.info({ migration: migration.name }, 'Changing the database schema');
      await apply(client, migration);
    }
    return missing.map(({ name }) => name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [PRISMA_LOCK]).catch(() => undefined);
    client.release(true);
  }
}

/** Runs what may take its time, for another process or for a large table. */
async function patiently(client: PoolClient, text: string, values?: readonly unknown[]): Promise<void> {
  const query: PatientQuery = { text, query_timeout: PATIENCE_MS, ...(values === undefined ? {} : { values: [...values] }) };
  await client.query(query);
}

async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  return Promise.all(
    names.map(async (name) => {
      const script = await readFile(join(directory, name, 'migration.sql'), 'utf8');
      return { name, script, checksum: createHash('sha256').update(script).digest('hex') };
    }),
  );
}

async function createHistory(client: PoolClient): Promise<void> {
  await client.query(`CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum" VARCHAR(64) NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL,
    "logs" TEXT,
    "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`);
}

/** `pg` takes this for each query; its types do not say so. */
interface PatientQuery extends QueryConfig {
  readonly query_timeout: number;
}

interface HistoryRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

async function readHistory(client: PoolClient): Promise<readonly HistoryRow[]> {
  const { rows } = await client.query<HistoryRow>(
    'SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at',
  );
  return rows;
}

function findMissing(migrations: readonly Migration[], history: readonly HistoryRow[]): readonly Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of history) {
    const name = row.migration_name;
    if (row.finished_at === null) {
      throw new MigrationError('previously_failed', `The schema change ${name} failed half way. Repair the database, then mark it with "prisma migrate resolve".`);
    }
    const migration = known.get(name);
    if (migration === undefined) {
      throw new MigrationError('database_newer', `The database holds the schema change ${name}, which this version does not know. Start a version at least as new as the database.`);
    }
    if (migration.checksum !== row.checksum) {
      throw new MigrationError('checksum_changed', `The schema change ${name} is not the one that was applied to this database. Restore prisma/migrations/${name}/migration.sql.`);
    }
  }
  const applied = new Set(history.map((row) => row.migration_name));
  return migrations.filter(({ name }) => !applied.has(name));
}

async function apply(client: PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query('INSERT INTO "_prisma_migrations" (id, checksum, migration_name) VALUES ($1, $2, $3)', [randomUUID(), migration.checksum, migration.name]);
    await patiently(client, migration.script);
    // clock_timestamp: now() would be the start of the transaction.
    await client.query('UPDATE "_prisma_migrations" SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE migration_name = $1 AND rolled_back_at IS NULL', [migration.name]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new MigrationError('script_failed', `The schema change ${migration.name} failed and was undone: ${cause instanceof Error ? cause.message : 'no reason given'}`, { cause });
  }
}
