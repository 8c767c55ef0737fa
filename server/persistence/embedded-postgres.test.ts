import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { describeProcess } from './running-process.ts';

const logger = pino({ level: 'silent' });

/** One data folder for all tests, each of which leaves no server behind: making a database takes seconds. */
let folder: string;
let running: EmbeddedPostgres[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-embedded-'));
  await chmod(folder, 0o755);
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(dataDir = folder): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, logger });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const readPlace = async (dataDir = folder): Promise<{ url: string; port: number; pid: number }> =>
  JSON.parse(await readFile(join(dataDir, 'embedded-postgres.json'), 'utf8'));

/** Starts a server in a process of its own, as the program does, and gives that process once the server is up. */
async function startElsewhere(dataDir: string) {
  const script = join(folder, 'starter.ts');
  const source = JSON.stringify(join(import.meta.dirname, 'embedded-postgres.ts'));
  const log = JSON.stringify(import.meta.resolve('pino'));
  await writeFile(script, `import pino from ${log}; import { startEmbeddedPostgres } from ${source};
    await startEmbeddedPostgres({ dataDir: process.argv[2], logger: pino({ level: 'silent' }) }); console.log('up'); setInterval(() => {}, 1000);`);
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface({ input: child.stdout }), 'line');
  return child;
}

test('a first start makes a durable UTF-8 database on loopback alone, its secrets readable by their owner alone', async () => {
  const { url } = await start();
  const [settings] = await query(url, `SELECT current_setting('listen_addresses') AS listen, current_setting('unix_socket_directories') AS sockets,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('max_connections') AS max,
    current_setting('server_encoding') AS encoding, current_setting('password_encryption') AS password, current_database() AS name, upper('é') AS upper`);
  expect(settings).toEqual({ listen: '127.0.0.1', sockets: '', fsync: 'on', commit: 'on', max: '200', encoding: 'UTF8', password: 'scram-sha-256', name: 'securechat', upper: 'É' });
  const place = await readPlace();
  expect(place).toMatchObject({ url, port: Number(new URL(url).port) });
  for (const file of ['embedded-postgres.json', 'embedded-postgres.password']) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  await expect(query(url.replace(/:[^:@/]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/);
});

test('a stop ends the server, and a restart finds the data at the same port', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept (id int)');
  const { pid } = await readPlace();
  await first.stop();
  await first.stop();
  expect(await describeProcess(pid)).toBeNull();
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'SELECT * FROM kept')).toEqual([]);
});

test('a second start on one data folder is refused while the first is looked after', async () => {
  const { url } = await start();
  await expect(start()).rejects.toMatchObject({ name: 'EmbeddedPostgresError', code: 'in_use' });
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a server whose process was killed is stopped in order and started afresh with its data', async () => {
  const killed = await startElsewhere(folder);
  const orphan = await readPlace();
  await query(orphan.url, 'CREATE TABLE kept_after_kill (id int)');
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect(await describeProcess(orphan.pid)).not.toBeNull();
  const { url } = await start();
  expect(await describeProcess(orphan.pid)).toBeNull();
  expect((await readPlace()).pid).not.toBe(orphan.pid);
  expect(await query(url, 'SELECT * FROM kept_after_kill')).toEqual([]);
});

test('an interrupt of the process that started it does not reach the server', async () => {
  const starter = await startElsewhere(folder);
  const { pid } = await readPlace();
  const group = async (id: number) => (await readFile(`/proc/${id}/stat`, 'utf8')).split(') ').at(-1)?.split(' ')[2];
  expect(await group(pid)).toBe(String(pid));
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  await start();
});

test('a pid file of a dead or a foreign process is no obstacle', async () => {
  await (await start()).stop();
  for (const pid of [4_194_304, process.pid]) {
    await writeFile(join(folder, 'postgres', 'postmaster.pid'), `${pid}\n${join(folder, 'postgres')}\n0\n1\n\n127.0.0.1\n0\nready\n`);
    const server = await start();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
  }
});

test('a start interrupted while the database was being made begins again', async () => {
  const dataDir = join(folder, 'interrupted');
  await mkdir(join(dataDir, 'postgres.new'), { recursive: true });
  await writeFile(join(dataDir, 'postgres.new', 'PG_VERSION'), '18\n');
  expect(await query((await start(dataDir)).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a taken port is passed over', async () => {
  const first = await start();
  await first.stop();
  const { port } = await readPlace();
  const blocker = createServer().listen(port, '127.0.0.1');
  await once(blocker, 'listening');
  const second = await start();
  expect(new URL(second.url).port).not.toBe(String(port));
  blocker.close();
});

test('a data folder below one that only its owner can enter works', async () => {
  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const dataDir = join(closed, 'data');
  const first = await start(dataDir);
  await first.stop();
  expect(await query((await start(dataDir)).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
