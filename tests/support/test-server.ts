import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProduct } from '../../conformance/launcher/build-product.ts';
import { startProcess } from '../../conformance/launcher/managed-process.ts';
import { waitUntilReady } from '../../conformance/launcher/wait-until-ready.ts';
import { whileRunning } from '../../conformance/launcher/watch-process.ts';
import { createTestDatabase } from '../../server/persistence/testing-database.ts';
import type { TestDatabase } from '../../server/persistence/testing-database.ts';
import { promisePort } from './port-range.ts';
import { PROJECT_ROOT } from './run-command.ts';

/** One instance as a process of its own, with every setting chosen by the test. */
export interface TestServer {
  readonly host: string;
  /** Of the listener for browsers, which servers share unless a setting says otherwise. */
  readonly port: number;
  readonly url: string;
  readonly database: TestDatabase;
  log(): Promise<string>;
  /** Ends the process and drops its database and files. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const signal = new AbortController().signal;

/**
 * Starts `server/main.ts` as in production, on a database of its own, with these settings beside domain, place and test
 * ranges. The pages are built first where they are old; with SECURECHAT_TEST_BUILD=off they are taken as they are.
 */
export async function startTestServer(domain: string, settings: Readonly<Record<string, string>>): Promise<TestServer> {
  const silent = (): void => undefined;
  await buildProduct(process.env['SECURECHAT_TEST_BUILD'] === 'off' ? null : undefined, { workingDirectory: PROJECT_ROOT, signal, log: silent });
  const folder = await mkdtemp(join(tmpdir(), 'securechat-server-'));
  const logFile = join(folder, 'server.log');
  const database = await createTestDatabase();
  const port = await promisePort();
  const url = `http://${HOST}:${port}`;
  const server = await startProcess({
    command: [process.execPath, 'server/main.ts'],
    directory: PROJECT_ROOT,
    environment: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      HOST,
      PORT: String(port),
      DATABASE_URL: database.url,
      SECURECHAT_DOMAIN: domain,
      SECURECHAT_PUBLIC_URL: url,
      SECURECHAT_DATA_DIR: join(folder, 'data'),
      SECURECHAT_ALLOW_TEST_RANGES: '1',
      SECURECHAT_SIGNUP: 'open',
      ...settings,
    },
    logFile,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  const stop = async (): Promise<void> => {
    await server.end();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await whileRunning({ name: domain, logFile, exited: server.exited, signal }, (aborted) =>
      waitUntilReady({ name: domain, url: `${url}/readyz`, timeoutMs: READY_TIMEOUT_MS, signal: aborted, onStillWaiting: silent }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: HOST, port, url, database, log: () => readFile(logFile, 'utf8'), stop };
}

/** Adds a person whose identity says no more than a public key, as a server of the Core profile tells of one. */
export async function addAccount({ database }: Pick<TestServer, 'database'>, userId: string): Promise<void> {
  const columns = '(user_id, password_hashing, auth_verifier, public_identity, created_at)';
  const identity = JSON.stringify({ userId, publicKey: Buffer.alloc(32, 9).toString('base64') });
  await database.database.pool.query(`INSERT INTO accounts ${columns} VALUES ($1, '{}', '', $2, now())`, [userId, identity]);
}
