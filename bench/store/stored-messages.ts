import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { MessageLostError } from '../load/message-lost-error.ts';

/** One stored message, as an instance's database holds it. */
export interface StoredRow {
  readonly messageId: string;
  readonly position: number;
  readonly receivedAt: Date;
}

/** The database of an instance, read and written beside the server. */
export interface BenchDatabase extends AsyncDisposable {
  readonly client: pg.Client;
  /** Gives the stored messages of conversations in their order, by conversation id: all of them, or those with these ids. */
  messages(conversationIds: readonly string[], messageIds?: readonly string[]): Promise<ReadonlyMap<string, readonly StoredRow[]>>;
  countMessages(): Promise<number>;
  /** Counts deliveries that wait. */
  countQueued(): Promise<number>;
  version(): Promise<string>;
}

const POLL_MS = 50;

/** Opens a connection to the database of an instance. */
export async function openBenchDatabase(url: string): Promise<BenchDatabase> {
  const client = new pg.Client({ connectionString: url });
  // Some benchmarks stop the server together with its database; the next query says so.
  client.on('error', () => undefined);
  await client.connect();
  const count = async (sql: string): Promise<number> => Number((await client.query<{ count: string }>(sql)).rows[0]?.count ?? Number.NaN);
  return {
    client,
    async messages(conversationIds, messageIds) {
      const { rows } = await client.query<{ id: string; message_id: string; position: string; received_at: Date }>(
        `SELECT c.id, m.message_id, m.position, m.received_at FROM messages m JOIN conversations c ON c.key = m.conversation_key
         WHERE c.id = ANY($1) ${messageIds === undefined ? '' : 'AND m.message_id = ANY($2)'} ORDER BY c.id, m.position`,
        messageIds === undefined ? [conversationIds] : [conversationIds, messageIds],
      );
      const byConversation = new Map<string, StoredRow[]>(conversationIds.map((id) => [id, []]));
      for (const row of rows) {
        byConversation.get(row.id)?.push({ messageId: row.message_id, position: Number(row.position), receivedAt: row.received_at });
      }
      return byConversation;
    },
    countMessages: () => count('SELECT count(*) FROM messages'),
    countQueued: () => count("SELECT count(*) FROM outbox_items WHERE state = 'queued'"),
    version: async () => (await client.query<{ version: string }>('SELECT version()')).rows[0]?.version ?? '',
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Waits until so many messages are stored; throws MessageLostError where none is added for `patienceMs`. */
export async function waitForMessages(
  database: BenchDatabase,
  wanted: number,
  { patienceMs, signal, onCount = () => undefined }: { readonly patienceMs: number; readonly signal: AbortSignal; readonly onCount?: (count: number) => void },
): Promise<void> {
  let seen = -1;
  let changedAtMs = performance.now();
  for (;;) {
    const count = await database.countMessages();
    if (count >= wanted) return;
    if (count !== seen) {
      seen = count;
      changedAtMs = performance.now();
      onCount(count);
    }
    if (performance.now() - changedAtMs > patienceMs) throw new MessageLostError(`only ${count} of ${wanted} messages arrived; nothing more came for ${patienceMs / 1_000} s`);
    await delay(POLL_MS, undefined, { signal });
  }
}
