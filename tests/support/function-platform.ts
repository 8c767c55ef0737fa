import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import type { CertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { buildProduct } from '../../conformance/launcher/build-product.ts';
import { startProcess } from '../../conformance/launcher/managed-process.ts';
import type { ManagedProcess } from '../../conformance/launcher/managed-process.ts';
import { waitUntilReady } from '../../conformance/launcher/wait-until-ready.ts';
import { createTestDatabase } from '../../server/persistence/testing-database.ts';
import type { TestDatabase } from '../../server/persistence/testing-database.ts';
import { promisePort } from './port-range.ts';
import { PROJECT_ROOT } from './run-command.ts';

/** One domain whose routes run alone, without `server/main.ts`: nothing works there but while a request is served. */
interface FunctionInstance {
  readonly domain: string;
  /** Where browsers come in. */
  readonly url: string;
  /** How long ago it heard from another domain, infinite where it never did. */
  secondsSinceHeard(domain: string): Promise<number>;
  /** Calls the scheduled route, as the platform does. */
  callCron(): Promise<Response>;
  start(): Promise<void>;
  /** Ends the process; its database stays. */
  halt(): Promise<void>;
  log(): Promise<string>;
}

/** Several such domains that find each other, with TLS before each. */
export interface FunctionPlatform {
  instance(domain: string): FunctionInstance;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const signal = new AbortController().signal;
const silent = (): void => undefined;

/** Where a domain is: `port` of its routes, `tlsPort` of what peers see. */
interface Place {
  readonly domain: string;
  readonly port: number;
  readonly tlsPort: number;
}

/** Starts `next start` for each domain; the pages are built first where they are old, unless SECURECHAT_TEST_BUILD=off. */
export async function startFunctionPlatform(domains: readonly string[]): Promise<FunctionPlatform> {
  await buildProduct(process.env['SECURECHAT_TEST_BUILD'] === 'off' ? null : undefined, { workingDirectory: PROJECT_ROOT, signal, log: silent });
  const folder = await mkdtemp(join(tmpdir(), 'securechat-functions-'));
  const authority = await createCertificateAuthority();
  await writeFile(join(folder, 'ca.pem'), authority.certificatePem);
  const places: Place[] = [];
  for (const domain of domains) places.push({ domain, port: await promisePort(), tlsPort: await promisePort() });
  const proxies = await Promise.all(places.map((place) => startTls(place, authority)));
  const databases = await Promise.all(domains.map(() => createTestDatabase()));
  const instances = places.map((place, index) => {
    const database = databases[index];
    if (database === undefined) throw new Error(`${place.domain} has no database`);
    return createInstance(place, { folder, places, database });
  });
  const stop = async (): Promise<void> => {
    await Promise.all(instances.map((instance) => instance.halt()));
    await Promise.all(proxies.map((proxy) => new Promise((resolve) => proxy.close(resolve))));
    await Promise.all(databases.map((database) => database.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const instance of instances) await instance.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    instance(domain) {
      const found = instances.find((instance) => instance.domain === domain);
      if (found === undefined) throw new Error(`${domain} does not run`);
      return found;
    },
    stop,
  };
}

function createInstance(place: Place, ground: { readonly folder: string; readonly places: readonly Place[]; readonly database: TestDatabase }): FunctionInstance {
  const { domain, port } = place;
  const url = `http://${HOST}:${port}`;
  const logFile = join(ground.folder, `${domain}.log`);
  const cronSecret = randomBytes(24).toString('hex');
  const environment = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: ground.database.url,
    SECURECHAT_DOMAIN: domain,
    SECURECHAT_PUBLIC_URL: url,
    SECURECHAT_S2S_PRIVATE_KEY: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    AUTH_SECRET: randomBytes(32).toString('hex'),
    CRON_SECRET: cronSecret,
    SECURECHAT_CA_FILE: join(ground.folder, 'ca.pem'),
    SECURECHAT_STATIC_PEERS: ground.places.map(({ domain: name, tlsPort }) => `${name}=${HOST}:${tlsPort}`).join(','),
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_ALLOW_TEST_RANGES: '1',
    SECURECHAT_SIGNUP: 'open',
  };
  let running: ManagedProcess | null = null;
  return {
    domain,
    url,
    async secondsSinceHeard(other) {
      const { rows } = await ground.database.database.pool.query<{ seconds: number | null }>(
        'SELECT extract(epoch FROM now() - last_inbound_at)::float8 AS seconds FROM peers WHERE domain = $1',
        [other],
      );
      return rows[0]?.seconds ?? Number.POSITIVE_INFINITY;
    },
    callCron: () => fetch(`${url}/api/cron/deliver`, { headers: { authorization: `Bearer ${cronSecret}` } }),
    async start() {
      running = await startProcess({
        command: [process.execPath, 'node_modules/next/dist/bin/next', 'start', '--hostname', HOST, '--port', String(port)],
        directory: PROJECT_ROOT,
        environment,
        logFile,
        stopTimeoutMs: STOP_TIMEOUT_MS,
      });
      await waitUntilReady({ name: domain, url: `${url}/readyz`, timeoutMs: READY_TIMEOUT_MS, signal, onStillWaiting: silent });
    },
    async halt() {
      await running?.end();
      running = null;
    },
    log: () => readFile(logFile, 'utf8'),
  };
}

/** Ends TLS before the routes, as a platform does, and hands the bytes on as they came. */
async function startTls({ domain, port, tlsPort }: Place, authority: CertificateAuthority): Promise<Server> {
  const { certificateChainPem: cert, privateKeyPem: key } = await authority.issue({ names: [domain] });
  const server = createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, (near) => {
    const far = connect({ host: HOST, port });
    near.on('error', silent).once('close', () => far.destroy());
    far.on('error', silent).once('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.on('tlsClientError', silent);
  await new Promise<void>((resolve) => server.listen(tlsPort, HOST, resolve));
  return server;
}
