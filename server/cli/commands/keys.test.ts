import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../../tests/support/run-command.ts';
import type { CommandResult } from '../../../tests/support/run-command.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

// Each run is a process of its own; what one has compiled the next need not.
let compiled: string;
beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), 'securechat-keys-compiled-'));
});
afterAll(() => rm(compiled, { recursive: true, force: true }));

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'securechat-keys-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
  runCommand(['server/cli/securechat.ts', 'keys', ...args], { SECURECHAT_DOMAIN: 'a.test', SECURECHAT_DATA_DIR: data, NODE_COMPILE_CACHE: compiled, ...env });

interface Shown {
  readonly kid: string;
  readonly keys: readonly { readonly kid: string; readonly role: string; readonly signsFrom: string | null; readonly listedUntil: string | null }[];
  readonly notes?: readonly string[];
}
async function runJson(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const { code, stdout, stderr } = await run([...args, '--json'], env);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).not.toContain('PRIVATE');
  return JSON.parse(stdout);
}
const newPem = (): string => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('keys rotate', () => {
  test('[KEY-6] lists the next key, which signs an hour later, and shows until when the present one is listed', async () => {
    const { kid } = await runJson(['generate']);
    const startedAt = Date.now();
    const rotated = await runJson(['rotate']);
    expect(rotated.kid).toBe(kid);
    expect(rotated.keys.map(({ role }) => role)).toEqual(['current', 'next']);
    const [current, next] = rotated.keys;
    const signsFromMs = Date.parse(next?.signsFrom ?? '');
    expect(signsFromMs).toBeGreaterThanOrEqual(startedAt + HOUR_MS);
    expect(signsFromMs).toBeLessThanOrEqual(Date.now() + HOUR_MS);
    expect(Date.parse(current?.listedUntil ?? '')).toBe(signsFromMs + DAY_MS);
    const { notes, ...described } = rotated;
    expect(await runJson(['show'])).toEqual(described);
    expect(notes?.join(' ')).toContain('TXT');
    expect(await readdir(data)).toEqual(['federation-key.pem']);
    expect((await stat(join(data, 'federation-key.pem'))).mode & 0o777).toBe(0o600);
  });

  test('[KEY-6] is shown to people with the role of each key', async () => {
    await run(['generate']);
    expect((await run(['show'])).stdout).toMatch(/^domain {6}a\.test\n\nkey id {6}\S{16}\npublic key {2}\S{44}\nrole {8}signs now\n$/);
    const { code, stdout } = await run(['rotate', '--sign-after', '60', '--short-overlap']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/role {8}signs now\n[^]*role {8}next, signs from \d{4}-\S+Z\n[^]*sooner than an hour/);
    await run(['rotate', '--compromised']);
    expect((await run(['show'])).stdout.match(/key id/g)).toHaveLength(1);
  });

  test('[KEY-6] lets the next key sign at once and the former one stay as long as asked', async () => {
    const { kid } = await runJson(['generate']);
    const { keys } = await runJson(['rotate', '--sign-after', '0', '--short-overlap', '--list-for', '172800']);
    expect(keys).toMatchObject([{ role: 'current', listedUntil: null }, { kid, role: 'former' }]);
    expect(Date.parse(keys[1]?.listedUntil ?? '') - Date.parse(keys[0]?.signsFrom ?? '')).toBe(2 * DAY_MS);
  });

  test('[KEY-6] takes an overlap of an hour without more words', async () => {
    await run(['generate']);
    expect((await runJson(['rotate', '--sign-after', '3600'])).keys.map(({ role }) => role)).toEqual(['current', 'next']);
  });

  test('[KEY-6] --compromised takes every former key out at once and warns what that means', async () => {
    const { kid } = await runJson(['generate']);
    await runJson(['rotate']);
    const { keys, notes } = await runJson(['rotate', '--compromised']);
    expect(keys).toMatchObject([{ role: 'current', signsFrom: null, listedUntil: null }]);
    expect(keys[0]?.kid).not.toBe(kid);
    expect(notes?.[0]).toMatch(/^WARNING: /);
    expect((await readFile(join(data, 'federation-key.pem'), 'utf8')).match(/BEGIN/g)).toHaveLength(1);
  });

  test.each([
    ['a listing of less than a day', ['--list-for', '86399'], '--compromised'],
    ['an overlap of less than an hour', ['--sign-after', '3599'], 'add --short-overlap'],
    ['no number', ['--sign-after', '1h'], 'whole number'],
    ['a theft with a short overlap', ['--compromised', '--short-overlap'], '--short-overlap'],
    ['a theft with an overlap', ['--compromised', '--sign-after', '0'], '--sign-after'],
  ])('[KEY-6] %s ends with 2 and changes nothing', async (_, options, word) => {
    await run(['generate']);
    const before = await readFile(join(data, 'federation-key.pem'), 'utf8');
    const { code, stdout, stderr } = await run(['rotate', ...options]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(word);
    expect(await readFile(join(data, 'federation-key.pem'), 'utf8')).toBe(before);
  });

  test('[KEY-6] waits for the next key to sign, and needs a first one', async () => {
    expect(await run(['rotate'])).toMatchObject({ code: 2, stdout: '', stderr: 'There is no federation key; make one with `securechat keys generate`.\n' });
    await run(['generate']);
    await run(['rotate']);
    const { code, stderr } = await run(['rotate']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('A next key is listed already')]);
  });
});

describe('keys in the environment', () => {
  test('[KEY-6] the first block signs, the others are only listed, and rotate says how to change them', async () => {
    const env = { SECURECHAT_S2S_PRIVATE_KEY: newPem() + newPem() };
    const shown = await runJson(['show'], env);
    expect(shown.keys.map(({ role }) => role)).toEqual(['current', 'listed']);
    expect(shown.keys[0]?.kid).toBe(shown.kid);
    const { code, stdout, stderr } = await run(['rotate'], env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^SECURECHAT_S2S_PRIVATE_KEY holds the federation keys[^]*put the new key first[^]*\n$/);
    expect(await readdir(data)).toEqual([]);
  });
});
