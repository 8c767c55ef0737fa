/** What runs one statement, such as a pool of `pg`. */
export interface Queryable {
  query(sql: string, values: unknown[]): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

/** What waits for one peer. */
export interface QueueDepth {
  readonly domain: string;
  /** Deliveries that wait or are under way. */
  readonly depth: number;
  /** When the oldest of them was queued. */
  readonly oldestAt: Date | null;
}

/** The queue as a whole, and its deepest parts. */
export interface QueueDepths {
  readonly total: number;
  /** How many peers something waits for. */
  readonly peers: number;
  readonly oldestAt: Date | null;
  /** How many deliveries were given up and wait for somebody to try them again. */
  readonly dead: number;
  /** Peers whose circuit is open [DEL-4], at most as many as asked for, in order of name. */
  readonly openCircuits: readonly string[];
  readonly openCircuitCount: number;
  /** At most as many as asked for, the deepest first. */
  readonly deepest: readonly QueueDepth[];
}

/** One pass in the order of an index; only the oldest of each peer shown is looked up, as ids rise with time. */
const DEEPEST = `
  WITH depths AS (
    SELECT destination,
      count(*) FILTER (WHERE state = 'queued') AS depth, min(id) FILTER (WHERE state = 'queued') AS first_id,
      count(*) FILTER (WHERE state = 'failed') AS dead
    FROM outbox_items GROUP BY destination
  ), deepest AS (
    SELECT destination, depth, first_id, sum(depth) OVER () AS total, sum(dead) OVER () AS dead, count(*) FILTER (WHERE depth > 0) OVER () AS peers
    FROM depths ORDER BY depth DESC, destination LIMIT $1
  ), oldest AS (
    SELECT destination, first_id FROM depths WHERE first_id IS NOT NULL ORDER BY first_id LIMIT 1
  )
  SELECT d.destination, depth::float8, total::float8, dead::float8, peers::float8,
    (SELECT created_at FROM outbox_items i WHERE i.destination = d.destination AND i.state = 'queued' AND i.id = d.first_id) AS oldest_at,
    (SELECT created_at FROM outbox_items i JOIN oldest o ON i.destination = o.destination AND i.state = 'queued' AND i.id = o.first_id) AS oldest_of_all_at
  FROM deepest d ORDER BY depth DESC, d.destination`;

const CIRCUITS = `
  SELECT domain, (count(*) OVER ())::float8 AS total FROM peers WHERE circuit_opened_at IS NOT NULL ORDER BY domain LIMIT $1`;

/** Reads how much waits for whom from the database: one pass over the queue, nothing of it is kept in memory. */
export async function readQueueDepths(database: Queryable, { limit }: { readonly limit: number }): Promise<QueueDepths> {
  const [{ rows }, circuits] = await Promise.all([database.query(DEEPEST, [limit]), database.query(CIRCUITS, [limit])]);
  const deepest = rows.map((row) => ({ domain: String(row['destination']), depth: toNumber(row['depth']), oldestAt: toDate(row['oldest_at']) }));
  return {
    total: toNumber(rows[0]?.['total']),
    peers: toNumber(rows[0]?.['peers']),
    oldestAt: toDate(rows[0]?.['oldest_of_all_at']),
    dead: toNumber(rows[0]?.['dead']),
    openCircuits: circuits.rows.map(({ domain }) => String(domain)),
    openCircuitCount: toNumber(circuits.rows[0]?.['total']),
    // Who has nothing but what was given up comes last, and has no depth to show.
    deepest: deepest.filter(({ depth }) => depth > 0),
  };
}

function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function toDate(value: unknown): Date | null {
  return value instanceof Date ? value : null;
}
