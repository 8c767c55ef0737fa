import { createRandom } from './random.ts';
import type { Random } from './random.ts';

/** Is the longest that one input may occupy a parser. */
export const MAX_CASE_MS = 100;
const MORE_MEASUREMENTS = 3;
const SHOWN_CHARACTERS = 2_000;

/** Some parser under test, how to make inputs for it and what must hold of what it accepts. */
interface CampaignOptions<Input, Value> {
  readonly name: string;
  readonly cases: number;
  generate(random: Random): Input;
  /** Gives what the input says, null where it is refused; any error that leaves it is a fault. */
  parse(input: Input): Value | null;
  /** Throws where something does not hold of an accepted input: a second parse, another parser. */
  confirm(input: Input, value: Value): void;
  /** Throws where an input should not have been refused. */
  confirmRefused?(input: Input): void;
}

/** What came of a campaign. */
export interface Tally {
  readonly cases: number;
  readonly accepted: number;
  readonly refused: number;
  readonly slowestMs: number;
}

/** Tells the time in ms: that of the day, and that which this thread has worked. */
export interface Clocks {
  readonly wallMs: () => number;
  readonly workMs: () => number;
}

const REAL_CLOCKS: Clocks = {
  wallMs: () => performance.now(),
  workMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  },
};

/** A campaign that is ready to run; the same seed gives the same cases. */
export interface Campaign {
  readonly name: string;
  run(seed: number, clocks?: Clocks): Tally;
}

/** Says which case of which campaign brought which fault to light. */
export class FuzzFault extends Error {
  override readonly name = 'FuzzFault';

  constructor(where: string, input: unknown, cause: unknown) {
    super(`${where}: ${cause instanceof Error ? cause.message : String(cause)}\ninput: ${showInput(input)}`, { cause });
  }
}

/** Makes a campaign. It stops at the first fault with a {@link FuzzFault} that names seed, case and input. */
export function createCampaign<Input, Value>(options: CampaignOptions<Input, Value>): Campaign {
  return {
    name: options.name,
    run: (seed, clocks = REAL_CLOCKS) => withShortStacks(() => runCases(options, seed, clocks)),
  };
}

function runCases<Input, Value>(options: CampaignOptions<Input, Value>, seed: number, clocks: Clocks): Tally {
  const { name, cases } = options;
  const random = createRandom(seed, name);
  let [accepted, slowestMs] = [0, 0];
  for (let index = 0; index < cases; index += 1) {
    const input = options.generate(random);
    try {
      const { value, ms } = measure(() => options.parse(input), clocks);
      slowestMs = Math.max(slowestMs, ms);
      if (value === null) options.confirmRefused?.(input);
      else options.confirm(input, value);
      accepted += value === null ? 0 : 1;
    } catch (cause) {
      throw new FuzzFault(`${name}, seed ${seed}, case ${index}`, input, cause);
    }
  }
  return { cases, accepted, refused: cases - accepted, slowestMs };
}

/** Most cases end in an error, and most of the time of an error goes into its stack. */
function withShortStacks<Result>(run: () => Result): Result {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 3;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Runs a parser and times it; what seems slow is measured again by its own work, for the machine has other things to do as well. */
function measure<Value>(parse: () => Value, { wallMs, workMs }: Clocks): { readonly value: Value; readonly ms: number } {
  const timed = (clock: () => number): { value: Value; ms: number } => {
    const start = clock();
    const value = parse();
    return { value, ms: clock() - start };
  };
  let best = timed(wallMs);
  for (let left = MORE_MEASUREMENTS; best.ms > MAX_CASE_MS && left > 0; left -= 1) {
    const again = timed(workMs);
    if (again.ms < best.ms) best = again;
  }
  if (best.ms > MAX_CASE_MS) throw new Error(`took ${best.ms.toFixed(0)} ms`);
  return best;
}

function showInput(input: unknown): string {
  const text = JSON.stringify(showBytes(input)) ?? String(input);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)`;
}

function showBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return `base64 ${Buffer.from(value).toString('base64')}`;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, showBytes(member)])) : value;
}
