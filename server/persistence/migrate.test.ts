import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Prisma } from './generated/client.ts';
import { applyMigrations } from './migrate.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';

const logger = pino({ level: 'silent' });
const SHIPPED = join(import.meta.dirname, '..', '..', 'prisma', 'migrations');

let db: TestDatabase;
let directory: string;

beforeEach(async () => {
  db = await createTestDatabase({ migrated: false });
  directory = await mkdtemp(join(tmpdir(), 'securechat-migrations-'));
  await writeFile(join(directory, 'migration_lock.toml'), 'provider = "postgresql"\n');
  await addMigration('20260101000000_one', 'CREATE TABLE one (id int); CREATE TABLE uno (id int);');
});
afterEach(async () => {
  await db.stop();
  await rm(directory, { recursive: true });
});

async function addMigration(name: string, script: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, 'migration.sql'), script);
}

const apply = () => applyMigrations({ pool: db.database.pool, directory, logger });
const history = async () => (await db.database.pool.query('SELECT * FROM _prisma_migrations ORDER BY started_at')).rows;

test('a fresh database gets every migration in order, and a repeat does nothing', async () => {
  await addMigration('20260102000000_two', 'ALTER TABLE one ADD COLUMN name text;');
  expect(await apply()).toEqual(['20260101000000_one', '20260102000000_two']);
  expect(await apply()).toEqual([]);
  await addMigration('20260103000000_three', 'ALTER TABLE one DROP COLUMN name;');
  expect(await apply()).toEqual(['20260103000000_three']);
});

test('the history is kept as Prisma keeps it: same columns, same checksum, finished', async () => {
  await apply();
  const { rows } = await db.database.pool.query(
    `SELECT column_name, data_type, character_maximum_length AS length, is_nullable FROM information_schema.columns
     WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`,
  );
  expect(rows.map((row) => [row.column_name, row.data_type, row.length, row.is_nullable])).toEqual([
    ['id', 'character varying', 36, 'NO'],
    ['checksum', 'character varying', 64, 'NO'],
    ['finished_at', 'timestamp with time zone', null, 'YES'],
    ['migration_name', 'character varying', 255, 'NO'],
    ['logs', 'text', null, 'YES'],
    ['rolled_back_at', 'timestamp with time zone', null, 'YES'],
    ['started_at', 'timestamp with time zone', null, 'NO'],
    ['applied_steps_count', 'integer', null, 'NO'],
  ]);
  const checksum = createHash('sha256').update('CREATE TABLE one (id int); CREATE TABLE uno (id int);').digest('hex');
  expect(await history()).toEqual([
    expect.objectContaining({ migration_name: '20260101000000_one', checksum, finished_at: expect.any(Date), rolled_back_at: null, logs: null, applied_steps_count: 1 }),
  ]);
});

test('two processes starting at once apply each migration once', async () => {
  await addMigration('20260102000000_two', 'CREATE TABLE two (id int);');
  const applied = await Promise.all([apply(), apply(), apply()]);
  expect(applied.flat()).toEqual(['20260101000000_one', '20260102000000_two']);
  expect(await history()).toHaveLength(2);
});

test('a migration that was changed after it was applied is refused', async () => {
  await apply();
  await addMigration('20260101000000_one', 'CREATE TABLE one (id bigint);');
  await expect(apply()).rejects.toMatchObject({ name: 'MigrationError', code: 'checksum_changed' });
});

test('a database newer than the program is refused and left alone', async () => {
  await addMigration('20260102000000_two', 'CREATE TABLE two (id int);');
  await apply();
  await rm(join(directory, '20260102000000_two'), { recursive: true });
  await addMigration('20260103000000_three', 'CREATE TABLE three (id int);');
  await expect(apply()).rejects.toMatchObject({ code: 'database_newer', message: expect.stringContaining('20260102000000_two') });
  expect(await history()).toHaveLength(2);
});

test('a script that fails leaves nothing behind and can be tried again once mended', async () => {
  await addMigration('20260102000000_two', 'CREATE TABLE two (id int); SELECT nonsense;');
  await expect(apply()).rejects.toMatchObject({ code: 'script_failed', message: expect.stringContaining('20260102000000_two') });
  expect(await history()).toHaveLength(1);
  await addMigration('20260102000000_two', 'CREATE TABLE two (id int);');
  expect(await apply()).toEqual(['20260102000000_two']);
});

test('a migration that Prisma left half done is refused, one that was rolled back is applied', async () => {
  await apply();
  await addMigration('20260102000000_two', 'CREATE TABLE two (id int);');
  await db.database.pool.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '20260102000000_two')`);
  await expect(apply()).rejects.toMatchObject({ code: 'previously_failed' });
  await db.database.pool.query(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'`);
  expect(await apply()).toEqual(['20260102000000_two']);
  expect(await apply()).toEqual([]);
});

test('the shipped history makes exactly the tables and columns of the schema', async () => {
  await rm(directory, { recursive: true });
  await cp(SHIPPED, directory, { recursive: true });
  await apply();
  const { prisma, pool } = db.database;
  // Every read names all columns of the model, with their types.
  const reads = [
    prisma.account, prisma.vault, prisma.authSession, prisma.invite, prisma.peer, prisma.conversation, prisma.participant,
    prisma.conversationChange, prisma.wrappedSessionKey, prisma.message, prisma.messageReceipt, prisma.receiptDue, prisma.outboxItem, prisma.acceptedNonce,
  ].map((model) => (model as { findMany(): Promise<unknown[]> }).findMany());
  expect(await Promise.all(reads)).toEqual(Array.from({ length: reads.length }, () => []));
  const { rows } = await pool.query<{ count: string }>(
    `SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`,
  );
  const enums = [
    Prisma.AccountScalarFieldEnum, Prisma.VaultScalarFieldEnum, Prisma.AuthSessionScalarFieldEnum, Prisma.InviteScalarFieldEnum,
    Prisma.PeerScalarFieldEnum, Prisma.ConversationScalarFieldEnum, Prisma.ParticipantScalarFieldEnum, Prisma.ConversationChangeScalarFieldEnum,
    Prisma.WrappedSessionKeyScalarFieldEnum, Prisma.MessageScalarFieldEnum, Prisma.MessageReceiptScalarFieldEnum, Prisma.ReceiptDueScalarFieldEnum,
    Prisma.OutboxItemScalarFieldEnum, Prisma.AcceptedNonceScalarFieldEnum,
  ];
  expect(Object.keys(Prisma.ModelName)).toHaveLength(enums.length);
  expect(Number(rows[0]?.count)).toBe(enums.flatMap((columns) => Object.keys(columns)).length);
});

test('[DEL-1] what older versions had queued, given up and delivered is kept as such by the outbox of today', async () => {
  await rm(directory, { recursive: true });
  await mkdir(directory);
  const shipped = (await readdir(SHIPPED)).filter((name) => /^\d/.test(name)).sort();
  const before = shipped.filter((name) => name < '20261123');
  for (const name of before) await cp(join(SHIPPED, name), join(directory, name), { recursive: true });
  await apply();
  const { pool } = db.database;
  await pool.query(`
    INSERT INTO conversations (key, owner_domain, id, epoch, last_position, created_at) VALUES (7, 'a.test', 'c:a.test', 1, 2, now());
    INSERT INTO messages (conversation_key, position, origin_domain, message_id, sender_id, payload, timestamp, content_hash, received_at)
      SELECT 7, n, 'a.test', 'm' || n, 'alice@a.test', '{"n":1}', '2026-03-01T10:00:00.000Z', 'h', now() FROM generate_series(1, 2) n;
    INSERT INTO outbox_items (destination, conversation_key, message_id, sender_id, method, target, body, state, attempts, next_attempt_at, created_at) VALUES
      ('c.test', 7, NULL, 'alice@a.test', 'PUT', '/change', '{"change":1}', 'queued', 0, '2026-01-01', '2026-01-01'),
      ('c.test', 7, 'm1', 'alice@a.test', 'POST', '/messages', '{"old":1}', 'queued', 2, '2026-01-02', '2026-01-01'),
      ('b.test', 7, 'm1', 'alice@a.test', 'POST', '/messages', '', 'delivered', 1, '2026-01-01', '2026-01-01'),
      ('b.test', 7, 'm2', 'alice@a.test', 'POST', '/messages', '{"old":2}', 'failed', 3, '2026-01-01', '2026-01-01'),
      ('b.test', 7, 'gone', 'alice@a.test', 'POST', '/messages', '{"old":3}', 'queued', 0, '2026-01-01', '2026-01-01')`);
  for (const name of shipped) await cp(join(SHIPPED, name), join(directory, name), { recursive: true });
  await apply();
  const { rows } = await pool.query('SELECT id::int, destination, position::int, state, attempts, next_attempt_at, method, body FROM outbox_items ORDER BY id');
  expect(rows).toEqual([
    { id: 1, destination: 'c.test', position: null, state: 'queued', attempts: 0, next_attempt_at: null, method: 'PUT', body: '{"change":1}' },
    { id: 2, destination: 'c.test', position: 1, state: 'queued', attempts: 2, next_attempt_at: new Date('2026-01-02T00:00:00.000Z'), method: null, body: null },
    { id: 4, destination: 'b.test', position: 2, state: 'failed', attempts: 3, next_attempt_at: null, method: null, body: null },
    { id: 5, destination: 'b.test', position: null, state: 'queued', attempts: 0, next_attempt_at: null, method: 'POST', body: '{"old":3}' },
  ]);
  expect((await pool.query('SELECT destinations FROM messages ORDER BY position')).rows).toEqual([{ destinations: ['b.test', 'c.test'] }, { destinations: ['b.test'] }]);
  expect((await pool.query("SELECT nextval('outbox_items_id_seq')::int AS id")).rows).toEqual([{ id: 6 }]);
});
