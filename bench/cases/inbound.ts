import type { Benchmark, BenchmarkContext, BenchmarkOutcome, Figure } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import type { BenchInstance } from '../ground/bench-ground.ts';
import { RECEIVING_DOMAIN } from '../ground/open-pairs.ts';
import { registerPerson } from '../ground/person.ts';
import { limitFigures, measureLimits } from '../limits/measure-limits.ts';
import type { Limits } from '../limits/measure-limits.ts';
import { openArrivals } from '../load/arrivals.ts';
import { createMessageMaker } from '../load/message-maker.ts';
import { startSyntheticPeer } from '../peer/synthetic-peer.ts';
import type { AimedPeer, SignedCall } from '../peer/synthetic-peer.ts';
import { startCpuProfile } from '../profile/cpu-profiler.ts';
import { asFigure } from '../profile/profile-servers.ts';
import { watchCpu } from '../profile/process-usage.ts';
import { summarizeProfile } from '../profile/summarize-profile.ts';
import { perSecond, round, summarizeLatencies } from '../statistics.ts';
import { compare } from '../store/exactly-once.ts';
import { openBenchDatabase } from '../store/stored-messages.ts';
import type { BenchDatabase } from '../store/stored-messages.ts';
import { costFigures, watchDatabases } from '../store/watch-database.ts';

const PEER = 'c.test';
const WRITER = `carol@${PEER}`;
const MESSAGES = '/federation/v1/messages';
const BATCH = '/federation/v1/batch';
const CONVERSATIONS = 10;
const BATCHED = 20_000;
const SINGLES = 5_000;
const ITEMS_PER_BATCH = 100;
const BATCHES_IN_FLIGHT = 4;
const SINGLES_IN_FLIGHT = 32;
/** Requests of one kind that come first and are not counted, and those of the profile that comes after. */
const WARM_UP_SHARE = 10;
const PROFILED_SHARE = 4;

/** One origin sends more than the text allows it [API-10], so the rate is lifted here, and here alone. */
const UNLIMITED = { SECURECHAT_REQUESTS_PER_SECOND: '100000' };

/** Measures one server alone: signed batches of 100 and single messages from a peer that is none of ours. */
export const inbound: Benchmark = {
  name: 'inbound',
  summary: 'signed batches and single messages a second into one server, and where its time goes',
  run,
};

async function run(context: BenchmarkContext): Promise<BenchmarkOutcome> {
  await using peer = await startSyntheticPeer(PEER);
  const settings = { ...UNLIMITED, ...context.settings };
  await using ground = await startBenchGround([RECEIVING_DOMAIN], { ...context, settings, peers: [peer.place], inspect: true });
  const instance = await ground.instance(RECEIVING_DOMAIN);
  const limits = await measureLimits(ground, instance, context);
  const aimed = await peer.aim(ground, instance);
  const reader = await registerPerson(instance.url, 'reader');
  reader.chat.close();
  const arrivals = await openArrivals([reader]);
  const writers: { readonly conversationId: string; readonly make: () => object & { readonly messageId: string } }[] = [];
  for (let index = 0; index < CONVERSATIONS; index += 1) {
    const conversationId = await aimed.found(WRITER, [reader.userId]);
    writers.push({ conversationId, make: createMessageMaker({ conversationId, senderId: WRITER }) });
  }
  const sent = new Map<string, string[]>(writers.map(({ conversationId }) => [conversationId, []]));
  let turn = 0;
  const nextBody = (): object => {
    const writer = writers[(turn += 1) % writers.length];
    if (writer === undefined) throw new Error('there is no conversation');
    const message = writer.make();
    sent.get(writer.conversationId)?.push(message.messageId);
    return { ...message, senderId: WRITER, recipientServerDomain: instance.domain };
  };
  await using database = await openBenchDatabase(instance.databaseUrl);
  const shared = { aimed, instance, database, nextBody, log: context.log };
  const batches = await measure({ ...shared, kind: 'batches', messages: scaled(BATCHED, context), perCall: ITEMS_PER_BATCH, inFlight: BATCHES_IN_FLIGHT });
  const singles = await measure({ ...shared, kind: 'singles', messages: scaled(SINGLES, context), perCall: 1, inFlight: SINGLES_IN_FLIGHT });
  const stored = await database.messages([...sent.keys()]);
  arrivals.close();
  const faults = [...sent].flatMap(([conversationId, ids]) => compare(ids, stored.get(conversationId) ?? [], `${instance.domain} in ${conversationId}`));
  return {
    figures: {
      batches: { ...batches, ...compareBatches(batches.messagesPerSecond, limits) },
      singles: { ...singles, ...compareSingles(singles.messagesPerSecond, limits) },
      messagesPerSecond: batches.messagesPerSecond,
      ratioToLimit: compareBatches(batches.messagesPerSecond, limits).ratioToLimit,
      eventsDoubled: arrivals.doubles(),
      settings,
      limits: limitFigures(limits),
    },
    faults,
    postgres: await database.version(),
  };
}

/** One signature stands for 100 messages, so the slower of the two limits is usually that of the inserts. */
function compareBatches(messagesPerSecond: number, { ed25519, inserts }: Limits) {
  const limit = Math.min(ed25519.verificationsPerSecond * ITEMS_PER_BATCH, inserts.rowsPerSecond);
  return { limitPerSecond: limit, ratioToLimit: round(messagesPerSecond / limit, 3) };
}

function compareSingles(messagesPerSecond: number, { https, ed25519, inserts }: Limits) {
  const limit = Math.min(https.requestsPerSecond, ed25519.verificationsPerSecond, inserts.singlesPerSecond);
  return { limitPerSecond: limit, ratioToLimit: round(messagesPerSecond / limit, 3) };
}

interface Flood {
  readonly aimed: AimedPeer;
  readonly instance: BenchInstance;
  readonly database: BenchDatabase;
  readonly nextBody: () => object;
  readonly log: (line: string) => void;
  readonly kind: string;
  readonly messages: number;
  readonly perCall: number;
  readonly inFlight: number;
}

/** Sends once for warmth, once for the figures and once more under the profiler; what is sent is made and signed before. */
async function measure(options: Flood) {
  const { instance, database, messages, log, kind } = options;
  await flood(options, sign(options, messages / WARM_UP_SHARE));
  const calls = sign(options, messages);
  log(`${kind}: sending ${messages} messages …`);
  const databases = await watchDatabases({ [instance.domain]: database });
  const cpu = watchCpu([instance]);
  const startedAtMs = performance.now();
  const samplesMs = await flood(options, calls);
  const elapsedMs = performance.now() - startedAtMs;
  const cpuUsPerMessage = cpu(messages);
  const databasePerMessage = costFigures(await databases(messages));
  log(`${kind}: the same under the profiler …`);
  const profiled = sign(options, messages / PROFILED_SHARE);
  const profile = await startCpuProfile(instance);
  await flood(options, profiled);
  const serverTime: Figure = asFigure(summarizeProfile(await profile.stop(), profiled.length * options.perCall));
  return {
    messagesPerSecond: perSecond(messages, elapsedMs),
    requestsPerSecond: perSecond(calls.length, elapsedMs),
    messages,
    elapsedSeconds: round(elapsedMs / 1_000, 2),
    requests: { ...summarizeLatencies(samplesMs) },
    cpuUsPerMessage,
    databasePerMessage,
    serverTime,
  };
}

function sign({ aimed, nextBody, perCall }: Flood, messages: number): readonly SignedCall[] {
  return Array.from({ length: Math.ceil(messages / perCall) }, () => {
    if (perCall === 1) return aimed.sign(MESSAGES, nextBody());
    const items = Array.from({ length: perCall }, (_, index) => ({ id: String(index), method: 'POST', path: MESSAGES, body: nextBody() }));
    return aimed.sign(BATCH, { items });
  });
}

/** Sends all calls, so many at once, and gives how long each took; throws where one was not wholly accepted. */
async function flood({ aimed, inFlight, perCall }: Flood, calls: readonly SignedCall[]): Promise<readonly number[]> {
  const samplesMs: number[] = [];
  const waiting = calls.values();
  const work = async (): Promise<void> => {
    for (const call of waiting) {
      const startedAtMs = performance.now();
      const { status, body } = await aimed.send(call);
      samplesMs.push(performance.now() - startedAtMs);
      const accepted = perCall === 1 ? Number(status === 202) : (body.match(/"status":202/g) ?? []).length;
      if (accepted !== perCall) throw new Error(`${accepted} of ${perCall} messages were accepted: ${status} ${body.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return samplesMs;
}
