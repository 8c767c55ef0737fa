import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../domain/store-unavailable-error.ts';
import { openDatabase } from './database.ts';
import type { Database } from './database.ts';
import { isDatabaseOutage, reportOutages } from './database-outage.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import type { EmbeddedPostgres } from './embedded-postgres.ts';

const logger = pino({ level: 'silent' });

describe('isDatabaseOutage', () => {
  const refusal = (code: string): Error => Object.assign(new pg.DatabaseError('refused', 7, 'error'), { code });

  test.each(['57P01', '57P03', '08006', '53300', '58030'])('SQLSTATE %s is one', (code) => expect(isDatabaseOutage(refusal(code))).toBe(true));

  test.each(['23505', '40001', '42P01', '22P02'])('SQLSTATE %s is none', (code) => expect(isDatabaseOutage(refusal(code))).toBe(false));

  test('it is found inside other errors, also where several ways were tried', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(isDatabaseOutage(new Error('a store', { cause: new AggregateError([new Error('first'), refused]) }))).toBe(true);
    expect(isDatabaseOutage(new Error('a store', { cause: new Error('a fault of ours') }))).toBe(false);
  });

  test('what is no error is none', () => {
    expect([null, undefined, 'Connection terminated', {}].map(isDatabaseOutage)).toEqual([false, false, false, false]);
  });
});

describe('reportOutages', () => {
  const stores = (error: Error | null) =>
    reportOutages({
      accounts: {
        size: 3,
        find: async (name: string) => {
          if (error !== null) throw error;
          return name;
        },
      },
    });

  test('an outage becomes StoreUnavailableError with its cause, anything else stays what it is', async () => {
    const gone = new Error('Connection terminated unexpectedly');
    await expect(stores(gone).accounts.find('x')).rejects.toMatchObject({ name: 'StoreUnavailableError', cause: gone });
    const fault = new TypeError('a fault of ours');
    await expect(stores(fault).accounts.find('x')).rejects.toBe(fault);
  });

  test('the first answer after an outage is told of, once, and no other', async () => {
    let returns = 0;
    const faults = [null, new Error('Connection terminated unexpectedly'), new Error('Connection terminated unexpectedly'), null, null, new TypeError('a fault of ours'), null];
    const store = { find: async () => {
      const fault = faults.shift() ?? null;
      if (fault !== null) throw fault;
    } };
    const { accounts } = reportOutages({ accounts: store }, () => (returns += 1));
    const told: number[] = [];
    while (faults.length > 0) {
      await accounts.find().catch(() => undefined);
      told.push(returns);
    }
    expect(told).toEqual([0, 0, 0, 1, 1, 1, 1]);
  });

  test('what works is handed on', async () => {
    const { accounts } = stores(null);
    expect([accounts.size, await accounts.find('x')]).toEqual([3, 'x']);
  });
});

describe('a PostgreSQL that stops under load', () => {
  let folder: string;
  let server: EmbeddedPostgres;
  let database: Database;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'securechat-outage-'));
    await chmod(folder, 0o755);
    server = await startEmbeddedPostgres({ dataDir: folder, logger });
    database = openDatabase({ url: server.url, logger, maxConnections: 8 });
  });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is an outage to every way of asking it, before, while and after it is away', async () => {
    const { access } = reportOutages({
      access: {
        raw: () => database.pool.query('SELECT pg_sleep(0.01)'),
        statement: () => database.sql.count({ name: 'outage', text: 'SELECT pg_sleep(0.01)' }, []),
        prisma: () => database.prisma.$queryRaw`SELECT 1`,
        transaction: () => database.prisma.$transaction(async (transaction) => {
          await transaction.$queryRaw`SELECT 1`;
          await transaction.$executeRaw`SELECT 2`;
        }),
      },
    });
    const errors: unknown[] = [];
    let [succeeded, stopped] = [0, false];
    const keepAsking = async (ask: () => Promise<unknown>): Promise<void> => {
      // Ten more of each once the server is away.
      for (let left = 10; left > 0; left -= stopped ? 1 : 0) {
        await ask().then(
          () => (succeeded += 1),
          (error: unknown) => errors.push(error),
        );
      }
    };
    const load = [access.raw, access.statement, access.prisma, access.transaction].flatMap((ask) => [keepAsking(ask), keepAsking(ask)]);
    await expect.poll(() => succeeded, { timeout: 10_000 }).toBeGreaterThan(50);
    await server.stop();
    stopped = true;
    await Promise.all(load);
    expect(errors.length).toBeGreaterThanOrEqual(80);
    expect(errors.filter((error) => !(error instanceof StoreUnavailableError))).toEqual([]);
  });
});
