import type { CertificateFiles } from '../pki/certificate-files.ts';
import type { PeerPlace } from './places.ts';

/** What one instance of the playground is told about itself and the others. */
export interface InstanceSettings {
  readonly domain: string;
  readonly host: string;
  readonly webPort: number;
  readonly s2sPort: number;
  readonly tls: CertificateFiles;
  readonly caFile: string;
  readonly dataDirectory: string;
  readonly dnsServer: string;
  /** Every server of the playground, this one too. */
  readonly places: readonly PeerPlace[];
}

/** Settings of an instance that must not come in from the shell in which the demo was started. */
const OWN_NAMES = /^(?:SECURECHAT_.*|DATABASE_URL|HOST|PORT|AUTH_SECRET|NEXTAUTH_.*|CRON_SECRET|NODE_ENV|VITEST.*)(?:_FILE)?$/;

/** The shell's environment without what would change an instance of the playground; `LOG_LEVEL` stays. */
export function inheritedEnvironment(environment: NodeJS.Dict<string>): NodeJS.Dict<string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OWN_NAMES.test(name)));
}

/** The environment of an instance: real TLS, the fake DNS, the throw-away CA, and port 443 of every domain led to its place. */
export function instanceEnvironment(settings: InstanceSettings): NodeJS.Dict<string> {
  const connect = settings.places.map(({ domain, host, port }) => `${domain}:443=${host}:${port}`);
  return {
    NODE_ENV: 'production',
    SECURECHAT_DOMAIN: settings.domain,
    SECURECHAT_PUBLIC_URL: `http://${settings.host}:${settings.webPort}`,
    SECURECHAT_DATA_DIR: settings.dataDirectory,
    HOST: settings.host,
    PORT: String(settings.webPort),
    SECURECHAT_S2S_HOST: settings.host,
    SECURECHAT_S2S_PORT: String(settings.s2sPort),
    SECURECHAT_TLS_CERT: settings.tls.certificateFile,
    SECURECHAT_TLS_KEY: settings.tls.keyFile,
    SECURECHAT_CA_FILE: settings.caFile,
    SECURECHAT_DNS_SERVERS: settings.dnsServer,
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_ALLOW_TEST_RANGES: '1',
    SECURECHAT_TEST_CONNECT: connect.join(','),
    SECURECHAT_SIGNUP: 'open',
  };
}
