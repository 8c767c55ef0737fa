import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { buildProduct } from '../../conformance/launcher/build-product.ts';
import { startProcess } from '../../conformance/launcher/managed-process.ts';
import type { ManagedProcess } from '../../conformance/launcher/managed-process.ts';
import { waitUntilReady } from '../../conformance/launcher/wait-until-ready.ts';
import { CONVERSATIONS, foundingBody, MESSAGES, newConversationId } from './foreign-bodies.ts';
import { json, startForeignServer } from './foreign-server.ts';
import type { ForeignServer } from './foreign-server.ts';
import { signRequest } from './inbound-suite.ts';
import { createKnownClient } from './known-client.ts';
import { promisePort } from './port-range.ts';
import { exchange } from './raw-exchange.ts';
import { PROJECT_ROOT } from './run-command.ts';

/** Is the domain of the server under test. */
export const HERE = 'a.test';
/** Is the person of the foreign server who writes and is written to. */
export const BOB = 'bob@d.test';

/** A way to the foreign server that can be made to swallow whatever is sent over it. */
interface Way {
  readonly port: number;
  /** Hands nothing on from now on, in either direction, on new connections and old ones. */
  swallow(): void;
  /** Hands on what comes over new connections. */
  open(): void;
  /** How many bytes were swallowed. */
  swallowedBytes(): number;
  close(): Promise<void>;
}

/** `server/main.ts` on a database of the test's, between a person of its own and a foreign server. */
export interface TwoSidedGround {
  readonly url: string;
  readonly port: number;
  readonly foreign: ForeignServer;
  readonly way: Way;
  /** Starts the server, on the same place and database each time, and waits until it is ready. */
  start(): Promise<ManagedProcess>;
  log(): Promise<string>;
  /** Registers a person and answers how they show that they are signed in. */
  register(username: string): Promise<{ readonly userId: string; readonly cookie: string }>;
  /** Makes a conversation of Bob's with a person of the server. */
  found(userId: string): Promise<string>;
  /** Ids of the messages that the foreign server took. */
  taken(): ReadonlySet<string>;
  /** Ends the foreign server; what was started is to be ended before. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 120_000;
/** Longer than a stop may take, so that nothing but the server itself ends it. */
const STOP_TIMEOUT_MS = 15_000;
const signal = new AbortController().signal;
const silent = (): void => undefined;

/** Prepares everything but the server itself; the pages are built first where they are old, unless SECURECHAT_TEST_BUILD=off. */
export async function prepareTwoSidedGround(databaseUrl: string, settings: Readonly<Record<string, string>> = {}): Promise<TwoSidedGround> {
  await buildProduct(process.env['SECURECHAT_TEST_BUILD'] === 'off' ? null : undefined, { workingDirectory: PROJECT_ROOT, signal, log: silent });
  const folder = await mkdtemp(join(tmpdir(), 'securechat-two-sided-'));
  const logFile = join(folder, 'server.log');
  const foreign = await startAcceptingServer(join(folder, 'ca.pem'));
  const way = await openWay(foreign.port);
  const port = await promisePort();
  const url = `http://${HOST}:${port}`;
  const environment = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    HOST,
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    SECURECHAT_DOMAIN: HERE,
    SECURECHAT_PUBLIC_URL: url,
    SECURECHAT_DATA_DIR: join(folder, 'data'),
    SECURECHAT_CA_FILE: join(folder, 'ca.pem'),
    SECURECHAT_ALLOW_TEST_RANGES: '1',
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_STATIC_PEERS: `d.test=${HOST}:${way.port}`,
    SECURECHAT_REQUESTS_PER_SECOND: '100000',
    SECURECHAT_SIGNUP: 'open',
    ...settings,
  };
  return {
    url,
    port,
    foreign,
    way,
    log: () => readFile(logFile, 'utf8'),
    async start() {
      const server = await startProcess({ command: [process.execPath, 'server/main.ts'], directory: PROJECT_ROOT, environment, logFile, stopTimeoutMs: STOP_TIMEOUT_MS });
      const ready = waitUntilReady({ name: HERE, url: `${url}/readyz`, timeoutMs: READY_TIMEOUT_MS, signal, onStillWaiting: silent });
      const ended = server.exited.then(async () => Promise.reject(new Error(`the server ended while it was starting\n${await readFile(logFile, 'utf8')}`)));
      await Promise.race([ready, ended]);
      // From now on its end is for the test to judge.
      ended.catch(silent);
      return server;
    },
    async register(username) {
      const known = createKnownClient(url);
      const { userId } = await known.client.account.register({ username, password: 'correct horse battery staple' });
      known.client.close();
      return { userId, cookie: known.cookies() };
    },
    async found(userId) {
      const conversationId = newConversationId('d.test');
      const body = foundingBody({ conversationId, initiatorId: BOB, locals: [userId] });
      const { status } = await exchange({ host: HOST, port }, signRequest(foreign, { target: CONVERSATIONS, body }));
      if (status !== 201) throw new Error(`the conversation was answered ${status}`);
      return conversationId;
    },
    taken: () => new Set(foreign.received.filter(({ target }) => target === MESSAGES).map(({ body }) => (JSON.parse(body) as { messageId: string }).messageId)),
    async stop() {
      await way.close();
      await foreign.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A foreign server of the Core profile that takes every message. */
async function startAcceptingServer(caFile: string): Promise<ForeignServer> {
  const foreign = await startForeignServer('d.test');
  const authority = await createCertificateAuthority();
  const { certificateChainPem, privateKeyPem } = await authority.issue({ names: ['d.test'] });
  foreign.useCertificate({ cert: certificateChainPem, key: privateKeyPem });
  await writeFile(caFile, authority.certificatePem);
  foreign.answer(({ target }) => (target === MESSAGES ? json(202, { status: 'accepted' }) : null));
  return foreign;
}

async function openWay(port: number): Promise<Way> {
  let [isOpen, swallowed] = [true, 0];
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = isOpen ? connect({ host: HOST, port }) : null;
    for (const socket of far === null ? [near] : [near, far]) {
      sockets.add(socket);
      socket.on('error', silent).once('close', () => sockets.delete(socket));
    }
    near.on('data', (chunk) => {
      if (isOpen && far !== null) far.write(chunk);
      else swallowed += chunk.length;
    });
    far?.on('data', (chunk) => void (isOpen && near.write(chunk)));
    far?.once('close', () => near.destroy());
    near.once('close', () => far?.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    swallow: () => void (isOpen = false),
    open() {
      isOpen = true;
      // What was swallowed on them is missing from what would follow.
      for (const socket of sockets) socket.destroy();
    },
    swallowedBytes: () => swallowed,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
