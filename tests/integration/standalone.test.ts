import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { findFreePort } from '../../conformance/launcher/free-port.ts';
import { parseKeyDocument } from '../../protocol/key-document.ts';
import { createTestDatabase } from '../../server/persistence/testing-database.ts';
import type { TestDatabase } from '../../server/persistence/testing-database.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/expect-problem.ts';
import { PROJECT_ROOT, runCommand } from '../support/run-command.ts';

const BUILD_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 60_000;
const HOST = '127.0.0.1';

let folder: string;
let testDatabase: TestDatabase;
let server: ChildProcess;
let output = '';
let url: string;

beforeAll(async () => {
  const { code, stdout, stderr } = await runCommand(['scripts/build.ts', '--standalone'], {});
  if (code !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
  folder = await mkdtemp(join(tmpdir(), 'securechat-standalone-'));
  await cp(join(PROJECT_ROOT, 'dist', 'standalone'), join(folder, 'app'), { recursive: true, verbatimSymlinks: true });
  testDatabase = await createTestDatabase({ migrated: false });
  const port = await findFreePort(HOST, 9_500 + (process.pid % 400), new Set());
  url = `http://${HOST}:${port}`;
  server = spawn(process.execPath, ['server.mjs'], {
    cwd: join(folder, 'app'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      NODE_ENV: 'production',
      PATH: process.env['PATH'],
      SECURECHAT_DOMAIN: 'a.test',
      SECURECHAT_DATA_DIR: join(folder, 'data'),
      DATABASE_URL: testDatabase.url,
      PORT: String(port),
    },
  });
  for (const stream of [server.stdout, server.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  await eventually(waitForReady, START_TIMEOUT_MS);
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  if (server?.exitCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  await testDatabase?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function waitForReady(): Promise<void> {
  const answer = await fetch(`${url}/readyz`);
  if (answer.status !== 200) throw new Error(`not ready: ${output}`);
}

test('is ready with its database, to which it brought its own migrations', async () => {
  const answer = await fetch(`${url}/readyz`);
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'ready' }]);
  const { rows } = await testDatabase.database.pool.query('SELECT count(*)::int AS accounts FROM accounts');
  expect(rows).toEqual([{ accounts: 0 }]);
});

test('serves the pages and everything that they load, from the folder alone', async () => {
  const page = await fetch(url);
  expect(page.status).toBe(200);
  const html = await page.text();
  const assets = [...new Set([...html.matchAll(/(?:src|href)="(\/_next\/static\/[^"]+)"/g)].map(([, path = '']) => path))];
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) expect([asset, (await fetch(`${url}${asset}`)).status]).toEqual([asset, 200]);
  expect((await fetch(`${url}/chats`)).status).toBe(200);
});

test('answers the calls of a browser', async () => {
  const csrf = await fetch(`${url}/api/auth/csrf`);
  expect(z.object({ csrfToken: z.string().min(32) }).parse(await csrf.json())).toBeDefined();
  const info = await fetch(`${url}/api/trpc/instance.info`);
  expect(JSON.stringify(await info.json())).toContain('"domain":"a.test"');
});

test('[KEY-2] publishes a signed key document', async () => {
  const answer = await fetch(`${url}/.well-known/securechat-federation-key`);
  expect(answer.status).toBe(200);
  expect(parseKeyDocument(new Uint8Array(await answer.arrayBuffer())).domain).toBe('a.test');
});

test('[SIG-1] refuses an unsigned request of a server', async () => {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/federation/v1/messages`, { method: 'POST', headers, body: '{}' });
  expectProblem({ status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() }, 'signature_missing');
});

test('brings its command line along', async () => {
  const child = spawn(process.execPath, ['securechat.mjs', 'config', 'check', '--json'], {
    cwd: join(folder, 'app'),
    env: { NODE_ENV: 'production', SECURECHAT_DOMAIN: 'a.test' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = await once(child, 'close');
  expect([code, JSON.parse(text)]).toEqual([0, { ok: true, faults: [] }]);
});

test('drains and exits with 0 on SIGTERM, having logged no error', async () => {
  server.kill('SIGTERM');
  const [code, signal] = await once(server, 'exit');
  expect([code, signal]).toEqual([0, null]);
  const levels = output.split('\n').filter((line) => line.startsWith('{')).map((line) => (JSON.parse(line) as { level: number }).level);
  expect(levels.length).toBeGreaterThan(1);
  expect(levels.filter((level) => level >= 50)).toEqual([]);
});
