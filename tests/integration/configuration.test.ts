import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { ConfigError, readConfig } from '../../server/config/read-config.ts';
import { SETTINGS } from '../../server/config/settings.ts';
import type { SettingName } from '../../server/config/settings.ts';
import { runCommand } from '../support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'securechat-configuration-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MAIN = 'server/main.ts';
const CLI = 'server/cli/securechat.ts';
const START_TIMEOUT_MS = 60_000;

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const pkcs8Pem = (pair: ReturnType<typeof generateKeyPairSync>): string => String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const ed25519Pem = pkcs8Pem(generateKeyPairSync('ed25519'));
const authority = await createCertificateAuthority();
const { certificateChainPem, privateKeyPem } = await authority.issue({ names: ['chat.example.org'] });
const certificateFile = fileWith('certificate.pem', certificateChainPem);

/** A value of each setting that is not its default; a new setting has to be given one here. */
const VALUES: Readonly<Record<SettingName, string>> = {
  SECURECHAT_DOMAIN: 'chat.example.org',
  SECURECHAT_PUBLIC_URL: 'https://www.example.org',
  SECURECHAT_DATA_DIR: join(folder, 'data'),
  DATABASE_URL: 'postgresql://user:password@127.0.0.1:5432/securechat',
  HOST: '127.0.0.2',
  PORT: '3100',
  SECURECHAT_S2S_HOST: '127.0.0.3',
  SECURECHAT_S2S_PORT: '8448',
  SECURECHAT_TLS_CERT: certificateFile,
  SECURECHAT_TLS_KEY: fileWith('key.pem', privateKeyPem),
  SECURECHAT_S2S_PRIVATE_KEY: ed25519Pem.trim(),
  AUTH_SECRET: 'an authentication secret of some length',
  SECURECHAT_FEDERATION: 'allowlist',
  SECURECHAT_ALLOW: 'b.test,c.test',
  SECURECHAT_BLOCK: 'd.test',
  SECURECHAT_STATIC_PEERS: 'b.test=127.0.0.2:8448',
  SECURECHAT_DNS_SERVERS: '127.0.0.1:5300',
  SECURECHAT_DNS_TRUST_AD: 'true',
  SECURECHAT_TXT_KEYS: 'always',
  SECURECHAT_CA_FILE: certificateFile,
  SECURECHAT_TEST_RANGES: '127.0.0.0/8',
  SECURECHAT_TEST_CONNECT: 'b.test:443=127.0.0.1:8448',
  SECURECHAT_ALLOW_TEST_RANGES: '1',
  SECURECHAT_SIGNUP: 'open',
  SECURECHAT_TRUSTED_PROXIES: '10.0.0.0/8',
  SECURECHAT_REQUESTS_PER_SECOND: '50',
  SECURECHAT_KEY_FETCHES_PER_MINUTE: '7',
  SECURECHAT_METRICS_HOST: '127.0.0.4',
  SECURECHAT_METRICS_PORT: '9100',
  SECURECHAT_METRICS_TOKEN: 'a bearer for the scrapes',
  CRON_SECRET: 'a secret of the scheduler',
  LOG_LEVEL: 'trace',
};

/** What some settings cannot stand without. */
const NEEDS: Partial<Readonly<Record<SettingName, readonly SettingName[]>>> = {
  SECURECHAT_S2S_HOST: ['SECURECHAT_S2S_PORT'],
  SECURECHAT_TLS_CERT: ['SECURECHAT_TLS_KEY', 'SECURECHAT_S2S_PORT'],
  SECURECHAT_TLS_KEY: ['SECURECHAT_TLS_CERT', 'SECURECHAT_S2S_PORT'],
};

describe('a start with a wrong configuration', () => {
  test('ends with exit code 2 and names every fault at once, on stderr, without a value', async () => {
    const { code, stdout, stderr } = await runCommand([MAIN], {
      SECURECHAT_STATIC_PEERS: 'b.test=hunter2',
      SECURECHAT_S2S_PRIVATE_KEY_FILE: join(folder, 'no-such-key.pem'),
      AUTH_SECRET: 'hunter2-short',
      DATABASE_URL: 'mysql://admin:hunter2@127.0.0.1/securechat',
    });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    const [title, ...faults] = stderr.trimEnd().split('\n');
    expect(title).toBe('The configuration has faults:');
    expect(faults.map((line) => line.trim().split(' ')[0]).toSorted()).toEqual([
      'AUTH_SECRET', 'DATABASE_URL', 'SECURECHAT_DOMAIN', 'SECURECHAT_S2S_PRIVATE_KEY_FILE', 'SECURECHAT_STATIC_PEERS',
    ]);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toContain('no-such-key');
  }, START_TIMEOUT_MS);

  test.each([
    ['of another kind', pkcs8Pem(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
    ['that is cut off', ed25519Pem.slice(0, 60)],
  ])('ends with exit code 2 for a federation key %s', async (_, pem) => {
    const env = { SECURECHAT_DOMAIN: 'chat.example.org', SECURECHAT_S2S_PRIVATE_KEY_FILE: fileWith('wrong-key.pem', pem) };
    const { code, stderr } = await runCommand([MAIN], env);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('SECURECHAT_S2S_PRIVATE_KEY is an Ed25519 key') });
    expect(stderr).not.toContain(pem.split('\n')[1]);
  }, START_TIMEOUT_MS);

  test.each([
    ['a key of another certificate', () => pkcs8Pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }))],
    ['a damaged key', () => privateKeyPem.replace(/\n.{8}/, '\n')],
  ])('finds %s before anything listens', (_, makeKey) => {
    const base = { SECURECHAT_DOMAIN: 'chat.example.org', SECURECHAT_S2S_PORT: '8448', SECURECHAT_TLS_CERT: certificateFile };
    expect(readConfig({ ...base, SECURECHAT_TLS_KEY: fileWith('key.pem', privateKeyPem) }).tls).not.toBeNull();
    expect(() => readConfig({ ...base, SECURECHAT_TLS_KEY: fileWith('other-key.pem', makeKey()) })).toThrow('SECURECHAT_TLS_KEY is not the key');
  });

  test.each(['SECURECHAT_TEST_RANGES', 'SECURECHAT_TEST_CONNECT'] as const)('refuses %s in production unless that is allowed in so many words', async (name) => {
    const env = { NODE_ENV: 'production', SECURECHAT_DOMAIN: 'chat.example.org', [name]: VALUES[name] } as const;
    const { code, stderr } = await runCommand([MAIN], env);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`${name} is for tests`) });
    expect(readConfig({ ...env, SECURECHAT_ALLOW_TEST_RANGES: '1' })[name]).toHaveLength(1);
    expect(readConfig({ ...env, NODE_ENV: 'test' })[name]).toHaveLength(1);
  }, START_TIMEOUT_MS);
});

describe('every setting', () => {
  const names = Object.keys(SETTINGS) as SettingName[];

  test.each(names)('%s is the same given directly and as a file', (name) => {
    const base = Object.fromEntries(['SECURECHAT_DOMAIN', ...(NEEDS[name] ?? [])].map((needed) => [needed, VALUES[needed as SettingName]]));
    delete base[name];
    const direct = readConfig({ ...base, [name]: VALUES[name] });
    const asFile = readConfig({ ...base, [`${name}_FILE`]: fileWith(name, `${VALUES[name]}\n`) });
    expect(asFile).toEqual(direct);
    const without = { SECURECHAT_DOMAIN: 'other.example.org', ...base };
    expect(direct).not.toEqual(readConfig(name.startsWith('SECURECHAT_TLS_') || name === 'SECURECHAT_S2S_PORT' ? { SECURECHAT_DOMAIN: without.SECURECHAT_DOMAIN } : without));
  });

  test.each(names)('%s given twice, or as a file that is not there, is a fault that names it', (name) => {
    const faultsOf = (env: Readonly<Record<string, string>>): readonly string[] => {
      try {
        readConfig({ SECURECHAT_DOMAIN: 'chat.example.org', ...env });
      } catch (error) {
        if (error instanceof ConfigError) return error.faults.map((fault) => fault.name);
      }
      return [];
    };
    expect(faultsOf({ [name]: VALUES[name], [`${name}_FILE`]: fileWith(name, VALUES[name]) })).toContain(name);
    expect(faultsOf({ [name]: '', [`${name}_FILE`]: join(folder, 'missing') })).toContain(`${name}_FILE`);
  });
});

describe('securechat config check --json', () => {
  const check = (env: Readonly<Record<string, string>>) => runCommand([CLI, 'config', 'check', '--json'], env);

  test('is good for a sound configuration, with a secret from a file', async () => {
    const { code, stdout, stderr } = await check({ SECURECHAT_DOMAIN: 'chat.example.org', AUTH_SECRET_FILE: fileWith('auth', VALUES.AUTH_SECRET) });
    expect({ code, stderr, outcome: JSON.parse(stdout) }).toEqual({ code: 0, stderr: '', outcome: { ok: true, faults: [] } });
  }, START_TIMEOUT_MS);

  test('ends with 2 and one JSON object that lists every fault', async () => {
    const { code, stdout } = await check({ SECURECHAT_STATIC_PEERS: 'b.test', AUTH_SECRET: 'hunter2', LOG_LEVEL: 'loud' });
    const outcome = JSON.parse(stdout);
    expect(code).toBe(2);
    expect(outcome.ok).toBe(false);
    expect(outcome.faults.map(({ name }: { name: string }) => name).toSorted()).toEqual(['AUTH_SECRET', 'LOG_LEVEL', 'SECURECHAT_DOMAIN', 'SECURECHAT_STATIC_PEERS']);
    expect(stdout).not.toContain('hunter2');
  }, START_TIMEOUT_MS);
});
