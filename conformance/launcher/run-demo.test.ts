import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { writeFakeCommands } from './fake-children.ts';
import type { FakeCommands } from './fake-children.ts';
import type { PlaygroundOptions } from './playground-options.ts';
import { identifyProcess } from './process-identity.ts';

const FIRST_PORT = 23_000 + (process.pid % 40) * 200;

interface Demo {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
  until(pattern: RegExp): Promise<void>;
}

let scratch: string;
let directory: string;
let commands: FakeCommands;
const running: Demo[] = [];

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'securechat-demo-'));
  directory = join(scratch, '.demo');
  commands = writeFakeCommands(scratch);
});
afterEach(async () => {
  for (const demo of running.splice(0)) {
    demo.child.kill('SIGTERM');
    await demo.exited;
  }
  await rm(scratch, { recursive: true, force: true });
});

function runDemo(args: readonly string[], options: Partial<PlaygroundOptions> = {}): Demo {
  const fakes = { serverCommand: commands.server, driverCommand: commands.driver, buildCommand: null, stopTimeoutMs: 500 };
  const [program, ...script] = commands.demo({ directory, firstWebPort: FIRST_PORT, firstS2sPort: FIRST_PORT + 100, ...fakes, ...options });
  const child = spawn(program, [...script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const exited = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  const until = (pattern: RegExp): Promise<void> => vi.waitFor(() => expect(output).toMatch(pattern), { timeout: 20_000, interval: 20 });
  const demo = { child, exited, output: () => output, until };
  running.push(demo);
  return demo;
}

describe('the demo', () => {
  test('prints the addresses and one line "ready", and Ctrl-C leaves nothing behind with exit code 130', async () => {
    const demo = runDemo(['--domains', 'a.test,b.test,c.test', '--peer', 'd.test=127.0.0.1:9443', '--peer', '*.d.test=127.0.0.1:9444']);
    await demo.until(/^ready$/m);
    expect(demo.output().match(/^ {2}[abc]\.test {2}http:\/\/127\.0\.0\.1:\d+$/gm)).toHaveLength(3);
    expect(demo.output()).toMatch(/^\[ +\d+\.\d s\] a\.test is ready on http/m);
    const described = JSON.parse(await readFile(join(directory, 'demo.json'), 'utf8')) as { peers: unknown; instances: { pid: number }[] };
    expect(described.peers).toEqual([
      { domain: 'd.test', host: '127.0.0.1', port: 9443 },
      { domain: '*.d.test', host: '127.0.0.1', port: 9444 },
    ]);
    demo.child.kill('SIGINT');
    demo.child.kill('SIGINT');
    expect(await demo.exited).toBe(130);
    expect(existsSync(directory)).toBe(false);
    expect(described.instances.map(({ pid }) => identifyProcess(pid))).toEqual([null, null, null]);
  });

  test('ends with exit code 0 on SIGTERM', async () => {
    const demo = runDemo([]);
    await demo.until(/^ready$/m);
    demo.child.kill('SIGTERM');
    expect(await demo.exited).toBe(0);
    expect(existsSync(directory)).toBe(false);
  });

  test('can be interrupted while it starts', async () => {
    const demo = runDemo([], { serverCommand: commands.stubbornServer });
    await demo.until(/starting b\.test/);
    demo.child.kill('SIGINT');
    const exitCode = await demo.exited;
    expect(demo.output()).not.toContain('error');
    expect(exitCode).toBe(130);
    expect(existsSync(directory)).toBe(false);
  });

  test('says so and keeps running when a server dies', async () => {
    const demo = runDemo([]);
    await demo.until(/^ready$/m);
    const { instances } = JSON.parse(await readFile(join(directory, 'demo.json'), 'utf8')) as { instances: { pid: number }[] };
    process.kill(instances[0]?.pid ?? 0, 'SIGKILL');
    await demo.until(/a\.test's server ended by itself \(SIGKILL\)/);
    expect(demo.child.exitCode).toBeNull();
    expect(identifyProcess(instances[1]?.pid ?? 0)).not.toBeNull();
  });

  test('ends with exit code 3 and the end of its log when a server ends while it starts', async () => {
    const demo = runDemo([], { serverCommand: commands.dyingServer });
    expect(await demo.exited).toBe(3);
    expect(demo.output()).toContain('line 40.');
  });

  test('ends with exit code 2 while another demo runs, which is not disturbed', async () => {
    const first = runDemo([]);
    await first.until(/^ready$/m);
    const second = runDemo([]);
    expect(await second.exited).toBe(2);
    expect(second.output()).toContain(`Another demo is running here (process ${first.child.pid})`);
    expect(existsSync(join(directory, 'demo.json'))).toBe(true);
  });

  test('ends what a killed demo left running before it starts anew', async () => {
    const first = runDemo([]);
    await first.until(/^ready$/m);
    const { instances } = JSON.parse(await readFile(join(directory, 'demo.json'), 'utf8')) as { instances: { pid: number }[] };
    first.child.kill('SIGKILL');
    await first.exited;
    const second = runDemo([]);
    await second.until(/^ready$/m);
    expect(instances.map(({ pid }) => identifyProcess(pid))).toEqual([null, null]);
  });
});

describe('its arguments', () => {
  test('--help explains them with exit code 0', async () => {
    const demo = runDemo(['--help']);
    expect(await demo.exited).toBe(0);
    expect(demo.output()).toMatch(/--domains <list>[^]*--peer <place>/);
  });

  test.each([
    ['an unknown option', ['--nonsense'], 'unknown option'],
    ['an argument too many', ['a.test'], 'too many arguments'],
    ['a domain with capitals', ['--domains', 'A.test'], 'is not a domain'],
    ['a domain twice', ['--domains', 'a.test,a.test'], 'named twice'],
    ['a peer without a port', ['--peer', 'd.test=127.0.0.1'], 'is not of the form'],
    ['a peer outside of loopback', ['--peer', 'd.test=192.0.2.1:443'], '127.0.0.0/8'],
    ['a peer with the domain of an instance', ['--peer', 'b.test=127.0.0.1:9443'], 'b.test is named twice'],
  ])('%s is a usage error with exit code 2', async (_case, args, message) => {
    const demo = runDemo(args);
    expect(await demo.exited).toBe(2);
    expect(demo.output()).toContain(message);
    expect(existsSync(directory)).toBe(false);
  });
});
