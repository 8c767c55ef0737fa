import { cloneRows, settleDatabase } from './clone-rows.ts';
import type { BenchDatabase } from './stored-messages.ts';

/** What the names of domains end in that have an address where nobody answers. */
export const SILENT_DOMAIN = '.silent.test';

const CONVERSATION_ID = "rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=') || ':' || t.owner_domain";
/** As old as their place says: the ids of real messages rise with time, so new ones go to one end of the index. */
const PAST_ID = "uuidv7(make_interval(secs => -g.n))::text";

/** Fills conversations up, evenly, until a database holds `count` messages; each must hold one already. */
export async function growHistory(database: BenchDatabase, conversationIds: readonly string[], count: number): Promise<void> {
  const missing = Math.max(0, count - (await database.countMessages()));
  for (const [index, conversationId] of conversationIds.entries()) {
    await lengthen(database, conversationId, Math.floor((missing + index) / conversationIds.length));
  }
}

/** Makes a conversation look as if `count` messages more had been stored in it. What was delivered left no trace in the outbox. */
async function lengthen({ client }: BenchDatabase, conversationId: string, count: number): Promise<void> {
  const { key, lastPosition } = await findConversation({ client }, conversationId);
  await cloneRows(client, {
    table: 'messages',
    where: `conversation_key = ${key}`,
    count,
    columns: { position: `${lastPosition} + g.n`, message_id: PAST_ID },
  });
  await client.query('UPDATE conversations SET last_position = last_position + $1 WHERE key = $2', [count, key]);
}

/** Makes conversations with the members of one that is there until a database holds `count`. */
export async function growConversations({ client }: BenchDatabase, conversationId: string, count: number): Promise<void> {
  const { key } = await findConversation({ client }, conversationId);
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM conversations');
  const missing = Math.max(0, count - Number(rows[0]?.count));
  if (missing === 0) return;
  const first = await addConversations({ client }, { key, count: missing });
  const { rows: members } = await client.query<{ user_id: string }>('SELECT user_id FROM participants WHERE conversation_key = $1', [key]);
  for (const { user_id: userId } of members) {
    await cloneRows(client, {
      table: 'participants',
      where: `conversation_key = ${key} AND user_id = '${userId}'`,
      count: missing,
      columns: { conversation_key: `${first - 1} + g.n` },
    });
  }
}

/** Adds people whom nobody ever was, of the domain of a member, until a conversation has `count`. */
export async function growMembers({ client }: BenchDatabase, conversationId: string, { domain, count }: { readonly domain: string; readonly count: number }): Promise<void> {
  const { key } = await findConversation({ client }, conversationId);
  const { rows } = await client.query<{ user_id: string; members: string }>(
    "SELECT user_id, (SELECT count(*) FROM participants WHERE conversation_key = $1) AS members FROM participants WHERE conversation_key = $1 AND user_id LIKE '%@' || $2 LIMIT 1",
    [key, domain],
  );
  const [template] = rows;
  if (template === undefined) throw new Error(`nobody of ${domain} is in the conversation`);
  await cloneRows(client, {
    table: 'participants',
    where: `conversation_key = ${key} AND user_id = '${template.user_id}'`,
    count: Math.max(0, count - Number(template.members)),
    columns: { user_id: `'member' || (${template.members} + g.n) || '@${domain}'` },
  });
  // The server remembers who is in a conversation for as long as its revision stands.
  await client.query('UPDATE conversations SET revision = revision + 1 WHERE key = $1', [key]);
}

/** Names the domain of destination `n`: half of them are in no DNS, the others where nobody answers. */
const deadDomain = (n: string): string => `(CASE WHEN ${n} % 2 = 0 THEN 'd' || ${n} || '.dead.test' ELSE 'd' || ${n} || '${SILENT_DOMAIN}' END)`;
const IS_DEAD = `~ '^d[0-9]+\\.(dead|silent)\\.test$'`;

/**
 * Queues deliveries to dead domains, evenly, each with a conversation, a member and messages of its own. The author and
 * the content are those of a conversation that is there.
 */
export async function queueForTheDead(
  { client }: BenchDatabase,
  { conversationId, deliveries, destinations }: { readonly conversationId: string; readonly deliveries: number; readonly destinations: number },
): Promise<void> {
  const { key } = await findConversation({ client }, conversationId);
  const first = await addConversations({ client }, { key, count: destinations });
  const { rows: members } = await client.query<{ user_id: string; is_author: boolean }>(
    'SELECT user_id, EXISTS (SELECT FROM messages WHERE conversation_key = $1 AND sender_id = user_id) AS is_author FROM participants WHERE conversation_key = $1',
    [key],
  );
  for (const { user_id: userId, is_author: isAuthor } of members) {
    await cloneRows(client, {
      table: 'participants',
      where: `conversation_key = ${key} AND user_id = '${userId}'`,
      count: destinations,
      columns: { conversation_key: `${first - 1} + g.n`, ...(isAuthor ? {} : { user_id: `'reader@' || ${deadDomain('g.n')}` }) },
    });
  }
  const [place, position] = [`((g.n - 1) % ${destinations})`, `((g.n - 1) / ${destinations} + 1)`];
  await cloneRows(client, {
    table: 'messages',
    where: `conversation_key = ${key}`,
    count: deliveries,
    columns: { conversation_key: `${first} + ${place}`, position, message_id: PAST_ID, received_at: 'now()', destinations: `ARRAY[${deadDomain(`(${place} + 1)`)}]` },
  });
  const range = [first, first + destinations - 1];
  await client.query('UPDATE conversations c SET last_position = (SELECT count(*) FROM messages WHERE conversation_key = c.key) WHERE key BETWEEN $1 AND $2', range);
  await settleDatabase(client);
  // All at once and last, so that nobody delivers what is not there in full.
  await client.query(
    `INSERT INTO outbox_items (destination, conversation_key, position, created_at)
     SELECT destinations[1], conversation_key, position, received_at FROM messages WHERE conversation_key BETWEEN $1 AND $2 ORDER BY position, conversation_key`,
    range,
  );
  await client.query('ANALYZE outbox_items');
}

/** Counts dead domains that were tried. */
export async function countTriedDead({ client }: BenchDatabase): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM peers WHERE domain ${IS_DEAD} AND last_failure_at IS NOT NULL`);
  return Number(rows[0]?.count);
}

/** Forgets all that waits for dead domains. */
export async function forgetTheDead({ client }: BenchDatabase): Promise<void> {
  await client.query(`DELETE FROM outbox_items WHERE destination ${IS_DEAD}`);
  await settleDatabase(client);
}

/** Copies a conversation without its members; gives the key of the first, from which the others count up. */
async function addConversations({ client }: Pick<BenchDatabase, 'client'>, { key, count }: { readonly key: string; readonly count: number }): Promise<number> {
  const { rows: before } = await client.query<{ newest: string }>('SELECT max(key) AS newest FROM conversations');
  await cloneRows(client, { table: 'conversations', where: `key = ${key}`, count, columns: { id: CONVERSATION_ID, last_position: '0' }, omit: ['key'] });
  const { rows: made } = await client.query<{ first: string; last: string }>('SELECT min(key) AS first, max(key) AS last FROM conversations WHERE key > $1', [before[0]?.newest]);
  const [first, last] = [Number(made[0]?.first), Number(made[0]?.last)];
  if (last - first !== count - 1) throw new Error('somebody else made conversations meanwhile');
  return first;
}

async function findConversation({ client }: Pick<BenchDatabase, 'client'>, conversationId: string): Promise<{ readonly key: string; readonly lastPosition: string }> {
  const { rows } = await client.query<{ key: string; last_position: string }>('SELECT key, last_position FROM conversations WHERE id = $1', [conversationId]);
  const [conversation] = rows;
  if (conversation === undefined) throw new Error('there is no such conversation');
  return { key: conversation.key, lastPosition: conversation.last_position };
}
