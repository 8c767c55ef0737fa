import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Logger } from 'pino';
import { PrismaClient } from './generated/client.ts';
import { createSql } from './sql.ts';
import type { Sql } from './sql.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 4_500;
/** A little later than the database gives up by itself, so that this one means that nobody is there. */
const ANSWER_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;
const TRANSACTION_WAIT_MS = 5_000;
const TRANSACTION_TIMEOUT_MS = 15_000;
const MAX_PREPARED = 500;

/**
 * What a session is before its first use. UTC, because Prisma's adapter writes and reads instants without their offset.
 * Commits wait for the disk whatever the server's default is: 2xx is a promise of durability [DEL-3]. Every read here
 * goes by an index, in its order: a plan that was made while a table was small must not read it whole once it is large.
 * No statement is worth compiling, nor planning again for each set of values.
 */
const SESSION = `SET TIME ZONE 'UTC'; SET synchronous_commit = on; SET statement_timeout = ${STATEMENT_TIMEOUT_MS};
  SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET enable_bitmapscan = off; SET jit = off`;

/** An open database: raw statements for the paths that every message takes, Prisma for the rest, the pool under both. */
export interface Database {
  readonly pool: pg.Pool;
  readonly sql: Sql;
  readonly prisma: PrismaClient;
  /** Asks the database for a sign of life; throws when there is none. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a pool of at most `maxConnections` to a PostgreSQL URL; connects only when first used. `pgbouncer=true` in the
 * URL does without prepared statements, which a pooler between transactions may not keep. Whatever is asked of a
 * database that is away, or stopped answering, fails within about 5 s.
 */
export function openDatabase(options: { readonly url: string; readonly logger: Logger; readonly maxConnections: number }): Database {
  const { logger } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: 'securechat',
    onConnect: (client) => client.query(SESSION),
  });
  // The error carries its whole connection with it.
  pool.on('error', ({ message }) => logger.warn({ reason: message }, 'An idle database connection was lost'));
  // One that is in use, between two statements, has no other listener: without one the process would end with it.
  pool.on('connect', (client) => client.on('error', (error) => logger.debug({ err: error }, 'A database connection was lost')));
  const isPooled = behindPooler(options.url);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, isPooled ? {} : { statementNameGenerator: createStatementNames() }),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: TRANSACTION_WAIT_MS, timeout: TRANSACTION_TIMEOUT_MS },
  });
  return {
    pool,
    sql: createSql(pool, { prepared: !isPooled }),
    prisma,
    async ping() {
      await pool.query('SELECT 1');
    },
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

function behindPooler(url: string): boolean {
  return new URL(url).searchParams.get('pgbouncer') === 'true';
}

/** Names the text of each statement, so that a connection parses and plans it once: half of the time that a message takes. */
function createStatementNames(): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // Lists give a text of their own for each length; an unnamed statement is planned each time and then forgotten.
    if (names.size >= MAX_PREPARED) return '';
    const name = `s${names.size}`;
    names.set(sql, name);
    return name;
  };
}
