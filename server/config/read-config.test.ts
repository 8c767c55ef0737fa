import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { ConfigError, readConfig } from './read-config.ts';
import type { Config, ConfigFault } from './read-config.ts';
import { SETTINGS } from './settings.ts';

type Environment = Parameters<typeof readConfig>[0];

const folder = mkdtempSync(join(tmpdir(), 'securechat-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function read(env: Environment): Config {
  return readConfig({ SECURECHAT_DOMAIN: 'chat.example.org', ...env });
}

/** The faults of an environment that must have some. */
function faultsOf(env: Environment): readonly ConfigFault[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error('there was no fault');
}

const namesOf = (env: Environment): readonly string[] => faultsOf(env).map(({ name }) => name);

const ed25519Pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('defaults', () => {
  test('only the domain is required', () => {
    expect(readConfig({ SECURECHAT_DOMAIN: 'chat.example.org' })).toMatchObject({
      domain: 'chat.example.org',
      publicUrl: new URL('https://chat.example.org'),
      DATABASE_URL: null,
      HOST: '127.0.0.1',
      PORT: 3000,
      SECURECHAT_S2S_PORT: null,
      SECURECHAT_FEDERATION: 'open',
      SECURECHAT_REQUESTS_PER_SECOND: 100,
      SECURECHAT_KEY_FETCHES_PER_MINUTE: 5,
      SECURECHAT_SIGNUP: 'invite',
      SECURECHAT_TXT_KEYS: 'dnssec',
      SECURECHAT_DNS_TRUST_AD: false,
      LOG_LEVEL: 'info',
      tls: null,
      caPem: null,
      production: false,
    });
  });

  test('an empty variable counts as absent, as compose files write it', () => {
    expect(read({ PORT: '', SECURECHAT_SIGNUP: '', AUTH_SECRET: '', AUTH_SECRET_FILE: '' })).toMatchObject({ PORT: 3000, SECURECHAT_SIGNUP: 'invite' });
  });

  test('every public name has a setting with a meaning', () => {
    const publicNames = `SECURECHAT_DOMAIN SECURECHAT_PUBLIC_URL SECURECHAT_DATA_DIR DATABASE_URL HOST PORT SECURECHAT_S2S_HOST
      SECURECHAT_S2S_PORT SECURECHAT_TLS_CERT SECURECHAT_TLS_KEY SECURECHAT_S2S_PRIVATE_KEY AUTH_SECRET SECURECHAT_FEDERATION
      SECURECHAT_ALLOW SECURECHAT_BLOCK SECURECHAT_STATIC_PEERS SECURECHAT_DNS_SERVERS SECURECHAT_DNS_TRUST_AD SECURECHAT_TXT_KEYS
      SECURECHAT_CA_FILE SECURECHAT_TEST_RANGES SECURECHAT_TEST_CONNECT SECURECHAT_ALLOW_TEST_RANGES SECURECHAT_REQUESTS_PER_SECOND
      SECURECHAT_KEY_FETCHES_PER_MINUTE SECURECHAT_SIGNUP CRON_SECRET LOG_LEVEL`.split(/\s+/);
    expect(Object.keys(SETTINGS)).toEqual(expect.arrayContaining(publicNames));
    for (const { meaning, defaultText } of Object.values(SETTINGS)) expect([meaning, defaultText]).not.toContain('');
  });
});

describe('faults', () => {
  test('all of them are listed at once, each under its name', () => {
    const env = {
      SECURECHAT_DOMAIN: 'Chat.Example.org',
      SECURECHAT_PUBLIC_URL: 'ftp://x',
      PORT: '65536',
      SECURECHAT_STATIC_PEERS: 'b.test',
      SECURECHAT_DNS_SERVERS: '127.0.0.1:0',
      SECURECHAT_S2S_PRIVATE_KEY_FILE: join(folder, 'missing.pem'),
      SECURECHAT_TLS_CERT: join(folder, 'missing.pem'),
      SECURECHAT_CA_FILE: file('not-pem', 'hello'),
      SECURECHAT_FEDERATION: 'everybody',
      LOG_LEVEL: 'loud',
    };
    expect(namesOf(env).toSorted()).toEqual([
      'LOG_LEVEL', 'PORT', 'SECURECHAT_CA_FILE', 'SECURECHAT_DNS_SERVERS', 'SECURECHAT_DOMAIN', 'SECURECHAT_FEDERATION', 'SECURECHAT_PUBLIC_URL',
      'SECURECHAT_S2S_PORT', 'SECURECHAT_S2S_PRIVATE_KEY_FILE', 'SECURECHAT_STATIC_PEERS', 'SECURECHAT_TLS_CERT', 'SECURECHAT_TLS_KEY',
    ]);
    expect(new ConfigError(faultsOf(env)).message.split('\n')).toHaveLength(13);
  });

  test('a missing domain is said once, by what it means', () => {
    expect(faultsOf({ SECURECHAT_DOMAIN: undefined })).toEqual([{ name: 'SECURECHAT_DOMAIN', problem: 'is missing: the domain in user ids' }]);
  });

  test('a domain in a file that cannot be read is one fault, not two', () => {
    const faults = faultsOf({ SECURECHAT_DOMAIN: undefined, SECURECHAT_DOMAIN_FILE: join(folder, 'missing') });
    expect(faults).toEqual([{ name: 'SECURECHAT_DOMAIN_FILE', problem: 'names a file that cannot be read (ENOENT)' }]);
  });

  test('no value is ever repeated: any of them may be a secret', () => {
    const secret = 'hunter2-hunter2';
    const env = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, `${secret}:${secret}`]));
    const faults = faultsOf(env);
    expect(faults.length).toBeGreaterThan(15);
    expect(new ConfigError(faults).message).not.toContain(secret);
  });
});

describe('<NAME>_FILE', () => {
  test('is read where it names a file, without the final line feed', () => {
    expect(read({ AUTH_SECRET_FILE: file('auth-secret', `${'s'.repeat(40)}\n`) })).toMatchObject({ AUTH_SECRET: 's'.repeat(40) });
    expect(readConfig({ SECURECHAT_DOMAIN_FILE: file('domain', 'chat.example.org\n') }).domain).toBe('chat.example.org');
  });

  test('beside the variable itself is a fault', () => {
    expect(faultsOf({ AUTH_SECRET: 's'.repeat(40), AUTH_SECRET_FILE: file('auth-secret', 's'.repeat(40)) })).toEqual([
      { name: 'AUTH_SECRET', problem: 'is set twice: keep either AUTH_SECRET or AUTH_SECRET_FILE' },
    ]);
  });

  test('that is empty is a fault for what needs a value', () => {
    expect(namesOf({ AUTH_SECRET_FILE: file('empty', '') })).toEqual(['AUTH_SECRET']);
  });
});

describe('production', () => {
  const testSettings = { SECURECHAT_TEST_RANGES: '127.0.0.0/8', SECURECHAT_TEST_CONNECT: 'b.test:443=127.0.0.1:8448' };

  test('refuses the test settings, both at once', () => {
    expect(namesOf({ NODE_ENV: 'production', ...testSettings })).toEqual(['SECURECHAT_TEST_RANGES', 'SECURECHAT_TEST_CONNECT']);
  });

  test('takes them where that is asked for, and everything else takes them anyway', () => {
    expect(read({ NODE_ENV: 'production', SECURECHAT_ALLOW_TEST_RANGES: '1', ...testSettings }).production).toBe(true);
    expect(read({ NODE_ENV: 'test', ...testSettings }).SECURECHAT_TEST_RANGES).toEqual(['127.0.0.0/8']);
  });

  test('with SECURECHAT_ALLOW_TEST_RANGES=0 refuses them all the same', () => {
    expect(namesOf({ NODE_ENV: 'production', SECURECHAT_ALLOW_TEST_RANGES: '0', ...testSettings })).toHaveLength(2);
  });
});

describe('forms', () => {
  /** Reads one setting: its value, or `fault`. */
  function valueOf(name: keyof typeof SETTINGS, text: string): unknown {
    try {
      return read({ [name]: text })[name as keyof Config];
    } catch (error) {
      if (error instanceof ConfigError) return 'fault';
      throw error;
    }
  }

  test.each([
    ['b.test=127.0.0.2:8448, c.test=[::1]:8449,', [['b.test', { host: '127.0.0.2', port: 8448 }], ['c.test', { host: '::1', port: 8449 }]]],
    ['b.test=peer.internal:8448', [['b.test', { host: 'peer.internal', port: 8448 }]]],
    ['b.test=127.0.0.2', 'fault'],
    ['b.test=127.0.0.2:', 'fault'],
    ['b.test=127.0.0.2:99999', 'fault'],
    ['b.test=::1:8448', 'fault'],
    ['b.test=[127.0.0.1]:8448', 'fault'],
    ['B.test=127.0.0.2:8448', 'fault'],
    ['=127.0.0.2:8448', 'fault'],
    ['b.test=127.0.0.2:1,b.test=127.0.0.3:1', 'fault'],
  ])('SECURECHAT_STATIC_PEERS %s', (text, expected) => expect(valueOf('SECURECHAT_STATIC_PEERS', text)).toEqual(expected));

  test.each([
    ['127.0.0.1:5300,9.9.9.9', [{ host: '127.0.0.1', port: 5300 }, { host: '9.9.9.9', port: 53 }]],
    ['::1,[::1]:5300', [{ host: '::1', port: 53 }, { host: '::1', port: 5300 }]],
    ['resolver', 'fault'],
  ])('SECURECHAT_DNS_SERVERS %s', (text, expected) => expect(valueOf('SECURECHAT_DNS_SERVERS', text)).toEqual(expected));

  test.each([
    ['d.test:443=127.0.0.1:9443', [['d.test:443', { host: '127.0.0.1', port: 9443 }]]],
    ['*.d.test:443=127.0.0.1:9443', [['*.d.test:443', { host: '127.0.0.1', port: 9443 }]]],
    ['d.test=127.0.0.1:9443', 'fault'],
  ])('SECURECHAT_TEST_CONNECT %s', (text, expected) => expect(valueOf('SECURECHAT_TEST_CONNECT', text)).toEqual(expected));

  test.each([
    ['127.0.0.0/8,::1/128', ['127.0.0.0/8', '::1/128']],
    ['127.0.0.1', 'fault'],
    ['127.0.0.0/33', 'fault'],
    ['::/129', 'fault'],
    ['127.0.0.0/8/8', 'fault'],
  ])('SECURECHAT_TRUSTED_PROXIES %s', (text, expected) => expect(valueOf('SECURECHAT_TRUSTED_PROXIES', text)).toEqual(expected));

  test.each([
    ['https://chat.example.org', new URL('https://chat.example.org')],
    ['http://localhost:3000/', new URL('http://localhost:3000')],
    ['https://chat.example.org/path', 'fault'],
    ['https://chat.example.org/?query', 'fault'],
    ['https://chat.example.org/#part', 'fault'],
    ['https://user:password@chat.example.org/', 'fault'],
    ['chat.example.org', 'fault'],
  ])('SECURECHAT_PUBLIC_URL %s', (text, expected) => expect(valueOf('SECURECHAT_PUBLIC_URL', text)).toEqual(expected));

  test('[KEY-1] SECURECHAT_S2S_PRIVATE_KEY is an Ed25519 key in PKCS#8, nothing that merely looks like one', () => {
    expect(valueOf('SECURECHAT_S2S_PRIVATE_KEY', ed25519Pem)).toBe(ed25519Pem);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const text of [rsa, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', 'PRIVATE KEY']) {
      expect(valueOf('SECURECHAT_S2S_PRIVATE_KEY', text)).toBe('fault');
    }
  });

  test('[KEY-2] [KEY-6] SECURECHAT_S2S_PRIVATE_KEY holds up to eight different keys, each of them whole', () => {
    const pems = Array.from({ length: 9 }, () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const eight = pems.slice(1).join('');
    expect(valueOf('SECURECHAT_S2S_PRIVATE_KEY', eight)).toBe(eight);
    for (const text of [pems.join(''), ed25519Pem + ed25519Pem, `${ed25519Pem}-----BEGIN PRIVATE KEY-----\nAAAA`]) {
      expect(valueOf('SECURECHAT_S2S_PRIVATE_KEY', text)).toBe('fault');
    }
  });

  test.each([
    ['1', 1],
    ['250', 250],
    ['999999', 999_999],
    ['0', 'fault'],
    ['1000000', 'fault'],
    ['-5', 'fault'],
    ['2.5', 'fault'],
    ['ten', 'fault'],
  ])('[API-10] a rate of %s', (text, expected) => {
    expect(valueOf('SECURECHAT_REQUESTS_PER_SECOND', text)).toBe(expected);
    expect(valueOf('SECURECHAT_KEY_FETCHES_PER_MINUTE', text)).toBe(expected);
  });

  test('short secrets are refused, long enough ones taken', () => {
    expect([valueOf('AUTH_SECRET', 'x'.repeat(31)), valueOf('AUTH_SECRET', 'x'.repeat(32))]).toEqual(['fault', 'x'.repeat(32)]);
    expect([valueOf('CRON_SECRET', 'x'.repeat(15)), valueOf('CRON_SECRET', 'x'.repeat(16))]).toEqual(['fault', 'x'.repeat(16)]);
  });
});

describe('TLS', () => {
  let certificate: string;
  let key: string;
  let otherKey: string;
  const port = { SECURECHAT_S2S_PORT: '8448' };

  beforeAll(async () => {
    const authority = await createCertificateAuthority();
    const [own, other] = [await authority.issue({ names: ['chat.example.org'] }), await authority.issue({ names: ['chat.example.org'] })];
    certificate = file('certificate.pem', own.certificateChainPem);
    key = file('key.pem', own.privateKeyPem);
    otherKey = file('other-key.pem', other.privateKeyPem);
  });

  test('certificate and key together are read from their files', () => {
    expect(read({ SECURECHAT_TLS_CERT: certificate, SECURECHAT_TLS_KEY: key, ...port }).tls?.keyPem).toContain('PRIVATE KEY');
  });

  test('one without the other is a fault under the name of what is missing', () => {
    expect(namesOf({ SECURECHAT_TLS_CERT: certificate, ...port })).toEqual(['SECURECHAT_TLS_KEY']);
    expect(namesOf({ SECURECHAT_TLS_KEY: key, ...port })).toEqual(['SECURECHAT_TLS_CERT']);
  });

  test('a key of another certificate is a fault, not a failure at the first connection', () => {
    expect(faultsOf({ SECURECHAT_TLS_CERT: certificate, SECURECHAT_TLS_KEY: otherKey, ...port })).toEqual([
      { name: 'SECURECHAT_TLS_KEY', problem: 'is not the key of the certificate, or one of the two is damaged' },
    ]);
  });

  test('without a listener for servers it is a fault', () => {
    expect(namesOf({ SECURECHAT_TLS_CERT: certificate, SECURECHAT_TLS_KEY: key })).toEqual(['SECURECHAT_S2S_PORT']);
    expect(namesOf({ SECURECHAT_S2S_HOST: '0.0.0.0' })).toEqual(['SECURECHAT_S2S_PORT']);
  });
});
