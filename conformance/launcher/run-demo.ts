import { resolve } from 'node:path';

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';

import { parseDomains, parsePeer, requireDistinct, UsageError } from './places.ts';
import type { PeerPlace } from './places.ts';
import { PlaygroundError } from './playground-error.ts';
import { startPlayground } from './playground.ts';
import type { PlaygroundOptions } from './playground-options.ts';
import type { Playground } from './playground.ts';

/** Exit codes of every command of the product. */
const EXIT = { good: 0, usage: 2, ownFault: 3, interrupted: 130 } as const;

const PROJECT_ROOT = resolve(import.meta.dirname, '../..');

/** Runs the demo until it is interrupted; gives the exit code. Overrides replace parts of it for tests. */
export async function runDemo(args: readonly string[], overrides: Partial<PlaygroundOptions> = {}): Promise<number> {
  const parsed = parseArguments(args);
  if (parsed.kind === 'done') return parsed.exitCode;
  const interruption = listenForInterruption();
  const options = { ...parsed, directory: resolve(PROJECT_ROOT, '.demo'), log: createProgressLog(), signal: interruption.signal, ...overrides };
  try {
    const playground = await startPlayground(options);
    try {
      print(await invitation(playground));
      print('ready');
      await interruption.happened;
      options.log('stopping …');
    } finally {
      await playground[Symbol.asyncDispose]();
    }
  } catch (error) {
    if (!(error instanceof PlaygroundError) || error.code !== 'interrupted') return explainFailure(error);
  }
  return interruption.exitCode();
}

type ParsedArguments =
  | { readonly kind: 'done'; readonly exitCode: number }
  | { readonly kind: 'run'; readonly domains: readonly string[]; readonly peers: readonly PeerPlace[] };

function parseArguments(args: readonly string[]): ParsedArguments {
  const program = new Command('npm run demo --')
    .description('A playground on this machine: one SecureChat server per domain, with DNS and certificates of its own.')
    .addOption(
      new Option('--domains <list>', 'the domains, separated by commas')
        .argParser(argument(parseDomains))
        .default(['a.test', 'b.test'], 'a.test,b.test'),
    )
    .addOption(
      new Option('--peer <place>', 'a server that you run yourself: d.test=127.0.0.1:9443, or *.d.test=… for all names below; repeatable')
        .argParser((text: string, before: readonly PeerPlace[]) => [...before, argument(parsePeer)(text)])
        .default([], 'none'),
    )
    .allowExcessArguments(false)
    .exitOverride();
  try {
    const options = program.parse(args, { from: 'user' }).opts<{ domains: readonly string[]; peer: readonly PeerPlace[] }>();
    requireDistinct(options.domains, options.peer);
    return { kind: 'run', domains: options.domains, peers: options.peer };
  } catch (error) {
    if (error instanceof CommanderError) return { kind: 'done', exitCode: error.exitCode === 0 ? EXIT.good : EXIT.usage };
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return { kind: 'done', exitCode: EXIT.usage };
  }
}

/** Lets commander report what a parser refuses. */
function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error;
    }
  };
}

interface Interruption {
  readonly signal: AbortSignal;
  readonly happened: Promise<void>;
  exitCode(): number;
}

/** The first signal ends the demo; later ones change nothing, because npm sends each Ctrl-C a second time. */
function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const happened = Promise.withResolvers<void>();
  let exitCode: number = EXIT.good;
  const stop = (code: number): void => {
    if (controller.signal.aborted) return;
    exitCode = code;
    controller.abort(new PlaygroundError('interrupted', 'interrupted'));
    happened.resolve();
  };
  process.on('SIGINT', () => stop(EXIT.interrupted));
  process.on('SIGHUP', () => stop(EXIT.interrupted));
  process.on('SIGTERM', () => stop(EXIT.good));
  return { signal: controller.signal, happened: happened.promise, exitCode: () => exitCode };
}

function createProgressLog(): (line: string) => void {
  const startedMs = performance.now();
  return (line) => print(`${pc.dim(`[${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s]`)} ${line}`);
}

async function invitation(playground: Playground): Promise<string> {
  const { instances } = await playground.descriptor();
  const [first, second] = instances;
  const width = Math.max(...instances.map(({ domain }) => domain.length));
  const addresses = instances.map(({ domain, url }) => `  ${pc.bold(domain.padEnd(width))}  ${pc.cyan(url)}`);
  const hint =
    first === undefined || second === undefined
      ? 'Open it and register a name.'
      : `Open them in two browser windows, register alice on ${first.domain} and bob on ${second.domain}, and let alice write to bob@${second.domain}.`;
  return ['', ...addresses, '', `${hint} Ctrl-C ends everything.`].join('\n');
}

function explainFailure(error: unknown): number {
  if (!(error instanceof PlaygroundError)) {
    process.stderr.write(`${pc.red('error:')} ${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.ownFault;
  }
  process.stderr.write(`${pc.red('error:')} ${error.message}\n`);
  return error.code === 'already_running' || error.code === 'directory_in_use' ? EXIT.usage : EXIT.ownFault;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
