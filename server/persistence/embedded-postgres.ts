import { spawn } from 'node:child_process';
import { mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { keepPostgresRunning } from './keep-postgres-running.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { choosePostgresIdentity, giveTo, type LaunchPlan, planLaunch, type PostgresIdentity } from './postgres-identity.ts';
import { EMBEDDED_NAMES, ensurePassword, findFreePort, formatDatabaseUrl, readPlace, writePlace } from './postgres-place.ts';
import { endOrphan, type Postmaster, PostmasterExit, startPostmaster } from './postmaster.ts';

const START_ATTEMPTS = 20;
const RETRY_MS = 500;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  fsync: 'on',
  synchronous_commit: 'on',
  logging_collector: 'off',
  log_destination: 'stderr',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** A PostgreSQL of this process; `url` holds the password. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** Shuts the server down in order and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL in `<dataDir>/postgres`, initialising it the first time, and notes its place in
 * `<dataDir>/embedded-postgres.json`. A server that an earlier, killed process left behind is stopped first.
 * `settings` override server parameters. Throws {@link EmbeddedPostgresError}.
 */
export async function startEmbeddedPostgres(options: {
  readonly dataDir: string;
  readonly logger: Logger;
  readonly port?: number;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<EmbeddedPostgres> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const folder = join(dataDir, 'postgres');
  const binaries = await findPostgresBinaries();
  const identity = await choosePostgresIdentity();
  const last = await readPlace(dataDir);
  await endOrphan(folder, last?.supervisorPid ?? null, options.logger);
  const { password, file } = await ensurePassword(dataDir);
  const plan = await planLaunch(identity, binaries.postgres, folder);
  if (!(await isInitialised(folder))) {
    options.logger.info({ folder }, 'Creating the database');
    await giveTo(identity, file);
    await initialise({ initdb: binaries.initdb, plan, identity, folder, passwordFile: file });
  }
  await giveTo(identity, folder);
  const start = (chosen: number): Promise<Postmaster> =>
    startPostmaster({
      plan, program: binaries.postgres, folder, logger: options.logger,
      arguments: formatSettings({ ...SETTINGS, ...options.settings, port: String(chosen) }),
    });
  const { server, port } = await startWithRetries({ start, port: options.port ?? null, lastPort: last?.port ?? null });
  const url = formatDatabaseUrl({ port, password, database: EMBEDDED_NAMES.database });
  const note = ({ pid }: Postmaster): Promise<void> => writePlace(dataDir, { url, port, pid, supervisorPid: process.pid });
  await note(server);
  await ensureDatabase(formatDatabaseUrl({ port, password, database: 'postgres' })).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const restart = async (): Promise<Postmaster> => {
    // The pools go on at the same place.
    const { server: again } = await startWithRetries({ start, port, lastPort: port });
    await note(again);
    return again;
  };
  return { url, ...keepPostgresRunning(server, { restart, logger: options.logger }) };
}

async function isInitialised(folder: string): Promise<boolean> {
  return stat(join(folder, 'PG_VERSION')).then(() => true, () => false);
}

/** Initialises beside the final place and moves there, so that an interrupted run leaves nothing half made. */
async function initialise(options: {
  readonly initdb: string;
  readonly plan: LaunchPlan;
  readonly identity: PostgresIdentity | null;
  readonly folder: string;
  readonly passwordFile: string;
}): Promise<void> {
  const unfinished = `${options.folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await giveTo(options.identity, unfinished);
  await run(options.plan, options.initdb, [
    '-D', unfinished, `--username=${EMBEDDED_NAMES.user}`, `--pwfile=${options.passwordFile}`, '--auth=scram-sha-256',
    '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions',
  ]);
  await rename(unfinished, options.folder);
}

function run(plan: LaunchPlan, program: string, words: readonly string[]): Promise<void> {
  const [command = program, ...rest] = [...plan.prefix, program, ...words];
  return new Promise((resolve, reject) => {
    const output: string[] = [];
    const fail = (reason: string, cause?: unknown): void =>
      reject(new EmbeddedPostgresError('initialise_failed', `The database could not be created: ${reason}. Choose another SECURECHAT_DATA_DIR, or set DATABASE_URL.`, { cause }));
    const child = spawn(command, rest, { ...plan.spawnAs, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    child.once('error', (error) => fail(error.message, error));
    child.once('close', (code) => (code === 0 ? resolve() : fail(output.join('').trim().split('\n').slice(-5).join(' | '))));
  });
}

/** Another program may take the port in between, and a killed server's last processes may hold its memory for a moment. */
async function startWithRetries(options: {
  readonly start: (port: number) => Promise<Postmaster>;
  readonly port: number | null;
  readonly lastPort: number | null;
}): Promise<{ server: Postmaster; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort(attempt === 1 ? options.lastPort : null));
    try {
      return { server: await options.start(port), port };
    } catch (error) {
      if (!(error instanceof PostmasterExit)) throw error;
      const isPassing = /could not bind|could not create any TCP|shared memory block/.test(error.message);
      if (!isPassing || attempt === START_ATTEMPTS) throw new EmbeddedPostgresError('start_failed', error.message, { cause: error });
      await delay(RETRY_MS);
    }
  }
}

function formatSettings(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [EMBEDDED_NAMES.database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${EMBEDDED_NAMES.database}`);
  } finally {
    await client.end();
  }
}
