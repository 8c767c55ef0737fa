import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DraftMessage } from '../load/message-maker.ts';
import { median, perSecond, round } from '../statistics.ts';

/** What PostgreSQL takes in through `pg`, each statement a commit of its own that waits for the disk. */
export interface InsertLimit {
  /** 100 rows a statement. */
  readonly rowsPerSecond: number;
  /** One row a statement, one statement after the other. */
  readonly singleP50Ms: number;
  /** One row a statement, 16 connections. */
  readonly singlesPerSecond: number;
}

const DATABASE = 'securechat_bench_limit';
const ROWS_PER_STATEMENT = 100;
const CONNECTIONS = 4;
const SINGLE_CONNECTIONS = 16;
const CREATE = `CREATE TABLE rows (
  conversation_key bigint, position bigint, origin_domain text, message_id text, sender_id text, payload text,
  timestamp text, content_hash text, received_at timestamptz,
  PRIMARY KEY (conversation_key, position), UNIQUE (origin_domain, message_id))`;
const INSERT = `INSERT INTO rows SELECT 1, p, 'b.test', m, 'alice@a.test', y, t, h, now()
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) AS r(p, m, y, t, h)`;
const HASH = 'A'.repeat(44);

/** Measures inserts of messages with the bytes and the two indexes that a message has, in a database beside the instance's own. */
export async function measureInserts(databaseUrl: string, { sample, rows }: { readonly sample: DraftMessage; readonly rows: number }): Promise<InsertLimit> {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  const url = new URL(databaseUrl);
  url.pathname = `/${DATABASE}`;
  const pool = new pg.Pool({ connectionString: url.href, max: SINGLE_CONNECTIONS });
  // The pool's end does not wait for its connections, which the dropping of the database then cuts.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', () => undefined);
  try {
    await pool.query(CREATE);
    return await measure(pool, { sample, rows });
  } finally {
    await pool.end();
    await admin.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
    await admin.end();
  }
}

async function measure(pool: pg.Pool, { sample, rows }: { readonly sample: DraftMessage; readonly rows: number }): Promise<InsertLimit> {
  const payload = JSON.stringify(sample.payload);
  let position = 0;
  const insert = async (count: number): Promise<void> => {
    const indexes = Array.from({ length: count }, () => (position += 1));
    const values = [indexes, indexes.map(() => randomUUID()), indexes.map(() => payload), indexes.map(() => sample.timestamp), indexes.map(() => HASH)];
    await pool.query({ name: `insert`, text: INSERT, values });
  };
  const flood = async (statements: number, { rowsEach, connections }: { readonly rowsEach: number; readonly connections: number }): Promise<number> => {
    let left = statements;
    const startedAtMs = performance.now();
    const loop = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await insert(rowsEach);
      }
    };
    await Promise.all(Array.from({ length: connections }, loop));
    return performance.now() - startedAtMs;
  };
  // A short flood first: connections are made and statements prepared by then.
  await flood(2 * SINGLE_CONNECTIONS, { rowsEach: 1, connections: SINGLE_CONNECTIONS });
  const singlesMs: number[] = [];
  for (let index = 0; index < Math.ceil(rows / 50); index += 1) {
    const startedAtMs = performance.now();
    await insert(1);
    singlesMs.push(performance.now() - startedAtMs);
  }
  const singles = Math.ceil(rows / 10);
  const singlesElapsedMs = await flood(singles, { rowsEach: 1, connections: SINGLE_CONNECTIONS });
  const statements = Math.ceil(rows / ROWS_PER_STATEMENT);
  const elapsedMs = await flood(statements, { rowsEach: ROWS_PER_STATEMENT, connections: CONNECTIONS });
  return {
    rowsPerSecond: perSecond(statements * ROWS_PER_STATEMENT, elapsedMs),
    singleP50Ms: round(median(singlesMs), 3),
    singlesPerSecond: perSecond(singles, singlesElapsedMs),
  };
}
