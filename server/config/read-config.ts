import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Domain } from '../../protocol/ids.ts';
import { SETTINGS } from './settings.ts';
import type { Setting, SettingName, SettingValues } from './settings.ts';

export interface ConfigFault {
  readonly name: string;
  readonly problem: string;
}

/** The environment of a process, or what stands for it. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Lists every fault of a configuration at once; values are never repeated, as they may be secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(['The configuration has faults:', ...faults.map(({ name, problem }) => `  ${name} ${problem}`)].join('\n'));
    this.faults = faults;
  }
}

/** The settings of one instance, read, checked and with their files opened. */
export interface Config extends Omit<SettingValues, 'SECURECHAT_PUBLIC_URL' | 'SECURECHAT_TLS_CERT' | 'SECURECHAT_TLS_KEY' | 'SECURECHAT_CA_FILE'> {
  readonly domain: Domain;
  readonly publicUrl: URL;
  readonly dataDirectory: string;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | null;
  readonly caPem: string | null;
  readonly production: boolean;
}

/**
 * Reads the configuration from environment variables and the files they name.
 * @throws ConfigError with every fault
 */
export function readConfig(env: Environment): Config {
  const faults: ConfigFault[] = [];
  const values = readSettings(env, faults);
  const tls = readTls(values, faults);
  const caPem = readPem('SECURECHAT_CA_FILE', values.SECURECHAT_CA_FILE ?? null, faults);
  const production = env['NODE_ENV'] === 'production';
  addContradictions(values, production, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return configOf(asValues(values), { tls, caPem, production });
}

function configOf(values: SettingValues, read: Pick<Config, 'tls' | 'caPem' | 'production'>): Config {
  const domain = values.SECURECHAT_DOMAIN;
  return {
    ...values,
    domain,
    publicUrl: values.SECURECHAT_PUBLIC_URL ?? new URL(`https://${domain}`),
    dataDirectory: resolve(values.SECURECHAT_DATA_DIR),
    ...read,
  };
}

/** Reads what can be read; a setting with a fault is left out, so that the others are still looked at. */
function readSettings(env: Environment, faults: ConfigFault[]): Partial<SettingValues> {
  const entries = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => {
    const text = readText(env, name, faults);
    if (text === 'unreadable') return [name, undefined];
    if (text === null) {
      if (setting.absent !== 'required') return [name, setting.absent];
      faults.push({ name, problem: `is missing: ${setting.meaning}` });
      return [name, undefined];
    }
    const read = setting.schema.safeParse(text.text);
    if (!read.success) faults.push({ name, problem: read.error.issues[0]?.message ?? 'is malformed' });
    return [name, read.data];
  });
  return Object.fromEntries(entries);
}

/** Nothing is missing where there was no fault. */
function asValues(values: Partial<SettingValues>): SettingValues {
  return values as SettingValues;
}

/** The text of a setting from its variable or the file that it names, null where neither is there. */
function readText(env: Environment, name: string, faults: ConfigFault[]): { readonly text: string } | 'unreadable' | null {
  const direct = env[name];
  const file = env[`${name}_FILE`];
  if (direct !== undefined && direct !== '') {
    if (file !== undefined && file !== '') faults.push({ name, problem: `is set twice: keep either ${name} or ${name}_FILE` });
    return { text: direct };
  }
  if (file === undefined || file === '') return null;
  try {
    return { text: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    faults.push({ name: `${name}_FILE`, problem: `names a file that cannot be read (${errorCode(error)})` });
    return 'unreadable';
  }
}

function readTls(values: Partial<SettingValues>, faults: ConfigFault[]): Config['tls'] {
  const { SECURECHAT_TLS_CERT: certificate = null, SECURECHAT_TLS_KEY: key = null } = values;
  if ((certificate === null) !== (key === null)) {
    faults.push({ name: certificate === null ? 'SECURECHAT_TLS_CERT' : 'SECURECHAT_TLS_KEY', problem: 'is missing: certificate and key come together' });
  }
  const certificatePem = readPem('SECURECHAT_TLS_CERT', certificate, faults);
  const keyPem = readPem('SECURECHAT_TLS_KEY', key, faults);
  if (certificatePem === null || keyPem === null) return null;
  try {
    createSecureContext({ cert: certificatePem, key: keyPem });
    return { certificatePem, keyPem };
  } catch {
    faults.push({ name: 'SECURECHAT_TLS_KEY', problem: 'is not the key of the certificate, or one of the two is damaged' });
    return null;
  }
}

function readPem(name: SettingName, path: string | null, faults: ConfigFault[]): string | null {
  if (path === null) return null;
  try {
    const pem = readFileSync(path, 'utf8');
    if (pem.includes('-----BEGIN ')) return pem;
    faults.push({ name, problem: 'names a file that is not PEM' });
  } catch (error) {
    faults.push({ name, problem: `names a file that cannot be read (${errorCode(error)})` });
  }
  return null;
}

function addContradictions(values: Partial<SettingValues>, production: boolean, faults: ConfigFault[]): void {
  if (production && values.SECURECHAT_ALLOW_TEST_RANGES !== true) {
    for (const name of ['SECURECHAT_TEST_RANGES', 'SECURECHAT_TEST_CONNECT'] as const) {
      if ((values[name] ?? []).length > 0) faults.push({ name, problem: 'is for tests: a production start refuses it without SECURECHAT_ALLOW_TEST_RANGES=1' });
    }
  }
  if (isSet(values.SECURECHAT_S2S_HOST) && values.SECURECHAT_S2S_PORT === null) {
    faults.push({ name: 'SECURECHAT_S2S_PORT', problem: 'is missing: a listener for servers needs a port' });
  }
  if (isSet(values.SECURECHAT_TLS_CERT) && values.SECURECHAT_S2S_PORT === null) {
    faults.push({ name: 'SECURECHAT_S2S_PORT', problem: 'is missing: TLS is spoken on the listener for servers only' });
  }
}

function isSet(value: string | null | undefined): boolean {
  return value !== null && value !== undefined;
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}
