import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import * as z from 'zod';
import { parseDomain } from '../../protocol/ids.ts';
import type { Domain } from '../../protocol/ids.ts';
import { MAX_LISTED_KEYS } from '../../protocol/limits.ts';

/** One environment variable: what it means, what it is when absent, and how its text is read. */
export interface Setting<Value> {
  readonly meaning: string;
  /** As shown to people; what is used when absent comes from `absent`. */
  readonly defaultText: string;
  readonly schema: z.ZodType<Value>;
  readonly absent: Value | 'required';
}

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Describes a setting; `shown` is what people read of the value that stands for an absent variable. */
function setting<Value>(meaning: string, schema: z.ZodType<Value>, otherwise: { absent: Value | 'required'; shown?: string }): Setting<Value> {
  const { absent, shown = String(absent) } = otherwise;
  return { meaning, schema, absent, defaultText: shown };
}

/** Reads text by a function that throws; the message of the fault says what would be right. */
function text<Value>(parse: (text: string) => Value, right: string): z.ZodType<Value> {
  return z.string().transform((value, context) => {
    try {
      return parse(value);
    } catch {
      context.addIssue({ code: 'custom', message: right });
      return z.NEVER;
    }
  });
}

function fail(): never {
  throw new SyntaxError('malformed');
}

function list<Value>(parse: (item: string) => Value): (value: string) => readonly Value[] {
  return (value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map(parse);
}

function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : fail();
  return port <= 65_535 ? port : fail();
}

function parseHostAndPort(value: string): HostAndPort {
  // Only the brackets tell where an IPv6 address ends and the port begins.
  const [, address, name, digits = ''] = /^(?:\[([^\]]*)\]|([A-Za-z0-9._-]+)):(\d+)$/.exec(value) ?? fail();
  if (address !== undefined && isIP(address) !== 6) fail();
  const port = parsePort(digits);
  return port > 0 ? { host: address ?? name ?? fail(), port } : fail();
}

function parsePair<Left>(left: (text: string) => Left): (item: string) => readonly [Left, HostAndPort] {
  return (item) => {
    const equals = item.indexOf('=');
    return equals < 1 ? fail() : [left(item.slice(0, equals)), parseHostAndPort(item.slice(equals + 1))];
  };
}

/** Reads pairs whose left sides differ: of two places for one name it could only guess which is meant. */
function parseTable<Left>(left: (text: string) => Left): (value: string) => readonly (readonly [Left, HostAndPort])[] {
  const parsePairs = list(parsePair(left));
  return (value) => {
    const pairs = parsePairs(value);
    return new Set(pairs.map(([name]) => name)).size === pairs.length ? pairs : fail();
  };
}

/** A name and port that may begin with a wildcard label, kept as text `host:port`. */
function parseConnectName(value: string): string {
  const { host, port } = parseHostAndPort(value.replace(/^\*\./, 'wildcard.'));
  return `${value.startsWith('*.') ? host.replace('wildcard.', '*.') : host}:${port}`;
}

function parseCidr(value: string): string {
  const [address = '', prefix = '', ...rest] = value.split('/');
  const version = isIP(address);
  const fits = /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
  return version !== 0 && fits && rest.length === 0 ? value : fail();
}

function parseDnsServer(value: string): HostAndPort {
  return isIP(value) === 0 ? parseHostAndPort(value) : { host: value, port: 53 };
}

function parseUrl(value: string): URL {
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` ? url : fail();
}

function parsePostgresUrl(value: string): string {
  return /^postgres(ql)?:$/.test(new URL(value).protocol) ? value : fail();
}

/** Lets only one to eight different Ed25519 keys pass, and gives them as they came. @see docs/protocol.md [KEY-1] [KEY-2] */
function parseEd25519Pems(value: string): string {
  const blocks = value.match(PEM_BLOCK) ?? fail();
  const publicKeys = blocks.map((block) => {
    const key = createPrivateKey(block);
    return key.asymmetricKeyType === 'ed25519' ? createPublicKey(key).export({ format: 'jwk' }).x : fail();
  });
  const isWhole = value.split('-----BEGIN ').length - 1 === blocks.length;
  return isWhole && blocks.length <= MAX_LISTED_KEYS && new Set(publicKeys).size === blocks.length ? value : fail();
}

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g;

const port = text(parsePort, 'is a whole number from 0 to 65535');
const domains = text<readonly Domain[]>(list(parseDomain), 'domains are lower-case names such as chat.example.org, separated by commas');
const flag = z.enum(['true', 'false', '1', '0'], 'is true or false').transform((value) => value === 'true' || value === '1');

/** How often something may be asked for: never nothing, as that would be another way to close federation. */
const rate = text((value) => (/^[1-9]\d{0,5}$/.test(value) ? Number(value) : fail()), 'is a whole number from 1 to 999999');

const nothing: null = null;

/**
 * Every setting of an instance, each also as `<NAME>_FILE`. The one source of the table in docs/operations.md, of
 * `.env.example`, of `securechat config check` and of the start-up error.
 */
export const SETTINGS = {
  SECURECHAT_DOMAIN: setting<Domain>('the domain in user ids', text(parseDomain, 'is a lower-case domain such as chat.example.org, without port'), { absent: 'required' }),
  SECURECHAT_PUBLIC_URL: setting<URL | null>('where browsers reach this instance', text(parseUrl, 'is an http or https URL without path, such as https://chat.example.org'), { absent: nothing, shown: 'https://<domain>' }),
  SECURECHAT_DATA_DIR: setting('keys and embedded database', z.string().min(1, 'is a folder'), { absent: './data' }),
  DATABASE_URL: setting<string | null>('external PostgreSQL', text(parsePostgresUrl, 'is a URL such as postgresql://user:password@host:5432/securechat'), { absent: nothing, shown: 'embedded' }),
  HOST: setting('address of the web listener', z.string().min(1, 'is an address or a host name'), { absent: '127.0.0.1' }),
  PORT: setting('port of the web listener', port, { absent: 3000 }),
  SECURECHAT_S2S_HOST: setting<string | null>('address of a listener of its own for servers', z.string().min(1, 'is an address or a host name'), { absent: nothing, shown: 'shares the web listener' }),
  SECURECHAT_S2S_PORT: setting<number | null>('port of a listener of its own for servers', port, { absent: nothing, shown: 'shares the web listener' }),
  SECURECHAT_TLS_CERT: setting<string | null>('PEM file with the certificate chain; the listener for servers then speaks TLS itself', z.string().min(1, 'is a PEM file'), { absent: nothing, shown: 'behind a proxy' }),
  SECURECHAT_TLS_KEY: setting<string | null>('PEM file with the key of that certificate', z.string().min(1, 'is a PEM file'), { absent: nothing, shown: 'behind a proxy' }),
  SECURECHAT_S2S_PRIVATE_KEY: setting<string | null>('federation keys, PKCS#8 PEM; of several blocks the first signs, the others are only listed', text(parseEd25519Pems, 'is an Ed25519 key in PKCS#8 PEM, or up to 8 different ones'), { absent: nothing, shown: 'a file in the data folder, made once' }),
  AUTH_SECRET: setting<string | null>('secret that seals session cookies, at least 32 bytes', z.string().min(32, 'is at least 32 bytes long'), { absent: nothing, shown: 'a file in the data folder, made once' }),
  SECURECHAT_FEDERATION: setting<'open' | 'allowlist' | 'closed'>('whom to federate with', z.enum(['open', 'allowlist', 'closed'], 'is open, allowlist or closed'), { absent: 'open' }),
  SECURECHAT_ALLOW: setting<readonly Domain[]>('domains to federate with under allowlist', domains, { absent: [], shown: 'empty' }),
  SECURECHAT_BLOCK: setting<readonly Domain[]>('domains never to federate with', domains, { absent: [], shown: 'empty' }),
  SECURECHAT_STATIC_PEERS: setting<readonly (readonly [Domain, HostAndPort])[]>('where given domains are, instead of DNS', text(parseTable(parseDomain), 'is a list, each domain once, such as b.test=127.0.0.2:8448,c.test=[::1]:8448'), { absent: [], shown: 'empty' }),
  SECURECHAT_DNS_SERVERS: setting<readonly HostAndPort[]>('resolvers to ask', text(list(parseDnsServer), 'is a list such as 127.0.0.1:5300,9.9.9.9'), { absent: [], shown: "the system's" }),
  SECURECHAT_DNS_TRUST_AD: setting('the resolver validates DNSSEC and the way to it is safe, so that its AD bit is believed', flag, { absent: false }),
  SECURECHAT_TXT_KEYS: setting<'dnssec' | 'always' | 'never'>('when keys in DNS TXT count while a key document cannot be reached: dnssec needs SECURECHAT_DNS_TRUST_AD', z.enum(['dnssec', 'always', 'never'], 'is dnssec, always or never'), { absent: 'dnssec' }),
  SECURECHAT_CA_FILE: setting<string | null>('PEM file with further roots for peers', z.string().min(1, 'is a PEM file'), { absent: nothing, shown: 'none' }),
  SECURECHAT_TEST_RANGES: setting<readonly string[]>('CIDRs that the egress guard lets through, for tests', text(list(parseCidr), 'is a list such as 127.0.0.0/8,::1/128'), { absent: [], shown: 'empty' }),
  SECURECHAT_TEST_CONNECT: setting<readonly (readonly [string, HostAndPort])[]>('host:port=address:port,… where connections to test domains really go', text(parseTable(parseConnectName), 'is a list, each name once, such as b.test:443=127.0.0.1:8448'), { absent: [], shown: 'empty' }),
  SECURECHAT_ALLOW_TEST_RANGES: setting('lets a production start accept the two test settings', flag, { absent: false }),
  SECURECHAT_REQUESTS_PER_SECOND: setting('requests that one other domain may make in a second, twice as many at once', rate, { absent: 100 }),
  SECURECHAT_KEY_FETCHES_PER_MINUTE: setting('domains not met yet whose keys one source address may make this instance fetch in a minute', rate, { absent: 5 }),
  SECURECHAT_SIGNUP: setting<'open' | 'invite' | 'closed'>('who may register', z.enum(['open', 'invite', 'closed'], 'is open, invite or closed'), { absent: 'invite' }),
  SECURECHAT_TRUSTED_PROXIES: setting<readonly string[]>('CIDRs whose X-Forwarded-For is believed', text(list(parseCidr), 'is a list such as 10.0.0.0/8,127.0.0.1/32'), { absent: [], shown: 'empty' }),
  SECURECHAT_METRICS_HOST: setting('address of a listener of its own for /metrics', z.string().min(1, 'is an address or a host name'), { absent: '127.0.0.1' }),
  SECURECHAT_METRICS_PORT: setting<number | null>('port of a listener of its own for /metrics', port, { absent: nothing, shown: 'off' }),
  SECURECHAT_METRICS_TOKEN: setting<string | null>('bearer for /metrics; without a port of its own it is then on the web listener', z.string().min(16, 'is at least 16 characters long'), { absent: nothing, shown: 'off' }),
  CRON_SECRET: setting<string | null>('bearer for /api/cron/deliver', z.string().min(16, 'is at least 16 characters long'), { absent: nothing, shown: 'off' }),
  LOG_LEVEL: setting<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'>('how much to log', z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'is fatal, error, warn, info, debug, trace or silent'), { absent: 'info' }),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type SettingValues = { readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never };
