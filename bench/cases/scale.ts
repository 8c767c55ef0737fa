import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkContext, BenchmarkOutcome, Figure } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import { RECEIVING_DOMAIN, SENDING_DOMAIN } from '../ground/open-pairs.ts';
import { limitFigures, measureLimits } from '../limits/measure-limits.ts';
import { startSyntheticPeer } from '../peer/synthetic-peer.ts';
import { median, round } from '../statistics.ts';
import { openScaleSide } from './scale-side.ts';
import type { Sample, ScaleSide, Way } from './scale-side.ts';

const PEER = 'c.test';
/** Two servers that stay small, beside the two that grow. */
const SMALL = { from: 'd.test', to: 'e.test' };
const LARGE = { from: SENDING_DOMAIN, to: RECEIVING_DOMAIN };
const SAMPLES = 300;
const WARM_UP = 40;
const PAUSE_MS = 15;
const MEASURES = ['sendMs', 'arrivalMs', 'inboundMs'] as const;
/** In this order: each begins with what those before have left, stored messages last and on top of all. */
const DIMENSIONS = ['participants', 'conversations', 'storedMessages'] as const;
const SIZES = {
  participants: [2, 16, 64, 256],
  conversations: [10, 100, 1_000, 10_000],
  storedMessages: [1_000, 10_000, 100_000, 1_000_000],
} as const;

/** Measures whether the cost of a message grows with what is stored. */
export const scale: Benchmark = {
  name: 'scale',
  summary: 'send and inbound medians at 10³ to 10⁶ stored messages, 10 to 10 000 conversations, 2 to 256 participants',
  run,
};

async function run(context: BenchmarkContext): Promise<BenchmarkOutcome> {
  const { signal } = context;
  await using peer = await startSyntheticPeer(PEER);
  await using ground = await startBenchGround([LARGE.from, LARGE.to, SMALL.from, SMALL.to], { ...context, peers: [peer.place] });
  const limits = await measureLimits(ground, await ground.instance(LARGE.to), context);
  await using small = await openScaleSide(ground, { ...SMALL, peer, signal });
  await using large = await openScaleSide(ground, { ...LARGE, peer, signal });
  for (const side of [small, large]) {
    // What history is copied from.
    await side.plain.once();
    await side.grow.conversations(SIZES.conversations[0]);
    await side.grow.storedMessages(SIZES.storedMessages[0]);
  }
  const rows: Record<string, readonly SizeRow[]> = {};
  for (const dimension of DIMENSIONS) rows[dimension] = await measureSizes(dimension, { small, large, context });
  return {
    figures: {
      growth: Object.fromEntries(Object.entries(rows).map(([name, measured]) => [name, growthOf(measured)])),
      ...rows,
      stored: { small: await small.countMessages(), large: await large.countMessages() },
      limits: limitFigures(limits),
    },
    faults: [...(await small.findFaults()), ...(await large.findFaults())],
    postgres: await large.version(),
  };
}

type SizeRow = Readonly<Record<string, number>>;

/** Lets the large servers grow step by step and compares them with the small ones at each; a quick run leaves the largest size out. */
async function measureSizes(
  dimension: (typeof DIMENSIONS)[number],
  { small, large, context }: { readonly small: ScaleSide; readonly large: ScaleSide; readonly context: BenchmarkContext },
): Promise<readonly SizeRow[]> {
  const { quick, log, signal } = context;
  const wayOf = ({ plain, group }: ScaleSide): Way => (dimension === 'participants' ? group : plain);
  const rows: SizeRow[] = [];
  for (const size of SIZES[dimension].slice(0, quick ? -1 : undefined)) {
    log(`${dimension}: ${size} …`);
    await large.grow[dimension](size);
    await Promise.all([small.settle(), large.settle()]);
    rows.push({ size, ...(await compareWays([wayOf(small), wayOf(large)], { count: scaled(SAMPLES, context), signal })) });
  }
  return rows;
}

/** Sends on both ways in turns, so that whatever else happens on the machine happens to both; gives the medians and the ratios of the second to the first. */
async function compareWays(ways: readonly [Way, Way], { count, signal }: { readonly count: number; readonly signal: AbortSignal }): Promise<SizeRow> {
  const samples: readonly [Sample[], Sample[]] = [[], []];
  for (let index = -WARM_UP; index < count; index += 1) {
    for (const turn of index % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const sample = await ways[turn].once();
      if (index >= 0) samples[turn].push(sample);
      await delay(PAUSE_MS, undefined, { signal });
    }
  }
  const [small, large] = samples;
  const medianOf = (all: readonly Sample[], name: keyof Sample): number => median(all.map((sample) => sample[name]));
  return Object.fromEntries(
    MEASURES.flatMap((name) => [
      [`${name.slice(0, -2)}P50Ms`, round(medianOf(large, name), 2)],
      [`${name.slice(0, -2)}Ratio`, round(medianOf(large, name) / medianOf(small, name), 3)],
    ]),
  );
}

/** The largest size against the smallest, as both were measured in the same minute: 1 is no growth. */
function growthOf(rows: readonly SizeRow[]): Figure {
  const last = rows.at(-1);
  return { send: last?.['sendRatio'] ?? null, arrival: last?.['arrivalRatio'] ?? null, inbound: last?.['inboundRatio'] ?? null };
}
