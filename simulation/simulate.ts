import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { openPostgresGround } from './postgres-ground.ts';
import { runSeed } from './run-seed.ts';
import type { SeedReport } from './run-seed.ts';

interface SimulateOptions {
  readonly seeds: number;
  readonly messages: number;
  readonly from: number;
  readonly seed?: number;
  readonly json?: boolean;
  readonly trail?: string;
}

const GOOD = 0;
const BAD = 1;
const USAGE = 2;
const OWN_FAULT = 3;
const SHOWN_VIOLATIONS = 10;
const SHOWN_LINES = 60;

/** Runs the checker as a command: gives 0 where nothing was found, 1 where something was, 2 for wrong words, 3 for a fault of its own. */
export async function simulate(words: readonly string[]): Promise<number> {
  const options = readOptions(words);
  if (typeof options === 'number') return options;
  const { json = false, seed } = options;
  const seeds = seed === undefined ? Array.from({ length: options.seeds }, (_, index) => options.from + index) : [seed];
  const reports: SeedReport[] = [];
  const ground = await openPostgresGround();
  try {
    for (const each of seeds) {
      const report = await runSeed({ seed: each, messages: options.messages, ground });
      reports.push(report);
      if (!json) print(report, options);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return OWN_FAULT;
  } finally {
    await ground.close();
  }
  const failed = reports.filter(({ violations }) => violations.length > 0);
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0);
  if (json) say(JSON.stringify({ seeds: reports.length, failed: failed.length, seconds, reports: reports.map(({ trail: _trail, ...report }) => report) }));
  else say(`${reports.length} seeds, ${failed.length} failed${failed.length === 0 ? '' : `: ${failed.map((report) => report.seed).join(' ')}`}, ${seconds.toFixed(1)} s`);
  return failed.length === 0 ? GOOD : BAD;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readOptions(words: readonly string[]): SimulateOptions | number {
  const command = new Command('simulate')
    .description('Run real servers under faults and look for loss, duplicates, reorder, phantoms and disagreement.')
    .option('--seeds <count>', 'how many seeds to run', readCount, 20)
    .option('--messages <count>', 'how many messages each run sends', readCount, 2_000)
    .option('--from <seed>', 'the first seed', readCount, 1)
    .option('--seed <seed>', 'run this one alone', readCount)
    .option('--trail <messageId>', 'print what happened to this message, or to the world with "world"')
    .option('--json', 'print one JSON object at the end')
    .exitOverride();
  try {
    return command.parse(words, { from: 'user' }).opts<SimulateOptions>();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? GOOD : USAGE;
    throw error;
  }
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0) throw new InvalidArgumentError('It is a whole number.');
  return count;
}

function print(report: SeedReport, options: SimulateOptions): void {
  const { seed, violations, trail } = report;
  const verdict = violations.length === 0 ? 'ok  ' : 'FAIL';
  say(
    `seed ${seed} ${verdict} ${report.messages} messages, ${report.acknowledged} acknowledged, ${report.domains} domains × ${report.processes}, ${report.faults} faults, ${report.virtualSeconds} s in ${report.seconds.toFixed(1)} s`,
  );
  if (options.trail !== undefined) for (const line of options.trail === 'world' ? trail.ofWorld() : trail.of(options.trail)) say(line);
  if (violations.length === 0) return;
  say(`  replay: npm run simulate -- --seed ${seed} --messages ${options.messages}`);
  for (const { kind, text } of violations.slice(0, SHOWN_VIOLATIONS)) say(`  ${kind}: ${text}`);
  if (violations.length > SHOWN_VIOLATIONS) say(`  and ${violations.length - SHOWN_VIOLATIONS} more`);
  const concerned = violations.find(({ messageId }) => messageId !== null)?.messageId ?? null;
  if (concerned === null) return;
  say(`  what happened around ${concerned}:`);
  for (const line of trail.of(concerned).slice(0, SHOWN_LINES)) say(`  ${line}`);
}
