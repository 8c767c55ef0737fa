import { mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DemoDescriptor } from '../../conformance/launcher/descriptor.ts';
import type { PeerPlace } from '../../conformance/launcher/places.ts';
import { startPlayground } from '../../conformance/launcher/playground.ts';
import type { Playground } from '../../conformance/launcher/playground.ts';
import type { BenchmarkContext } from '../benchmark.ts';

/** One instance of the ground, as it runs now. */
export interface BenchInstance {
  readonly domain: string;
  readonly url: string;
  readonly s2s: { readonly host: string; readonly port: number };
  readonly databaseUrl: string;
  readonly logFile: string;
  readonly pid: number;
}

/** Server processes over TLS on loopback, each with its own embedded PostgreSQL; ends with the block that holds it. */
export interface BenchGround extends AsyncDisposable {
  readonly playground: Playground;
  readonly directory: string;
  descriptor(): Promise<DemoDescriptor>;
  instance(domain: string): Promise<BenchInstance>;
}

/** One place for all runs: two at once would measure each other, and a run ends what a killed one left behind. */
const DIRECTORY = resolve(import.meta.dirname, '../../node_modules/.cache/securechat-bench');
const FIRST_WEB_PORT = 28_001;
const FIRST_S2S_PORT = 28_201;

/**
 * Starts the servers of these domains with their settings as the product ships them, but for those of the context.
 * SECURECHAT_TEST_BUILD=off takes the pages as they are.
 */
export async function startBenchGround(
  domains: readonly string[],
  context: Pick<BenchmarkContext, 'log' | 'signal' | 'settings'> & { readonly inspect?: boolean; readonly peers?: readonly PeerPlace[] },
): Promise<BenchGround> {
  const { log, signal, settings, inspect = false, peers = [] } = context;
  await mkdir(dirname(DIRECTORY), { recursive: true });
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const node = [process.execPath, ...(inspect ? ['--inspect=127.0.0.1:0'] : [])];
  const playground = await startPlayground({
    domains,
    peers,
    directory: DIRECTORY,
    log,
    signal,
    // The launcher keeps the shell's settings away from its servers; `env` runs the command in its own place.
    serverCommand: ['/usr/bin/env', ...assignments, ...node, 'server/main.ts'],
    firstWebPort: FIRST_WEB_PORT,
    firstS2sPort: FIRST_S2S_PORT,
    ...(process.env['SECURECHAT_TEST_BUILD'] === 'off' ? { buildCommand: null } : {}),
  });
  return {
    playground,
    directory: DIRECTORY,
    descriptor: () => playground.descriptor(),
    instance: async (domain) => instanceOf(await playground.descriptor(), domain),
    [Symbol.asyncDispose]: () => playground[Symbol.asyncDispose](),
  };
}

/** Finds where the inspector of an instance listens, which was started with one; throws where it was not. */
export async function findInspector({ logFile, domain }: BenchInstance): Promise<string> {
  const found = [...(await readFile(logFile, 'utf8')).matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)?.[1];
  if (found === undefined) throw new Error(`${domain} runs without an inspector`);
  return found;
}

function instanceOf({ instances }: DemoDescriptor, domain: string): BenchInstance {
  const instance = instances.find((candidate) => candidate.domain === domain);
  const databaseUrl = instance?.databaseUrl ?? null;
  if (instance === undefined || databaseUrl === null) throw new Error(`${domain} does not run`);
  return { ...instance, databaseUrl };
}
