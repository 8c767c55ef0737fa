import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { createSql } from './sql.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';

const logger = pino({ level: 'silent' });

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.stop());

describe('a session', () => {
  test.each([
    ['TimeZone', 'UTC'],
    ['synchronous_commit', 'on'],
    ['enable_seqscan', 'off'],
    ['statement_timeout', '4500ms'],
  ])('[DEL-3] %s is %s, whatever the default of the server', async (name, value) => {
    const { rows } = await db.database.pool.query<{ setting: string }>('SELECT current_setting($1) AS setting', [name]);
    expect(rows).toEqual([{ setting: value }]);
  });

  test('a statement that takes too long is ended, and the connection with it', async () => {
    await expect(db.database.sql.all({ name: 'test_sleep', text: 'SELECT pg_sleep(60)' }, [])).rejects.toMatchObject({ code: '57014' });
    expect(await db.database.sql.all({ name: 'test_one', text: 'SELECT 1 AS one' }, [])).toEqual([{ one: 1 }]);
  }, 10_000);

  test('a database that accepts connections and says nothing is given up within about 5 s', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const database = openDatabase({ url: `postgresql://u:p@127.0.0.1:${(silent.address() as AddressInfo).port}/d`, logger, maxConnections: 2 });
    await expect(database.sql.all({ name: 'test_one', text: 'SELECT 1' }, [])).rejects.toThrow(/timeout/);
    await database.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  }, 10_000);
});

describe('raw statements', () => {
  const ECHO = {
    name: 'test_echo',
    text: `SELECT $1::bigint AS big, $2::timestamptz AS at, $3::timestamptz AS whole, $4::text[] AS texts, $5::bytea AS bytes, NULL::bigint AS nothing, cardinality($6::bigint[]) AS count`,
  };
  const at = new Date('2026-03-01T10:00:00.123Z');
  const whole = new Date('2026-03-01T10:00:00.000Z');
  const texts = ['a"b\\c', '', 'é,{}', 'NULL'];

  test.each([true, false])('values come back as they were given, prepared: %s', async (prepared) => {
    const sql = createSql(db.database.pool, { prepared });
    const expected = { big: 9_007_199_254_740_993n, at, whole, texts, bytes: Buffer.from([0, 255]), nothing: null, count: 2 };
    for (let round = 0; round < 7; round += 1) {
      expect(await sql.all(ECHO, [9_007_199_254_740_993n, at, whole, texts, Buffer.from([0, 255]), [1n, null]])).toEqual([expected]);
    }
  });

  test('what the database refuses costs no connection, what breaks it does', async () => {
    const pool = openDatabase({ url: db.url, logger, maxConnections: 1 });
    const pid = async () => (await pool.sql.all<{ pid: number }>({ name: 'test_pid', text: 'SELECT pg_backend_pid() AS pid' }, []))[0]?.pid;
    const first = await pid();
    await expect(pool.sql.count({ name: 'test_bad', text: 'SELECT 1/0' }, [])).rejects.toMatchObject({ code: '22012' });
    expect(await pid()).toBe(first);
    await expect(pool.sql.count({ name: 'test_end', text: 'SELECT pg_terminate_backend(pg_backend_pid())' }, [])).rejects.toThrow(/terminat/);
    expect(await pid()).not.toBe(first);
    await pool.close();
  });
});
