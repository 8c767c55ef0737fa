import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Logger } from 'pino';
import { PrismaClient } from './generated/client.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const TRANSACTION_WAIT_MS = 15_000;
const TRANSACTION_TIMEOUT_MS = 30_000;
const MAX_PREPARED = 500;

/** An open database: Prisma for the stores, the pool under it for migrations and other libraries. */
export interface Database {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  /** Asks the database for a sign of life; throws when there is none. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a pool of at most `maxConnections` to a PostgreSQL URL; connects only when first used. `pgbouncer=true` in the
 * URL does without prepared statements, which a pooler between transactions may not keep.
 */
export function openDatabase(options: { readonly url: string; readonly logger: Logger; readonly maxConnections: number }): Database {
  const { logger } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'securechat',
    // The adapter writes and reads instants without their offset, so every session must be in UTC before its first use.
    onConnect: (client) => client.query("SET TIME ZONE 'UTC'"),
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'An idle database connection was lost'));
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, behindPooler(options.url) ? {} : { statementNameGenerator: createStatementNames() }),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: TRANSACTION_WAIT_MS, timeout: TRANSACTION_TIMEOUT_MS },
  });
  return {
    pool,
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
