import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseKeyTxt } from '../../protocol/key-txt.ts';
import { runCommand } from '../../tests/support/run-command.ts';
import type { CommandResult } from '../../tests/support/run-command.ts';
import { createTestDatabase } from '../persistence/testing-database.ts';
import type { TestDatabase } from '../persistence/testing-database.ts';

// Each run is a process of its own; what one has compiled the next need not.
let compiled: string;
beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), 'securechat-cli-compiled-'));
});
afterAll(() => rm(compiled, { recursive: true, force: true }));

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'securechat-cli-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
  runCommand(['server/cli/securechat.ts', ...args], { SECURECHAT_DOMAIN: 'a.test', SECURECHAT_DATA_DIR: data, NODE_COMPILE_CACHE: compiled, ...env });

describe('help and usage', () => {
  test('--help lists the commands and ends with 0', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const command of ['start', 'keys', 'dns', 'doctor', 'config', 'invite', 'peers']) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  });

  test('every command explains itself and knows --json', async () => {
    const commands = [['keys', 'generate'], ['dns'], ['doctor'], ['config', 'check'], ['invite', 'create'], ['peers', 'block']];
    const helps = await Promise.all(commands.map((command) => run([...command, '--help'])));
    expect(helps.map(({ code, stdout }) => [code, stdout.includes('--json')])).toEqual(commands.map(() => [0, true]));
  });

  test.each([
    ['an unknown command', ['everything']],
    ['an unknown sub-command', ['keys', 'everything']],
    ['an unknown option', ['config', 'check', '--everything']],
    ['a missing argument', ['peers', 'block']],
    ['a port that is none', ['dns', '--port', '443x']],
    ['a target that is none', ['dns', '--target', 'S2S.a.test.']],
    ['a peer that is no domain', ['doctor', '--peer', 'B.test']],
    ['a peer that is this domain', ['doctor', '--peer', 'a.test']],
  ])('%s ends with 2 and says so on stderr alone', async (_what, args) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a wrong configuration ends every command with 2 and its faults', async () => {
    const { code, stdout, stderr } = await run(['keys', 'show'], { SECURECHAT_DOMAIN: '', PORT: 'x' });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('SECURECHAT_DOMAIN is missing');
    expect(stderr).toContain('PORT is a whole number');
  });
});

describe('config check', () => {
  test('ends with 0 for a sound environment and with 2 and every fault as JSON for another', async () => {
    const check = ['config', 'check', '--json'];
    const [sound, faulty] = await Promise.all([run(check), run(check, { PORT: 'x', LOG_LEVEL: 'loud' })]);
    expect([sound.code, JSON.parse(sound.stdout)]).toEqual([0, { ok: true, faults: [] }]);
    expect(faulty.code).toBe(2);
    expect(JSON.parse(faulty.stdout)).toMatchObject({ ok: false, faults: [{ name: 'PORT' }, { name: 'LOG_LEVEL' }] });
  });
});

describe('[KEY-1] keys', () => {
  test('generate makes a key once and keeps it ever after', async () => {
    const first = await run(['keys', 'generate', '--json']);
    expect([first.code, JSON.parse(first.stdout).domain]).toEqual([0, 'a.test']);
    const file = join(data, 'federation-key.pem');
    const pem = await readFile(file, 'utf8');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await run(['keys', 'generate', '--json'])).stdout).toBe(first.stdout);
    expect((await run(['keys', 'show', '--json'])).stdout).toBe(first.stdout);
    expect(await readFile(file, 'utf8')).toBe(pem);
    expect(first.stdout).not.toContain('PRIVATE');
  });

  test('show without a key ends with 2 and makes none', async () => {
    const { code, stdout, stderr } = await run(['keys', 'show']);
    expect([code, stdout, stderr]).toEqual([2, '', 'There is no federation key; make one with `securechat keys generate`.\n']);
    expect(await readdir(data)).toEqual([]);
  });

  test('a key file that holds something else ends with 2, for dns and doctor too', async () => {
    await writeFile(join(data, 'federation-key.pem'), generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    for (const args of [['keys', 'show'], ['dns'], ['doctor']]) {
      expect(await run(args)).toEqual({ code: 2, stdout: '', stderr: 'The federation key is not an Ed25519 private key in PKCS#8 PEM.\n' });
    }
  });
});

describe('dns', () => {
  test('[DISC-1] [KEY-4] prints records that a zone file takes and our own reader reads', async () => {
    const { kid, publicKey } = JSON.parse((await run(['keys', 'generate', '--json'])).stdout);
    const { code, stdout } = await run(['dns', '--target', 's2s.a.test', '--port', '8448']);
    expect(code).toBe(0);
    const [srv = '', txt = '', rest] = stdout.split('\n');
    expect(rest).toBe('');
    expect(srv).toBe('_securechat-s2s._tcp.a.test. 3600 IN SRV 10 10 8448 s2s.a.test.');
    const quoted = /^_securechat-s2s-key\.a\.test\. 3600 IN TXT "([^"]{1,255})"$/.exec(txt)?.[1] ?? '';
    expect(parseKeyTxt(quoted)).toEqual({ kid, publicKey });
  });

  test('points at the domain itself and port 443 unless told otherwise', async () => {
    const { records } = JSON.parse((await run(['dns', '--json'])).stdout);
    expect(records[0]).toEqual({ name: '_securechat-s2s._tcp.a.test', type: 'SRV', data: '10 10 443 a.test.' });
  });
});

describe('without a database', () => {
  test('a domain that is none is said before a database is asked for', async () => {
    const { code, stdout, stderr } = await run(['peers', 'block', 'B.test']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^A domain is .*\.\n$/);
  });

  test.each([['peers', 'list'], ['peers', 'block', 'b.test'], ['invite', 'create']])('%s %s ends with 2 and a sentence', async (...args) => {
    const embedded = await run(args);
    expect(embedded).toEqual({ code: 2, stdout: '', stderr: 'The embedded database is not running: start the instance first, or set DATABASE_URL.\n' });
  });

  test('one that does not answer ends with 2 and a sentence without its password', async () => {
    const { code, stdout, stderr } = await run(['peers', 'list'], { DATABASE_URL: 'postgresql://user:hunter2@127.0.0.1:1/securechat' });
    expect([code, stdout, stderr]).toEqual([2, '', 'The database does not answer: start the instance first, or check DATABASE_URL.\n']);
  });
});

describe('with a database', () => {
  let db: TestDatabase;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    db = await createTestDatabase();
    env = { DATABASE_URL: db.url };
  });
  afterAll(() => db.stop());

  test('peers are blocked, allowed and listed', async () => {
    expect(await run(['peers', 'list'], env)).toMatchObject({ code: 0, stdout: 'No other domain is known yet.\n' });
    expect(await run(['peers', 'block', 'b.test'], env)).toMatchObject({ code: 0, stdout: 'b.test is blocked\n' });
    const { stdout } = await run(['peers', 'list', '--json'], env);
    expect(JSON.parse(stdout).peers).toMatchObject([{ domain: 'b.test', policy: 'blocked', consecutiveFailures: 0 }]);
    await run(['peers', 'allow', 'b.test'], env);
    expect((await run(['peers', 'list'], env)).stdout).toMatch(/^b\.test\tallowed\t/);
  });

  test('[DEL-2] what waits for a domain is tried again now, and with --failed what was given up', async () => {
    await db.database.pool.query(
      `INSERT INTO outbox_items (destination, conversation_key, sender_id, method, target, body, state, attempts, next_attempt_at, created_at)
       SELECT 'b.test', 1, 'alice@a.test', 'POST', '/', '{}', state, 9, now() + interval '1 hour', now() - interval '8 days'
       FROM unnest(ARRAY['queued', 'failed']) AS state`,
    );
    await db.database.pool.query("UPDATE peers SET next_attempt_at = now() + interval '1 hour', consecutive_failures = 7 WHERE domain = 'b.test'");
    const due = async () => (await db.database.pool.query("SELECT state, attempts FROM outbox_items WHERE (next_attempt_at IS NULL OR next_attempt_at <= now()) AND state = 'queued' ORDER BY attempts")).rows;
    expect(await run(['peers', 'retry', 'b.test'], env)).toMatchObject({ code: 0, stdout: '1 waiting for b.test are due now\n' });
    expect(await due()).toEqual([{ state: 'queued', attempts: 9 }]);
    expect(JSON.parse((await run(['peers', 'retry', 'b.test', '--failed', '--json'], env)).stdout)).toEqual({ domain: 'b.test', queued: 1, failed: 1 });
    expect(await due()).toEqual([{ state: 'queued', attempts: 0 }, { state: 'queued', attempts: 9 }]);
    const { rows } = await db.database.pool.query("SELECT next_attempt_at <= now() AS due, consecutive_failures FROM peers WHERE domain = 'b.test'");
    expect(rows).toEqual([{ due: true, consecutive_failures: 0 }]);
  });

  test('an invitation is a link with its code behind #, so that no log of a server holds it', async () => {
    const { code, stdout } = await run(['invite', 'create', '--json'], env);
    const invite = JSON.parse(stdout);
    expect([code, invite.url]).toEqual([0, `https://a.test/register#invite=${invite.code}`]);
    expect(await db.database.prisma.invite.count()).toBe(1);
  });
});
