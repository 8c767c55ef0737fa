import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../persistence/testing-database.ts';
import type { TestDatabase } from '../persistence/testing-database.ts';
import { readQueueDepths } from './queue-depths.ts';

const NOW = new Date('2026-06-01T12:00:00.000Z');
const minutesAgo = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.stop());
beforeEach(() => db.database.pool.query('TRUNCATE outbox_items, peers'));

const read = (limit = 100) => readQueueDepths(db.database.pool, { limit });

async function queue(destination: string, ages: readonly number[], state = 'queued'): Promise<void> {
  await db.database.pool.query(
    'INSERT INTO outbox_items (conversation_key, position, created_at, destination, state) SELECT 1, 1, at, $1, $2 FROM unnest($3::timestamptz[]) AS at',
    [destination, state, ages.map(minutesAgo)],
  );
}

describe('readQueueDepths', () => {
  test('says of an empty queue that nothing waits', async () => {
    expect(await read()).toEqual({ total: 0, peers: 0, oldestAt: null, dead: 0, openCircuits: [], openCircuitCount: 0, deepest: [] });
  });

  test('counts what waits by peer, the deepest first, with the age of each oldest', async () => {
    await queue('b.test', [50, 3]);
    await queue('c.test', [9, 8, 7]);
    expect(await read()).toMatchObject({
      total: 5,
      peers: 2,
      oldestAt: minutesAgo(50),
      deepest: [{ domain: 'c.test', depth: 3, oldestAt: minutesAgo(9) }, { domain: 'b.test', depth: 2, oldestAt: minutesAgo(50) }],
    });
  });

  test('counts what was given up apart from what waits', async () => {
    await queue('b.test', [9_000, 9_000], 'failed');
    await queue('c.test', [1]);
    expect(await read()).toMatchObject({ total: 1, peers: 1, dead: 2, oldestAt: minutesAgo(1), deepest: [{ domain: 'c.test', depth: 1 }] });
  });

  test('shows no more peers than asked for, and counts them all', async () => {
    await queue('a.test', [5]);
    await queue('b.test', [4, 4]);
    await queue('c.test', [3, 3, 3]);
    await db.database.pool.query("INSERT INTO peers (domain, circuit_opened_at) SELECT name || '.test', now() FROM unnest(ARRAY['x', 'y', 'z']) AS name");
    const depths = await read(2);
    expect(depths).toMatchObject({ total: 6, peers: 3, oldestAt: minutesAgo(5), openCircuitCount: 3, openCircuits: ['x.test', 'y.test'] });
    expect(depths.deepest.map(({ domain }) => domain)).toEqual(['c.test', 'b.test']);
  });
});
