import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../protocol/base64.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import { generateFederationKey, loadOwnKeys, OwnKeyError } from './own-keys.ts';
import { createStrictEd25519 } from './strict-ed25519.ts';

const domain = parseDomain('b.test');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-keys-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function faultOf(loading: Promise<unknown>): Promise<string> {
  const error: unknown = await loading.catch((thrown: unknown) => thrown);
  return error instanceof OwnKeyError ? error.code : 'no fault';
}

describe('own federation keys', () => {
  it('[KEY-1] a generated key names itself by the hash of its public key and signs', async () => {
    const { pem, kid, publicKey } = generateFederationKey();
    const keys = await loadOwnKeys({ domain, pem });
    const raw = decodeBase64(publicKey);
    expect(kid).toBe(createHash('sha256').update(raw).digest('base64url').slice(0, 16));
    expect(keys).toMatchObject({ domain, kid, publicKey });
    const signature = decodeBase64(keys.sign('é'));
    expect(createStrictEd25519().verify({ publicKey: raw, message: Buffer.from('é'), signature })).toBe(true);
  });

  it('[KEY-1] the key file is made once, for its owner alone, and leaves no draft', async () => {
    const directory = join(folder, 'keys');
    const first = await loadOwnKeys({ domain, directory, create: true });
    const second = await loadOwnKeys({ domain, directory, create: true });
    expect(second.publicKey).toBe(first.publicKey);
    expect(await readdir(directory)).toEqual(['federation-key.pem']);
    expect((await stat(join(directory, 'federation-key.pem'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, 'federation-key.pem'), 'utf8')).toContain('BEGIN PRIVATE KEY');
  });

  it('[KEY-1] loads that start together end up with the same key', async () => {
    const loads = Array.from({ length: 8 }, () => loadOwnKeys({ domain, directory: folder, create: true }));
    const keys = new Set((await Promise.all(loads)).map(({ publicKey }) => publicKey));
    expect(keys.size).toBe(1);
  });

  it('a folder without a key is refused where none may be made', async () => {
    expect(await faultOf(loadOwnKeys({ domain, directory: folder, create: false }))).toBe('missing');
    expect(await readdir(folder)).toEqual([]);
  });

  it('a key file that cannot be read is refused', async () => {
    await mkdir(join(folder, 'federation-key.pem'));
    expect(await faultOf(loadOwnKeys({ domain, directory: folder, create: true }))).toBe('unreadable');
  });

  it.each([
    ['no PEM', 'secret'],
    ['a key of another kind', generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString()],
  ])('[KEY-1] %s is refused without a word of it', async (_, text) => {
    await writeFile(join(folder, 'federation-key.pem'), text);
    const loading = loadOwnKeys({ domain, directory: folder, create: true });
    expect(await faultOf(loading)).toBe('not_ed25519');
    await expect(loading).rejects.not.toThrow('secret');
  });
});
