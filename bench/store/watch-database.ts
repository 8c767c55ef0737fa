import { setTimeout as delay } from 'node:timers/promises';
import { round } from '../statistics.ts';
import type { BenchDatabase } from './stored-messages.ts';

/** What one message costs a database: transactions (a statement alone is one), flushes of the log to disk, bytes of the log. */
interface DatabaseCost {
  readonly transactionsPerMessage: number;
  readonly flushesPerMessage: number;
  readonly walBytesPerMessage: number;
}

interface Counters {
  readonly transactions: number;
  readonly flushes: number;
  readonly walBytes: number;
}

/** A process of PostgreSQL that has nothing to do reports its last counts after ten seconds. */
const REPORT_MS = 10_500;
const COUNTERS = `SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS transactions,
  (SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal') AS flushes, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS wal`;

/** Begins to count what databases do, by name; the answer ends it and gives the costs by name. Each waits ten seconds first. */
export async function watchDatabases(databases: Readonly<Record<string, BenchDatabase>>): Promise<(messages: number) => Promise<Readonly<Record<string, DatabaseCost>>>> {
  await delay(REPORT_MS);
  const before = await readAll(databases);
  return async (messages) => {
    await delay(REPORT_MS);
    const after = await readAll(databases);
    return Object.fromEntries(
      Object.keys(databases).map((name) => {
        const spent = (counter: keyof Counters): number => (after[name]?.[counter] ?? 0) - (before[name]?.[counter] ?? 0);
        const cost: DatabaseCost = {
          transactionsPerMessage: round(spent('transactions') / messages, 2),
          flushesPerMessage: round(spent('flushes') / messages, 2),
          walBytesPerMessage: round(spent('walBytes') / messages, 0),
        };
        return [name, cost];
      }),
    );
  };
}

/** Writes costs as figures of a result. */
export function costFigures(costs: Readonly<Record<string, DatabaseCost>>): Readonly<Record<string, Readonly<Record<string, number>>>> {
  return Object.fromEntries(Object.entries(costs).map(([name, cost]) => [name, { ...cost }]));
}

async function readAll(databases: Readonly<Record<string, BenchDatabase>>): Promise<Readonly<Record<string, Counters>>> {
  const entries = Object.entries(databases).map(async ([name, { client }]) => {
    const { rows } = await client.query<{ transactions: string; flushes: string; wal: string }>(COUNTERS);
    return [name, { transactions: Number(rows[0]?.transactions), flushes: Number(rows[0]?.flushes), walBytes: Number(rows[0]?.wal) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
