import pg from 'pg';

/** A row with every column as the text that PostgreSQL writes for it. */
type TextRow = Readonly<Record<string, string | null>>;

/** Reads the database of an instance beside it; the caller ends it with the instance still running. */
export interface DatabaseReader {
  query(sql: string, values?: readonly unknown[]): Promise<readonly TextRow[]>;
  /** Counts the rows of what only accepted requests may store. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** Reads every row of every table, by table name. */
  dump(): Promise<Readonly<Record<string, readonly TextRow[]>>>;
  end(): Promise<void>;
}

const STORED_BY_REQUESTS = ['conversations', 'participants', 'conversation_changes', 'wrapped_session_keys', 'messages', 'outbox_items'];
const AS_TEXT = { getTypeParser: () => (value: unknown) => value };

/** Opens a connection to a database. */
export async function openDatabaseReader(url: string): Promise<DatabaseReader> {
  const client = new pg.Client({ connectionString: url });
  // A server that is killed takes its database along sometimes; the next query says so.
  client.on('error', () => undefined);
  await client.connect();
  const query: DatabaseReader['query'] = async (text, values = []) => {
    const { rows } = await client.query<TextRow>({ text, values: [...values], types: AS_TEXT });
    return rows;
  };
  return {
    query,
    async counts() {
      const columns = STORED_BY_REQUESTS.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(', ');
      const [row] = await query(`SELECT ${columns}`);
      return Object.fromEntries(Object.entries(row ?? {}).map(([table, count]) => [table, Number(count)]));
    },
    async dump() {
      const tables = await query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
      const entries: [string, readonly TextRow[]][] = [];
      for (const { tablename } of tables) entries.push([tablename ?? '', await query(`SELECT * FROM "${tablename}"`)]);
      return Object.fromEntries(entries);
    },
    end: () => client.end(),
  };
}
