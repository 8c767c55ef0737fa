import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFakeDns } from '../../conformance/fake-dns/fake-dns-server.ts';
import type { FakeDnsServer } from '../../conformance/fake-dns/fake-dns-server.ts';
import { runCommand } from '../support/run-command.ts';
import { startFront } from './support/front-server.ts';
import type { Front } from './support/front-server.ts';
import { createOwnTestKeys } from './support/own-keys.ts';
import type { OwnTestKeys } from './support/own-keys.ts';
import { scriptedPeer } from './support/scripted-peer.ts';
import type { PeerScript } from './support/scripted-peer.ts';
import { createTestChain } from './support/test-chain.ts';

const SRV = '_securechat-s2s._tcp.a.test';
const TXT = '_securechat-s2s-key.a.test';
const PLACE = ['--target', 's2s.a.test', '--port', '8448'];

const current = createOwnTestKeys();
const next = createOwnTestKeys();
const stranger = createOwnTestKeys();

let directory: string;
let dns: FakeDnsServer;
let front: Front;
let document: PeerScript;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'securechat-dns-check-'));
  const chain = await createTestChain();
  await writeFile(join(directory, 'root.pem'), chain.rootPem);
  front = await startFront(await chain.issue({ names: ['a.test'] }), (request) => scriptedPeer(document)(request));
});
beforeEach(async () => {
  dns = await startFakeDns();
  document = { domain: 'a.test', keys: current, alsoListed: [next] };
});
afterEach(() => dns[Symbol.asyncDispose]());
afterAll(async () => {
  await front.stop();
  await rm(directory, { recursive: true, force: true });
});

function publish({ port = 8448, target = 's2s.a.test', keys = [current, next] }: { port?: number; target?: string; keys?: readonly OwnTestKeys[] } = {}): void {
  dns.zone.add({ name: SRV, type: 'SRV', ttlSeconds: 60, priority: 5, weight: 1, port, target });
  for (const { kid, publicKeyBase64 } of keys) dns.zone.add({ name: TXT, type: 'TXT', ttlSeconds: 60, chunks: ['v=sc1; k=ed25519; ', `kid=${kid}; p=${publicKeyBase64}`] });
}

const run = (args: readonly string[]) =>
  runCommand(['server/cli/securechat.ts', 'dns', ...args], {
    SECURECHAT_DOMAIN: 'a.test',
    SECURECHAT_DATA_DIR: join(directory, 'data'),
    SECURECHAT_S2S_PRIVATE_KEY: current.pem + next.pem,
    SECURECHAT_DNS_SERVERS: `${dns.host}:${dns.port}`,
    SECURECHAT_CA_FILE: join(directory, 'root.pem'),
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_TEST_CONNECT: `a.test:443=${front.host}:${front.port}`,
    NODE_COMPILE_CACHE: join(directory, 'compiled'),
  });

/** The one line that a check printed, and that it ended with 1. */
async function onlyLine(args: readonly string[] = PLACE): Promise<string> {
  const { code, stdout, stderr } = await run(['--check', ...args]);
  expect([code, stderr]).toEqual([1, '']);
  const [line = '', ...more] = stdout.trimEnd().split('\n');
  expect(more).toEqual([]);
  return line;
}

describe('dns', () => {
  test('[KEY-4] [KEY-6] prints one TXT record for every listed key', async () => {
    const { code, stdout } = await run(PLACE);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      `${SRV}. 3600 IN SRV 10 10 8448 s2s.a.test.`,
      ...[current, next].map(({ kid, publicKeyBase64 }) => `${TXT}. 3600 IN TXT "v=sc1; k=ed25519; kid=${kid}; p=${publicKeyBase64}"`),
    ]);
  });

  test('--help says what --check does and how it ends', async () => {
    const { stdout } = await run(['--help']);
    for (const words of ['--check', '--target <host>', '--port <port>', '--json', 'Exit codes']) expect(stdout).toContain(words);
  });
});

describe('dns --check', () => {
  test('ends with 0 where DNS, document and keys are equal, whatever priority and chunks', async () => {
    publish();
    expect(await run(['--check', ...PLACE])).toEqual({ code: 0, stdout: 'DNS and the key document of a.test are as they should be.\n', stderr: '' });
    const { code, stdout } = await run(['--check', '--json', ...PLACE]);
    expect([code, JSON.parse(stdout)]).toEqual([0, { domain: 'a.test', equal: true, records: expect.any(Array), differences: [] }]);
  });

  test('[DISC-1] [KEY-4] names every missing record with the line to publish', async () => {
    const { code, stdout } = await run(['--check', ...PLACE]);
    expect(code).toBe(1);
    expect(stdout.trimEnd().split('\n')).toEqual([
      `SRV  [DISC-1] there is no SRV record at ${SRV}. Publish ${SRV}. 3600 IN SRV 10 10 8448 s2s.a.test.`,
      ...[current, next].map(({ kid, publicKeyBase64 }) => `TXT  [KEY-4] there is no TXT record for the key ${kid} at ${TXT}. Publish ${TXT}. 3600 IN TXT "v=sc1; k=ed25519; kid=${kid}; p=${publicKeyBase64}"`),
    ]);
  });

  test.each([
    ['port', { port: 9 }, 's2s.a.test:9'],
    ['target', { target: 'other.a.test' }, 'other.a.test:8448'],
    ['target and port', { target: 'other.a.test', port: 9 }, 'other.a.test:9'],
    ['target', { target: '.' }, '"." (no federation)'],
  ])('[DISC-1] names a wrong %s', async (what, srv, place) => {
    publish(srv);
    expect(await onlyLine()).toContain(`[DISC-1] wrong ${what}: ${SRV} leads to ${place}, not to s2s.a.test:8448. Replace it by ${SRV}. 3600 IN SRV 10 10 8448 s2s.a.test.`);
  });

  test('[DISC-2] names another SRV record beside the right one', async () => {
    publish();
    dns.zone.add({ name: SRV, type: 'SRV', ttlSeconds: 60, priority: 9, weight: 1, port: 8449, target: 'old.a.test' });
    expect(await onlyLine()).toMatch(/^SRV {2}\[DISC-2\] another SRV record at \S+ leads to old\.a\.test:8449\. Remove it/);
  });

  test('[KEY-4] names a stale TXT key', async () => {
    publish({ keys: [current, next, stranger] });
    expect(await onlyLine()).toBe(`TXT  [KEY-4] stale TXT key: ${TXT} has the key ${stranger.kid}, which this instance does not list. Remove that record`);
  });

  test('[KEY-4] names a record whose key was exchanged, and one that is none', async () => {
    publish({ keys: [{ ...current, publicKeyBase64: stranger.publicKeyBase64 }, next] });
    expect(await onlyLine()).toContain(`the TXT record of ${current.kid} at ${TXT} holds another key than this instance. Replace it by ${TXT}.`);
    dns.zone.remove(TXT);
    publish({ keys: [current, next] });
    dns.zone.remove(SRV);
    dns.zone.add({ name: SRV, type: 'SRV', ttlSeconds: 60, priority: 5, weight: 1, port: 8448, target: 's2s.a.test' });
    dns.zone.add({ name: TXT, type: 'TXT', ttlSeconds: 60, chunks: ['v=sc1; k=ed25519; kid=x'] });
    expect(await onlyLine()).toContain('1 TXT record at _securechat-s2s-key.a.test cannot be read as a key');
  });

  test('[KEY-4] [KEY-6] names what the served document lacks, and that DNS differs from it', async () => {
    publish();
    document = { domain: 'a.test', keys: current };
    const { code, stdout } = await run(['--check', ...PLACE]);
    expect(code).toBe(1);
    expect(stdout).toContain(`document  [KEY-6] the served key document does not list the key ${next.kid} of this instance.`);
    expect(stdout).toContain(`TXT  [KEY-4] TXT differs from the document: ${TXT} has the key ${next.kid}, the served key document has not.`);
  });

  test('[KEY-6] names an extra key of the served document', async () => {
    publish();
    document = { domain: 'a.test', keys: current, alsoListed: [next, stranger] };
    expect(await onlyLine()).toContain(`document  [KEY-6] extra key: the served key document lists ${stranger.kid}, which is no key of this instance.`);
  });

  test('[KEY-3] names a document that does not count, and DNS that gives no answer', async () => {
    publish();
    document = { domain: 'b.test', keys: current };
    expect(await onlyLine()).toMatch(/^document {2}\[KEY-3\] the key document at https:\/\/a\.test\/\S+ names another domain\./);
    document = { domain: 'a.test', keys: current, alsoListed: [next] };
    dns.setFault(TXT, { rcode: 'SERVFAIL' });
    expect(await onlyLine()).toContain(`TXT  [KEY-4] DNS gives no answer for ${TXT} (servfail).`);
  });

  test('as JSON, each difference says of which record, which problem and what to change', async () => {
    publish({ port: 9 });
    const { code, stdout } = await run(['--check', '--json', ...PLACE]);
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { domain: 'a.test', equal: false, differences: [{ record: 'SRV', problem: 'wrong_port', clause: 'DISC-1', detail: expect.any(String), fix: expect.any(String) }] }]);
  });

  test('without a key, and with a port that is none, ends with 2', async () => {
    const keyless = await runCommand(['server/cli/securechat.ts', 'dns', '--check'], { SECURECHAT_DOMAIN: 'a.test', SECURECHAT_DATA_DIR: join(directory, 'empty') });
    expect(keyless).toEqual({ code: 2, stdout: '', stderr: 'There is no federation key; make one with `securechat keys generate`.\n' });
    expect(await run(['--check', '--port', '0'])).toMatchObject({ code: 2, stdout: '' });
  });
});
