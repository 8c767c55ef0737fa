import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureAuthSecret } from './auth-secret.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-auth-secret-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the secret is made once, long, and readable by its owner alone', async () => {
  const data = join(folder, 'data');
  const secret = await ensureAuthSecret(data);
  expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(await ensureAuthSecret(data)).toBe(secret);
  expect((await stat(join(data, 'auth-secret'))).mode & 0o777).toBe(0o600);
  expect(await readdir(data)).toEqual(['auth-secret']);
});

test('processes that start together agree on one', async () => {
  const secrets = await Promise.all(Array.from({ length: 10 }, () => ensureAuthSecret(folder)));
  expect(new Set(secrets).size).toBe(1);
});

test('a file cut short is refused: nothing is sealed with half a secret', async () => {
  await writeFile(join(folder, 'auth-secret'), '');
  await expect(ensureAuthSecret(folder)).rejects.toThrow('auth-secret');
});
