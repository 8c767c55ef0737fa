import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../protocol/base64.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { changeKeyFile } from './key-file.ts';
import { OwnKeyError } from './own-key-error.ts';
import { loadOwnKeys } from './own-keys.ts';
import type { OwnKeys } from './own-keys.ts';
import { replaceKeyRing, rotateKeyRing } from './rotate-key-ring.ts';
import { generateKeyPem, readSigningKey } from './signing-key.ts';
import { createStrictEd25519 } from './strict-ed25519.ts';

const domain = parseDomain('b.test');
const KEY_FILE = 'federation-key.pem';
const HOUR = 3_600;
const DAY = 86_400;

let folder: string;
let clock: ReturnType<typeof createFakeClock>;
let faults: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-keys-'));
  clock = createFakeClock();
  faults = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const load = (directory = folder, create = true): Promise<OwnKeys> =>
  loadOwnKeys({ domain, directory, create, clock, onUnreadable: (error) => void faults.push(error) });

async function faultOf(loading: Promise<unknown>): Promise<string> {
  const error: unknown = await loading.catch((thrown: unknown) => thrown);
  return error instanceof OwnKeyError ? error.code : 'no fault';
}

/** Rotates as the command does, and gives the name of the new key. */
async function rotate(times: { signAfterSeconds?: number; listForSeconds?: number } = {}): Promise<string> {
  const pem = generateKeyPem();
  await changeKeyFile(folder, (ring) =>
    rotateKeyRing(ring, { now: clock.now(), pem, signAfterSeconds: HOUR, listForSeconds: DAY, ...times }),
  );
  return readSigningKey(pem).kid;
}

const listedBy = (keys: OwnKeys): readonly string[] => keys.listed().map(({ kid }) => kid);

describe('a federation key', () => {
  it('[KEY-1] names itself by the hash of its public half and signs', async () => {
    const keys = await loadOwnKeys({ domain, pem: generateKeyPem() });
    const { kid, publicKey, sign } = keys.current();
    const raw = decodeBase64(publicKey);
    expect(kid).toBe(createHash('sha256').update(raw).digest('base64url').slice(0, 16));
    expect([keys.domain, keys.listed()]).toEqual([domain, [keys.current()]]);
    expect(createStrictEd25519().verify({ publicKey: raw, message: Buffer.from('é'), signature: decodeBase64(sign('é')) })).toBe(true);
  });

  it('[KEY-6] of several PEM blocks the first signs and the others are only listed, whatever stands between them', async () => {
    const pems = [generateKeyPem(), generateKeyPem(), generateKeyPem()];
    const keys = await loadOwnKeys({ domain, pem: pems.join('signs from: some day\n') });
    const kids = pems.map((pem) => readSigningKey(pem).kid);
    expect([keys.current().kid, listedBy(keys)]).toEqual([kids[0], kids]);
  });

  it('[KEY-2] the same key twice and nine keys are refused, eight are taken', async () => {
    const nine = Array.from({ length: 9 }, generateKeyPem);
    const [one = ''] = nine;
    expect(await faultOf(loadOwnKeys({ domain, pem: one + one }))).toBe('not_distinct');
    expect(await faultOf(loadOwnKeys({ domain, pem: nine.join('') }))).toBe('not_distinct');
    expect((await loadOwnKeys({ domain, pem: nine.slice(1).join('') })).listed()).toHaveLength(8);
  });
});

describe('the key file', () => {
  it('[KEY-1] is made once, for its owner alone, and leaves no draft', async () => {
    const directory = join(folder, 'keys');
    const first = await load(directory);
    const second = await load(directory);
    expect(second.current().kid).toBe(first.current().kid);
    expect(await readdir(directory)).toEqual([KEY_FILE]);
    expect((await stat(join(directory, KEY_FILE))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, KEY_FILE), 'utf8')).toContain('BEGIN PRIVATE KEY');
  });

  it('[KEY-1] loads that start together end up with the same key', async () => {
    const loaded = await Promise.all(Array.from({ length: 8 }, () => load()));
    expect(new Set(loaded.map((keys) => keys.current().publicKey)).size).toBe(1);
  });

  it('a folder without a key is refused where none may be made', async () => {
    expect(await faultOf(load(folder, false))).toBe('missing');
    expect(await readdir(folder)).toEqual([]);
  });

  it('one that cannot be read is refused', async () => {
    await mkdir(join(folder, KEY_FILE));
    expect(await faultOf(load())).toBe('unreadable');
  });

  it.each([
    ['no PEM', 'secret'],
    ['half a key behind a whole one', `${generateKeyPem()}-----BEGIN PRIVATE KEY-----\nsecret`],
    ['a key of another kind', generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }).toString()],
  ])('[KEY-1] %s is refused without a word of it', async (_, text) => {
    await writeFile(join(folder, KEY_FILE), text);
    const loading = load();
    expect(await faultOf(loading)).toBe('not_ed25519');
    await expect(loading).rejects.not.toThrow('secret');
  });

  it('a time that is none is refused', async () => {
    await writeFile(join(folder, KEY_FILE), `signs from: tomorrow\n${generateKeyPem()}`);
    expect(await faultOf(load())).toBe('bad_schedule');
  });
});

describe('a rotation', () => {
  it('[KEY-6] lists the next key at once, lets it sign an hour later and lists the former one for a day after that', async () => {
    const keys = await load();
    const former = keys.current().kid;
    clock.advance(1);
    const next = await rotate();
    expect([keys.current().kid, listedBy(keys)]).toEqual([former, [former, next]]);
    clock.advance(HOUR - 0.001);
    expect(keys.current().kid).toBe(former);
    clock.advance(0.001);
    expect([keys.current().kid, listedBy(keys)]).toEqual([next, [next, former]]);
    clock.advance(DAY - 0.001);
    expect(listedBy(keys)).toEqual([next, former]);
    clock.advance(0.001);
    expect(listedBy(keys)).toEqual([next]);
  });

  it('[KEY-6] reaches every process of a data folder within a second and outlives a restart', async () => {
    const processes = [await load(), await load()];
    processes.forEach((keys) => keys.listed());
    const next = await rotate();
    expect(processes.map((keys) => keys.listed().length)).toEqual([1, 1]);
    clock.advance(1);
    expect([...processes, await load()].map((keys) => keys.listed()[1]?.kid)).toEqual([next, next, next]);
  });

  it('[KEY-6] keeps the file for its owner alone, whole, with the present key first for readers that know but one', async () => {
    const first = (await load()).current().kid;
    await writeFile(join(folder, 'federation-key.draft'), 'what a crash left', { mode: 0o644 });
    await rotate();
    expect(await readdir(folder)).toEqual([KEY_FILE]);
    const text = await readFile(join(folder, KEY_FILE), 'utf8');
    expect((await stat(join(folder, KEY_FILE))).mode & 0o777).toBe(0o600);
    expect(readSigningKey(createPrivateKey(text).export({ format: 'pem', type: 'pkcs8' }).toString()).kid).toBe(first);
  });

  it('[KEY-6] waits for the next key to sign, and leaves out the keys that are no longer listed', async () => {
    const keys = await load();
    const first = keys.current().kid;
    const second = await rotate();
    expect(await faultOf(rotate())).toBe('next_listed');
    clock.advance(HOUR + DAY);
    const third = await rotate();
    clock.advance(1);
    expect(listedBy(keys)).toEqual([second, third]);
    expect(await readFile(join(folder, KEY_FILE), 'utf8')).not.toContain(first);
    expect((await readFile(join(folder, KEY_FILE), 'utf8')).match(/BEGIN/g)).toHaveLength(2);
  });

  it('[KEY-2] stops at eight listed keys', async () => {
    const keys = await load();
    for (let count = 2; count <= 8; count += 1) await rotate({ signAfterSeconds: 0 });
    expect(await faultOf(rotate({ signAfterSeconds: 0 }))).toBe('too_many');
    expect(keys.listed()).toHaveLength(8);
  });

  it('[KEY-6] after a theft leaves the new key alone', async () => {
    const keys = await load();
    await rotate();
    const pem = generateKeyPem();
    await changeKeyFile(folder, () => replaceKeyRing(pem));
    clock.advance(1);
    const { kid } = readSigningKey(pem);
    expect([keys.current().kid, listedBy(keys)]).toEqual([kid, [kid]]);
  });

  it('two at the same time: one is made, the other refused', async () => {
    await load();
    const outcomes = await Promise.all([faultOf(rotate()), faultOf(rotate())]);
    expect(outcomes.toSorted()).toEqual(['busy', 'no fault']);
    expect(await readdir(folder)).toEqual([KEY_FILE]);
  });

  it('without a key is refused and leaves nothing behind', async () => {
    expect(await faultOf(rotate())).toBe('missing');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a running process', () => {
  it('[KEY-6] keeps its keys while the file cannot be read, says so once, and follows again after that', async () => {
    const keys = await load();
    const first = keys.current().kid;
    const text = await readFile(join(folder, KEY_FILE), 'utf8');
    for (const damage of ['', text.slice(0, 40), 'signs from: never\n'.concat(text)]) {
      await writeFile(join(folder, KEY_FILE), damage);
      clock.advance(1);
      expect([keys.current().kid, listedBy(keys)]).toEqual([first, [first]]);
    }
    await rm(join(folder, KEY_FILE));
    clock.advance(1);
    expect(keys.current().kid).toBe(first);
    expect(faults).toHaveLength(1);
    await writeFile(join(folder, KEY_FILE), text);
    clock.advance(1);
    keys.current();
    const next = await rotate();
    clock.advance(1);
    expect(listedBy(keys)).toEqual([first, next]);
    await rm(join(folder, KEY_FILE));
    clock.advance(1);
    keys.current();
    expect(faults).toHaveLength(2);
  });

  it('[KEY-6] signs with the key of the time even where the clock was set back', async () => {
    const keys = await load();
    const first = keys.current().kid;
    const next = await rotate();
    clock.advance(HOUR);
    expect(keys.current().kid).toBe(next);
    clock.advance(-2 * HOUR);
    expect(keys.current().kid).toBe(first);
  });
});
