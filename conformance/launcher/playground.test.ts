import { Resolver } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { writeFakeCommands } from './fake-children.ts';
import type { FakeCommands } from './fake-children.ts';
import { httpGet } from './http-get.ts';
import { PlaygroundError } from './playground-error.ts';
import type { PlaygroundOptions } from './playground-options.ts';
import { startPlayground } from './playground.ts';
import type { Playground } from './playground.ts';
import { identifyProcess } from './process-identity.ts';

const FIRST_PORT = 10_000 + (process.pid % 60) * 200;

let scratch: string;
let directory: string;
let commands: FakeCommands;
let lines: string[];

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'securechat-launcher-'));
  directory = join(scratch, '.demo');
  commands = writeFakeCommands(scratch);
  lines = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true, force: true });
});

function start(options: Partial<PlaygroundOptions> = {}): Promise<Playground> {
  return startPlayground({
    domains: ['a.test', 'b.test'],
    peers: [],
    directory,
    log: (line) => void lines.push(line),
    serverCommand: commands.server,
    driverCommand: commands.driver,
    buildCommand: null,
    firstWebPort: FIRST_PORT,
    firstS2sPort: FIRST_PORT + 100,
    ...options,
  });
}

async function startFailing(options: Partial<PlaygroundOptions>): Promise<PlaygroundError> {
  try {
    await using _ = await start(options);
  } catch (error) {
    if (error instanceof PlaygroundError) return error;
    throw error;
  }
  throw new Error('the playground started');
}

async function readDescriptor(): Promise<unknown> {
  return JSON.parse(await readFile(join(directory, 'demo.json'), 'utf8'));
}

async function databasePid(domain: string): Promise<number> {
  const { pid } = JSON.parse(await readFile(join(directory, domain, 'embedded-postgres.json'), 'utf8')) as { pid: number };
  return pid;
}

function gone(pid: number): Promise<void> {
  return vi.waitFor(() => expect(identifyProcess(pid)).toBeNull(), { timeout: 5_000, interval: 20 });
}

async function environmentOf(domain: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(directory, domain, 'environment.json'), 'utf8')) as Record<string, string>;
}

const PEERS = [
  { domain: '*.d.test', host: '127.0.0.1', port: 9443 },
  { domain: 'd.test', host: '127.0.0.2', port: 9444 },
];

describe('a playground that is ready', () => {
  test('has written demo.json with what a harness needs, for its owner alone', async () => {
    await using playground = await start({ peers: PEERS });
    const described = await playground.descriptor();
    expect(await readDescriptor()).toEqual(described);
    expect((await stat(join(directory, 'demo.json'))).mode & 0o777).toBe(0o600);
    const { instances } = described;
    expect(described).toEqual({
      instances: ['a.test', 'b.test'].map((domain) => ({
        domain,
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        s2s: { host: '127.0.0.1', port: expect.any(Number) },
        databaseUrl: `postgresql://${domain}`,
        logFile: join(directory, `${domain}.log`),
        pid: expect.any(Number),
      })),
      dns: { host: '127.0.0.1', port: playground.dns.port, queryLog: join(directory, 'dns-queries.jsonl') },
      caFile: join(directory, 'pki', 'ca.pem'),
      caKeyFile: join(directory, 'pki', 'ca.key.pem'),
      driver: { 'a.test': expect.stringMatching(/^http:\/\/127/), 'b.test': expect.stringMatching(/^http:\/\/127/) },
      peers: PEERS,
    });
    const ports = instances.flatMap(({ url, s2s }) => [Number(new URL(url).port), s2s.port]);
    expect(new Set(ports).size).toBe(4);
    expect((await stat(described.caKeyFile)).mode & 0o777).toBe(0o600);
  });

  test('gives each driver its own instance, and each process a log', async () => {
    await using playground = await start();
    const { instances, driver } = await playground.descriptor();
    for (const { domain, url, logFile } of instances) {
      expect(await httpGet(driver[domain] ?? '', 2_000)).toEqual({ status: 200, body: url });
      expect(await readFile(logFile, 'utf8')).toBe('the server started\n');
      expect(await readFile(join(directory, `${domain}.driver.log`), 'utf8')).toContain('a later line\n');
    }
  });

  test('tells each instance the others, the DNS and the CA, and nothing of the shell but the log level', async () => {
    vi.stubEnv('LOG_LEVEL', 'trace');
    vi.stubEnv('DATABASE_URL', 'postgresql://elsewhere');
    vi.stubEnv('SECURECHAT_BLOCK_FILE', '/elsewhere');
    await using playground = await start({ peers: PEERS });
    const [a, b] = (await playground.descriptor()).instances;
    const environment = await environmentOf('a.test');
    expect(environment).toMatchObject({
      NODE_ENV: 'production',
      LOG_LEVEL: 'trace',
      SECURECHAT_DOMAIN: 'a.test',
      SECURECHAT_PUBLIC_URL: a?.url,
      SECURECHAT_DATA_DIR: join(directory, 'a.test'),
      HOST: '127.0.0.1',
      PORT: a?.url.split(':').at(-1),
      SECURECHAT_S2S_HOST: '127.0.0.1',
      SECURECHAT_S2S_PORT: String(a?.s2s.port),
      SECURECHAT_TLS_CERT: join(directory, 'pki', 'a.test.pem'),
      SECURECHAT_TLS_KEY: join(directory, 'pki', 'a.test.key.pem'),
      SECURECHAT_CA_FILE: join(directory, 'pki', 'ca.pem'),
      SECURECHAT_DNS_SERVERS: `127.0.0.1:${playground.dns.port}`,
      SECURECHAT_TEST_RANGES: '127.0.0.0/8',
      SECURECHAT_ALLOW_TEST_RANGES: '1',
      SECURECHAT_TEST_CONNECT: [
        `a.test:443=127.0.0.1:${a?.s2s.port}`,
        `b.test:443=127.0.0.1:${b?.s2s.port}`,
        'd.test:443=127.0.0.2:9444',
        '*.d.test:443=127.0.0.1:9443',
      ].join(','),
      SECURECHAT_SIGNUP: 'open',
    });
    expect(environment).not.toHaveProperty('DATABASE_URL');
    expect(environment).not.toHaveProperty('SECURECHAT_BLOCK_FILE');
  });

  test('[DISC-1] lets DNS lead to its instances and its peers, and to nobody else', async () => {
    await using playground = await start({ peers: PEERS });
    const [a] = (await playground.descriptor()).instances;
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${playground.dns.port}`]);
    const srv = (domain: string) => resolver.resolveSrv(`_securechat-s2s._tcp.${domain}`);
    expect(await srv('a.test')).toMatchObject([{ name: 's2s.a.test', port: a?.s2s.port }]);
    expect(await srv('d.test')).toMatchObject([{ name: 's2s.d.test', port: 9444 }]);
    expect(await srv('any.d.test')).toMatchObject([{ name: 's2s.any.d.test', port: 9443 }]);
    const addresses = ['a.test', 's2s.a.test', 'd.test', 's2s.d.test', 'any.d.test', 's2s.any.d.test'].map((name) => resolver.resolve4(name));
    expect((await Promise.all(addresses)).flat()).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2', '127.0.0.1', '127.0.0.1']);
    await expect(srv('c.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(playground.dns.queries.map(({ name }) => name)).toContain('_securechat-s2s._tcp.any.d.test');
  });

  test('[KEY-4] repeats the keys of its instances as TXT records', async () => {
    await using playground = await start();
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${playground.dns.port}`]);
    expect(await resolver.resolveTxt('_securechat-s2s-key.b.test')).toEqual([['v=sc1; k=ed25519; kid=k1; p=QUJD']]);
  });

  test('leaves nothing behind when it is disposed of', async () => {
    const playground = await start();
    const { instances, driver } = await playground.descriptor();
    const pids = [...instances.map(({ pid }) => pid), await databasePid('a.test'), await databasePid('b.test')];
    await playground[Symbol.asyncDispose]();
    await Promise.all(pids.map(gone));
    expect(existsSync(directory)).toBe(false);
    for (const url of [...instances.map((instance) => instance.url), ...Object.values(driver)]) {
      await expect(httpGet(url, 1_000)).rejects.toThrow('ECONNREFUSED');
    }
    expect(lines.filter((line) => line.includes('by itself'))).toEqual([]);
  });
});

describe('a server that goes away', () => {
  test('is reported when it was killed from outside, and the others keep running', async () => {
    await using playground = await start();
    const [a, b] = (await playground.descriptor()).instances;
    process.kill(b?.pid ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(lines.at(-1)).toMatch(/^b\.test's server ended by itself \(SIGKILL\)/));
    expect((await httpGet(`${a?.url}/readyz`, 1_000)).status).toBe(200);
  });

  test('comes back on its ports and data by restart, and demo.json has its new process', async () => {
    await using playground = await start();
    const before = (await playground.descriptor()).instances[1];
    await playground.kill('b.test');
    await expect(httpGet(`${before?.url}/readyz`, 1_000)).rejects.toThrow('ECONNREFUSED');
    await playground.restart('b.test');
    expect((await httpGet(`${before?.url}/readyz`, 1_000)).status).toBe(200);
    const after = (await playground.descriptor()).instances[1];
    expect(after).toEqual({ ...before, pid: expect.any(Number) });
    expect(after?.pid).not.toBe(before?.pid);
    expect(await readDescriptor()).toEqual(await playground.descriptor());
    expect(lines.filter((line) => line.includes('by itself'))).toEqual([]);
  });

  test('is ended first when it is restarted while it runs', async () => {
    await using playground = await start({ domains: ['a.test'] });
    const before = (await playground.descriptor()).instances[0];
    await playground.restart('a.test');
    expect(identifyProcess(before?.pid ?? 0)).toBeNull();
    expect((await httpGet(`${before?.url}/readyz`, 1_000)).status).toBe(200);
  });

  test('takes along at the end what it had left behind', async () => {
    const playground = await start({ domains: ['a.test'] });
    const orphan = await databasePid('a.test');
    await playground.kill('a.test');
    expect(identifyProcess(orphan)).not.toBeNull();
    await playground[Symbol.asyncDispose]();
    await gone(orphan);
  });

  test('is ended together with the processes of its own group', async () => {
    const helper = join(scratch, 'helper.pid');
    const [, server = ''] = commands.server;
    const source = `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs';
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      writeFileSync(${JSON.stringify(helper)}, String(child.pid)); await import(${JSON.stringify(server)});`;
    const playground = await start({ domains: ['a.test'], serverCommand: [process.execPath, '--input-type=module', '-e', source] });
    const pid = Number(await readFile(helper, 'utf8'));
    expect(identifyProcess(pid)).not.toBeNull();
    await playground[Symbol.asyncDispose]();
    await gone(pid);
  });

  test('must be one of the playground', async () => {
    await using playground = await start({ domains: ['a.test'] });
    await expect(playground.restart('x.test')).rejects.toThrow('x.test is not an instance');
  });
});

describe('a start that fails', () => {
  test('names the server that ended with the last thirty lines of its log, and keeps the logs', async () => {
    const error = await startFailing({ serverCommand: commands.dyingServer });
    expect(error.code).toBe('exited');
    expect(error.message).toMatch(/^[ab]\.test's server ended while it was starting \(exit code 2\)\./);
    expect(error.message).toContain('line 11.\n');
    expect(error.message).not.toContain('line 10.\n');
    expect(error.message).toMatch(/line 40\.$/);
    expect(await readFile(join(directory, 'a.test.log'), 'utf8')).toContain('line 1.');
  });

  test('does not hinder the next start', async () => {
    await startFailing({ serverCommand: commands.dyingServer });
    await using playground = await start();
    expect((await playground.descriptor()).instances).toHaveLength(2);
  });

  test('ends after a bounded time with the last answer, and kills a server that does not listen to SIGTERM', async () => {
    const error = await startFailing({ domains: ['a.test'], serverCommand: commands.stubbornServer, readyTimeoutMs: 500, stopTimeoutMs: 200 });
    expect(error.code).toBe('not_ready');
    expect(error.message).toContain('503 database: starting');
    await expect(httpGet(`http://127.0.0.1:${FIRST_PORT}/`, 1_000)).rejects.toThrow('ECONNREFUSED');
  });

  test('says when the driver gives no address', async () => {
    const silent = [process.execPath, '-e', 'setInterval(() => {}, 1000)'] as const;
    const error = await startFailing({ domains: ['a.test'], driverCommand: silent, readyTimeoutMs: 1_500 });
    expect(error).toMatchObject({ code: 'not_ready', message: expect.stringContaining("a.test's client driver gave no address") });
  });

  test('leaves nothing behind when it is interrupted', async () => {
    const interruption = new AbortController();
    const log = (line: string): void => {
      if (line.startsWith('starting')) interruption.abort(new PlaygroundError('interrupted', 'enough'));
    };
    const error = await startFailing({ serverCommand: commands.stubbornServer, stopTimeoutMs: 200, signal: interruption.signal, log });
    expect(error.code).toBe('interrupted');
    expect(existsSync(directory)).toBe(false);
  });

  test('is refused while another demo holds the directory, which stays as it is', async () => {
    await using playground = await start({ domains: ['a.test'] });
    expect(await startFailing({})).toMatchObject({ code: 'already_running', message: expect.stringContaining(String(process.pid)) });
    expect(await readDescriptor()).toEqual(await playground.descriptor());
  });

  test('is refused where the directory holds the files of somebody else', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'thesis.txt'), 'mine');
    expect(await startFailing({})).toMatchObject({ code: 'directory_in_use' });
    expect(await readdir(directory)).toEqual(['thesis.txt']);
  });
});

describe('the build', () => {
  test('runs before everything else', async () => {
    const mark = join(scratch, 'built');
    const build = [process.execPath, '-e', `require('fs').writeFileSync(${JSON.stringify(mark)}, 'yes')`] as const;
    await using _ = await start({ domains: ['a.test'], buildCommand: build });
    expect(await readFile(mark, 'utf8')).toBe('yes');
    expect(lines[0]).toMatch(/^building/);
  });

  test('ends the start when it fails', async () => {
    expect(await startFailing({ buildCommand: [process.execPath, '-e', 'process.exit(1)'] })).toMatchObject({ code: 'build_failed' });
    expect(lines.some((line) => line.startsWith('starting'))).toBe(false);
  });
});
