import type { DatabaseReader } from './database-reader.ts';

/** What a server ever meant for a domain: its messages say it for all time to come, the rest while it waits or has failed. */
export interface MeantFor {
  readonly messages: readonly unknown[];
  /** Deliveries of messages and conversation changes. */
  readonly deliveries: readonly unknown[];
  readonly receipts: readonly unknown[];
}

/** Reads from the database of a server what it ever meant for a domain. */
export async function readMeantFor(database: DatabaseReader, domain: string): Promise<MeantFor> {
  return {
    messages: await database.query('SELECT conversation_key, position, sender_id FROM messages WHERE $1 = ANY(destinations) ORDER BY conversation_key, position', [domain]),
    deliveries: await database.query('SELECT id, state, position, sender_id FROM outbox_items WHERE destination = $1 ORDER BY id', [domain]),
    receipts: await database.query('SELECT * FROM receipt_dues WHERE destination = $1', [domain]),
  };
}
