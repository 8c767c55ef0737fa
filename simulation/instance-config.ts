import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../server/config/read-config.ts';
import type { Config } from '../server/config/read-config.ts';

/** Reads the configuration of a domain's processes, with keys of its own; nothing of it is kept in files. */
export function readInstanceConfig({ domain, databaseUrl }: { readonly domain: string; readonly databaseUrl: string }): Config {
  const { privateKey } = generateKeyPairSync('ed25519');
  return readConfig({
    SECURECHAT_DOMAIN: domain,
    DATABASE_URL: databaseUrl,
    SECURECHAT_DATA_DIR: join(tmpdir(), 'securechat-simulation-unused'),
    AUTH_SECRET: randomBytes(32).toString('base64url'),
    SECURECHAT_S2S_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    SECURECHAT_SIGNUP: 'open',
  });
}
