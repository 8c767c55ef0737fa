import { cloneRows, settleDatabase } from './clone-rows.ts';
import type { BenchDatabase } from './stored-messages.ts';

/** Makes a conversation look as if `count` messages more had been stored in it; it must hold one already. */
export async function growHistory({ client }: BenchDatabase, conversationId: string, count: number): Promise<void> {
  const { rows } = await client.query<{ key: string; last_position: string }>('SELECT key, last_position FROM conversations WHERE id = $1', [conversationId]);
  const [conversation] = rows;
  if (conversation === undefined) throw new Error('there is no such conversation');
  const { key, last_position: last } = conversation;
  await cloneRows(client, {
    table: 'messages',
    where: `conversation_key = ${key}`,
    count,
    columns: { position: `${last} + g.n`, message_id: 'gen_random_uuid()::text' },
  });
  await client.query('UPDATE conversations SET last_position = last_position + $1 WHERE key = $2', [count, key]);
  const { rows: sent } = await client.query<{ message_id: string }>(
    "SELECT message_id FROM outbox_items WHERE conversation_key = $1 AND state = 'delivered' AND message_id IS NOT NULL LIMIT 1",
    [key],
  );
  const template = sent[0]?.message_id;
  if (template !== undefined) {
    await cloneRows(client, { table: 'outbox_items', where: `message_id = '${template}'`, count, columns: { message_id: 'gen_random_uuid()::text' }, omit: ['id'] });
  }
  await settleDatabase(client);
}

/** Makes `count` conversations more with the members of one that is there. */
export async function growConversations({ client }: BenchDatabase, conversationId: string, count: number): Promise<void> {
  const { rows } = await client.query<{ key: string; newest: string }>('SELECT key, (SELECT max(key) FROM conversations) AS newest FROM conversations WHERE id = $1', [conversationId]);
  const [template] = rows;
  if (template === undefined) throw new Error('there is no such conversation');
  await cloneRows(client, {
    table: 'conversations',
    where: `key = ${template.key}`,
    count,
    columns: { id: "rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=') || ':' || t.owner_domain", last_position: '0' },
    omit: ['key'],
  });
  const { rows: members } = await client.query<{ user_id: string }>('SELECT user_id FROM participants WHERE conversation_key = $1', [template.key]);
  const { rows: made } = await client.query<{ key: string }>('SELECT key FROM conversations WHERE key > $1 ORDER BY key', [template.newest]);
  const first = Number(made[0]?.key);
  for (const { user_id: userId } of members) {
    await cloneRows(client, {
      table: 'participants',
      where: `conversation_key = ${template.key} AND user_id = '${userId}'`,
      count: made.length,
      columns: { conversation_key: `${first - 1} + g.n` },
    });
  }
  await settleDatabase(client);
}

/** Adds `count` members of a domain to a conversation, people whom nobody ever was. */
export async function growMembers({ client }: BenchDatabase, conversationId: string, { domain, count }: { readonly domain: string; readonly count: number }): Promise<void> {
  const { rows } = await client.query<{ conversation_key: string; user_id: string; members: string }>(
    `SELECT p.conversation_key, p.user_id, (SELECT count(*) FROM participants WHERE conversation_key = p.conversation_key) AS members
     FROM participants p JOIN conversations c ON c.key = p.conversation_key WHERE c.id = $1 AND p.user_id LIKE '%@' || $2 LIMIT 1`,
    [conversationId, domain],
  );
  const [template] = rows;
  if (template === undefined) throw new Error(`nobody of ${domain} is in the conversation`);
  await cloneRows(client, {
    table: 'participants',
    where: `conversation_key = ${template.conversation_key} AND user_id = '${template.user_id}'`,
    count,
    columns: { user_id: `'member' || (${template.members} + g.n) || '@${domain}'` },
  });
  await settleDatabase(client);
}

/** Queues deliveries to domains that do not exist, evenly; `deadN.dead.test` is in no DNS. */
export async function queueForTheDead({ client }: BenchDatabase, { deliveries, destinations }: { readonly deliveries: number; readonly destinations: number }): Promise<void> {
  const domain = `'dead' || (g.n % ${destinations}) || '.dead.test'`;
  await client.query(`INSERT INTO peers (domain) SELECT ${domain} FROM generate_series(0, ${destinations - 1}) AS g(n) ON CONFLICT DO NOTHING`);
  const { rows } = await client.query<{ id: string; body: string }>('SELECT id FROM outbox_items WHERE message_id IS NOT NULL LIMIT 1');
  await cloneRows(client, {
    table: 'outbox_items',
    where: `id = ${rows[0]?.id}`,
    count: deliveries,
    columns: {
      destination: domain, message_id: 'gen_random_uuid()::text', state: "'queued'", attempts: '0', body: "'{\"ciphertext\":\"' || repeat('A', 1900) || '\"}'",
      created_at: 'now()', next_attempt_at: 'now()', settled_at: 'NULL', last_error_code: 'NULL',
    },
    omit: ['id'],
  });
  await client.query('ANALYZE');
}
