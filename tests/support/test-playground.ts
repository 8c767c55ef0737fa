import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DemoDescriptor } from '../../conformance/launcher/descriptor.ts';
import type { PeerPlace } from '../../conformance/launcher/places.ts';
import { startPlayground } from '../../conformance/launcher/playground.ts';
import type { Playground } from '../../conformance/launcher/playground.ts';
import { openTestAuthority } from './test-authority.ts';
import type { TestAuthority } from './test-authority.ts';

/** Starting several servers on a busy machine takes its time, and building the pages before them a minute more. */
export const PLAYGROUND_TIMEOUT_MS = 240_000;

const FIRST_PORT = 22_000;
const PORTS_PER_RUN = 2_000;
const PORTS_PER_WORKER = 40;
/** Characters of a log that explain a failed start. */
const LOG_END = 1_500;

/** One instance of a playground as a test needs it. */
interface TestInstance {
  readonly domain: string;
  readonly url: string;
  readonly s2s: { readonly host: string; readonly port: number };
  readonly databaseUrl: string;
  readonly logFile: string;
  readonly pid: number;
  readonly driverUrl: string;
}

/** A playground of a test file's own: real processes, real TLS, real databases. */
export interface TestPlayground {
  readonly playground: Playground;
  readonly directory: string;
  /** Issues certificates that every instance believes. */
  readonly authority: TestAuthority;
  /** Describes an instance as it is now. */
  instance(domain: string): Promise<TestInstance>;
  stop(): Promise<void>;
}

/**
 * Starts a playground on ports that no other test file uses. The pages are built first where they are old; with
 * SECURECHAT_TEST_BUILD=off they are taken as they are.
 */
export async function startTestPlayground(options: {
  readonly domains: readonly string[];
  readonly peers?: readonly PeerPlace[];
}): Promise<TestPlayground> {
  const directory = join(await mkdtemp(join(tmpdir(), 'securechat-playground-')), 'playground');
  const firstPort = firstPortOfWorker();
  const lines: string[] = [];
  const playground = await startPlayground({
    domains: options.domains,
    peers: options.peers ?? [],
    directory,
    log: (line) => void lines.push(line),
    firstWebPort: firstPort,
    firstS2sPort: firstPort + PORTS_PER_WORKER / 2,
    ...(process.env['SECURECHAT_TEST_BUILD'] === 'off' ? { buildCommand: null } : {}),
  }).catch(async (cause: unknown) => {
    const logs = await readLogEnds(directory);
    await rm(dirname(directory), { recursive: true, force: true });
    throw new Error(['The playground did not start:', ...lines, ...logs].join('\n'), { cause });
  });
  return {
    playground,
    directory,
    authority: await openTestAuthority(await playground.descriptor()),
    instance: async (domain) => instanceOf(await playground.descriptor(), domain),
    async stop() {
      await playground[Symbol.asyncDispose]();
      await rm(dirname(directory), { recursive: true, force: true });
    },
  };
}

/** The last lines of every log that a failed start leaves behind. */
async function readLogEnds(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.log'));
  return Promise.all(names.map(async (name) => `${name}: …${(await readFile(join(directory, name), 'utf8')).slice(-LOG_END)}`));
}

/**
 * Ports are looked for before they are bound, so two workers of a run must not look in one place; the run's own process
 * keeps other runs on this machine apart as far as can be. All are below the ephemeral range.
 */
function firstPortOfWorker(): number {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0);
  return FIRST_PORT + (process.ppid % 5) * PORTS_PER_RUN + (worker % (PORTS_PER_RUN / PORTS_PER_WORKER)) * PORTS_PER_WORKER;
}

function instanceOf({ instances, driver }: DemoDescriptor, domain: string): TestInstance {
  const instance = instances.find((candidate) => candidate.domain === domain);
  const databaseUrl = instance?.databaseUrl ?? null;
  const driverUrl = driver[domain];
  if (instance === undefined || databaseUrl === null || driverUrl === undefined) throw new Error(`${domain} does not run`);
  return { ...instance, databaseUrl, driverUrl };
}
