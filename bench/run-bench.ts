import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Benchmark, BenchmarkContext, Figure } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { MessageLostError } from './load/message-lost-error.ts';
import { DEFAULT_WORKLOAD, MAX_CALLS_PER_REQUEST } from './load/workload.ts';
import { formatTable } from './report/format-table.ts';
import { lookAtMachine } from './report/machine.ts';
import { writeResult } from './report/write-result.ts';

/** Exit codes of every command of the product. */
const EXIT = { good: 0, bad: 1, usage: 2, ownFault: 3, interrupted: 130 } as const;

interface Wish {
  readonly benchmarks: readonly Benchmark[];
  readonly json: boolean;
  readonly context: Omit<BenchmarkContext, 'log' | 'signal'>;
}

/** Runs the benchmarks that the arguments name, all without a name; gives the exit code. */
export async function runBench(args: readonly string[]): Promise<number> {
  const wish = parseArguments(args);
  if (typeof wish === 'number') return wish;
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Error('interrupted'));
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await runAll(wish, { ...wish.context, log: createLog(), signal: interruption.signal });
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted;
    process.stderr.write(`error: ${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.ownFault;
  }
}

async function runAll({ benchmarks, json }: Wish, context: BenchmarkContext): Promise<number> {
  const results: Record<string, Readonly<Record<string, Figure>>> = {};
  let exitCode: number = EXIT.good;
  for (const { name, summary, run } of benchmarks) {
    context.signal.throwIfAborted();
    context.log(`${name}: ${summary}`);
    const startedAt = new Date();
    const machine = lookAtMachine();
    const outcome = await run(context).catch((error: unknown) => {
      // Without the lost message there are no figures to speak of: the fault is what is kept.
      if (error instanceof MessageLostError) return { figures: {}, faults: [error.message], postgres: '' };
      throw error;
    });
    const file = await writeResult({ name, startedAt, place: machine.describe(outcome.postgres), context, outcome });
    context.log(`${name} took ${Math.round((Date.now() - startedAt.getTime()) / 1_000)} s; ${file}`);
    for (const fault of outcome.faults) process.stderr.write(`FAULT ${name}: ${fault}\n`);
    if (outcome.faults.length > 0) exitCode = EXIT.bad;
    results[name] = outcome.figures;
    if (!json) process.stdout.write(`${formatTable(name, outcome.figures)}\n\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(results)}\n`);
  return exitCode;
}

interface Flags {
  readonly json: boolean;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly setting: Readonly<Record<string, string>>;
  readonly inFlight: number;
  readonly calls: number;
}

function parseArguments(args: readonly string[]): Wish | number {
  const names = BENCHMARKS.map(({ name }) => name);
  const program = new Command('npm run bench --')
    .description('Measures real servers over TLS on loopback, each with its own PostgreSQL. Results are kept in bench/results/.')
    .argument('[name...]', `which: ${names.join(', ')}; all without a name`)
    .option('--json', 'print one JSON object by name instead of tables', false)
    .option('--quick', 'a tenth of the counts', false)
    .option('--profile', 'sample the CPU of the servers meanwhile and sum it up', false)
    .addOption(new Option('--setting <name=value>', 'a setting of every server; repeatable').argParser(parseSetting).default({}, 'as shipped'))
    .addOption(new Option('--in-flight <n>', 'requests that a sender has under way').argParser(countUpTo(1_000)).default(DEFAULT_WORKLOAD.requestsInFlight))
    .addOption(new Option('--calls <n>', 'calls that share a request').argParser(countUpTo(MAX_CALLS_PER_REQUEST)).default(DEFAULT_WORKLOAD.callsPerRequest))
    .exitOverride();
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
    throw error;
  }
  const { json, quick, profile, setting, inFlight, calls } = program.opts<Flags>();
  const unknown = program.args.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`error: there is no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}\n`);
    return EXIT.usage;
  }
  const benchmarks = BENCHMARKS.filter(({ name }) => program.args.length === 0 || program.args.includes(name));
  return { benchmarks, json, context: { quick, profile, settings: setting, workload: { requestsInFlight: inFlight, callsPerRequest: calls } } };
}

function parseSetting(text: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It is of the form NAME=value.');
  return { ...before, [name]: value };
}

function countUpTo(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > most) throw new InvalidArgumentError(`It is a whole number from 1 to ${most}.`);
    return count;
  };
}

/** Tells progress on standard error, with the seconds since the start. */
function createLog(): (line: string) => void {
  const startedMs = performance.now();
  return (line) => void process.stderr.write(`[${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s] ${line}\n`);
}
