import type pg from 'pg';

/** Which rows are copied how often: `n` counts from 1; values of `columns` are SQL over it, in place of what the row has. */
interface Cloning {
  readonly table: string;
  /** SQL that picks the row to copy. */
  readonly where: string;
  readonly count: number;
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that the database fills by itself. */
  readonly omit?: readonly string[];
}

const ROWS_PER_STATEMENT = 50_000;

/** Copies a row of the product many times, whatever further columns its table has: history that nobody has to live through. */
export async function cloneRows(client: pg.Client, { table, where, count, columns, omit = [] }: Cloning): Promise<void> {
  const { rows } = await client.query<{ column_name: string }>(
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position",
    [table],
  );
  const names = rows.map(({ column_name: name }) => name).filter((name) => !omit.includes(name));
  const unknown = Object.keys(columns).filter((name) => !names.includes(name));
  if (names.length === 0 || unknown.length > 0) throw new Error(`the table ${table} has no column ${unknown.join(', ')}`);
  const list = names.map((name) => `"${name}"`).join(', ');
  const values = names.map((name) => columns[name] ?? `t."${name}"`).join(', ');
  for (let from = 1; from <= count; from += ROWS_PER_STATEMENT) {
    const to = Math.min(count, from + ROWS_PER_STATEMENT - 1);
    const { rowCount } = await client.query(
      `INSERT INTO "${table}" (${list}) SELECT ${values} FROM (SELECT * FROM "${table}" WHERE ${where} LIMIT 1) t, generate_series(${from}, ${to}) AS g(n)`,
    );
    if (rowCount !== to - from + 1) throw new Error(`there was no row of ${table} to copy`);
  }
}

/** Lets the database settle after much was written: statistics for its plans, and nothing left to flush. */
export async function settleDatabase(client: pg.Client): Promise<void> {
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
}
