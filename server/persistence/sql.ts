import pg from 'pg';

/** A statement with a name under which each connection keeps it prepared; one name always means one text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

type SqlScalar = string | number | bigint | boolean | Date | null;

/** What a statement takes: scalars and arrays of them, and bytes for `bytea`. */
export type SqlValue = SqlScalar | Buffer | readonly SqlScalar[];

/** Access to the database for the paths that every message takes: what is written is what runs, planned once per connection. */
export interface Sql {
  /** Runs one statement in a transaction of its own; `bigint` columns come as bigint, `timestamptz` ones as Date. */
  all<Row extends object>(statement: Statement, values: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Runs a statement and gives how many rows it touched. */
  count(statement: Statement, values: readonly SqlValue[]): Promise<number>;
}

/** Creates the access over a pool; without `prepared` each statement is parsed and planned anew. */
export function createSql(pool: pg.Pool, { prepared }: { readonly prepared: boolean }): Sql {
  const run = async <Row extends object>({ name, text }: Statement, values: readonly SqlValue[]): Promise<pg.QueryResult<Row>> => {
    const client = await pool.connect();
    let isSound = true;
    try {
      return await client.query<Row>({ ...(prepared ? { name } : {}), text, values: [...values], types: TYPES });
    } catch (error) {
      isSound = isRefusal(error);
      throw error;
    } finally {
      // A connection that did not answer may be anywhere in its conversation: another takes its place.
      client.release(!isSound);
    }
  };
  return {
    all: async <Row extends object>(statement: Statement, values: readonly SqlValue[]) => (await run<Row>(statement, values)).rows,
    count: async (statement, values) => (await run(statement, values)).rowCount ?? 0,
  };
}

/** Gives the SQLSTATE of an error that the database itself answered, null for any other. */
function sqlStateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

/** Tells whether the database refused the statement itself, and stands by to take the next one. */
export function isRefusal(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== null && !BROKEN_CLASSES.has(state.slice(0, 2));
}

/** Tells whether a statement lost against another one and may pass at once: a key that is there by now, a deadlock, a serialization failure. */
export function isOvertaken(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '23505' || state === '40P01' || state === '40001';
}

/** Connection exceptions, shutting down, faults of the system and of the server itself. */
const BROKEN_CLASSES = new Set(['08', '57', '58', 'XX']);

const { INT8, TIMESTAMPTZ } = pg.types.builtins;

const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (format !== 'binary' && oid === INT8) return BigInt;
    if (format !== 'binary' && oid === TIMESTAMPTZ) return parseInstant;
    return pg.types.getTypeParser(oid, format);
  },
};

/** Sessions are in UTC: `2026-03-01 10:00:00.123+00`. */
function parseInstant(text: string): Date {
  return new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
}
