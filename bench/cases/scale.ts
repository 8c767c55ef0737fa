import type { Benchmark, BenchmarkContext, BenchmarkOutcome, Figure } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import { openPairs, RECEIVING_DOMAIN, SENDING_DOMAIN } from '../ground/open-pairs.ts';
import { limitFigures, measureLimits } from '../limits/measure-limits.ts';
import { openArrivals } from '../load/arrivals.ts';
import { createMessageMaker } from '../load/message-maker.ts';
import { startSyntheticPeer } from '../peer/synthetic-peer.ts';
import type { AimedPeer } from '../peer/synthetic-peer.ts';
import { median, round } from '../statistics.ts';
import { compare } from '../store/exactly-once.ts';
import { growConversations, growHistory, growMembers } from '../store/grow-store.ts';
import { openBenchDatabase } from '../store/stored-messages.ts';
import type { BenchDatabase } from '../store/stored-messages.ts';
import { probe } from './probe.ts';

const PEER = 'c.test';
const WRITER = `carol@${PEER}`;
const PROBES = 300;
const HISTORY = [1_000, 10_000, 100_000, 1_000_000];
const CONVERSATIONS = [10, 100, 1_000, 10_000];
const MEMBERS = [2, 16, 64, 256];

/** Measures whether the cost of a message grows with what is stored. */
export const scale: Benchmark = {
  name: 'scale',
  summary: 'send and inbound medians at 10³ to 10⁶ stored messages, 10 to 10 000 conversations, 2 to 256 participants',
  run,
};

async function run(context: BenchmarkContext): Promise<BenchmarkOutcome> {
  const { log, signal } = context;
  await using peer = await startSyntheticPeer(PEER);
  await using ground = await startBenchGround([SENDING_DOMAIN, RECEIVING_DOMAIN], { ...context, peers: [peer.place] });
  const [from, to] = [await ground.instance(SENDING_DOMAIN), await ground.instance(RECEIVING_DOMAIN)];
  const limits = await measureLimits(ground, to, context);
  const [pair, group] = await openPairs(ground, 2);
  if (pair === undefined || group === undefined) throw new Error('there is no conversation');
  const aimed = await peer.aim(ground, to);
  const foreign = await aimed.found(WRITER, [pair.receiver.userId]);
  await using here = await openBenchDatabase(from.databaseUrl);
  await using there = await openBenchDatabase(to.databaseUrl);
  const databases = [here, there];
  const arrivals = await openArrivals([pair.receiver, group.receiver]);
  const sent = new Map<string, string[]>([pair, group].map(({ conversationId }) => [conversationId, []]));
  const count = scaled(PROBES, context);
  const look = async (conversation: typeof pair): Promise<Record<string, number>> => {
    const ids = sent.get(conversation.conversationId) ?? [];
    const seen = await probe(conversation, { arrivals, count, sent: ids, signal });
    return { ...seen, inboundP50Ms: await inboundMedian(aimed, { conversationId: foreign, destination: to.domain, count }) };
  };
  const overSizes = async (sizes: readonly number[], grow: (from: number, to: number) => Promise<void>, conversation: typeof pair) => {
    const rows: Record<string, number>[] = [];
    let size = sizes === MEMBERS ? 2 : 1;
    for (const next of sizes) {
      log(`growing from ${size} to ${next} …`);
      if (next > size) await grow(size, next);
      size = next;
      rows.push({ size, ...(await look(conversation)) });
    }
    return rows;
  };
  const each = (work: (database: BenchDatabase) => Promise<void>) => async (): Promise<void> => void (await Promise.all(databases.map(work)));
  await look(pair);
  log('members …');
  const members = await overSizes(MEMBERS, (size, next) => each((database) => growMembers(database, group.conversationId, { domain: RECEIVING_DOMAIN, count: next - size }))(), group);
  log('conversations …');
  const conversations = await overSizes(scaledSizes(CONVERSATIONS, context), (size, next) => each((database) => growConversations(database, pair.conversationId, next - size))(), pair);
  log('stored messages …');
  const history = await overSizes(scaledSizes(HISTORY, context), async (size, next) => {
    await each((database) => growHistory(database, pair.conversationId, next - size))();
    await growHistory(there, foreign, next - size);
  }, pair);
  arrivals.close();
  const stored = await there.messages([...sent.keys()]);
  const faults = [...sent].flatMap(([id, ids]) => {
    const known = new Set(ids);
    return compare(ids, (stored.get(id) ?? []).filter(({ messageId }) => known.has(messageId)), `${RECEIVING_DOMAIN} in ${id}`);
  });
  return {
    figures: { growth: { storedMessages: growth(history), conversations: growth(conversations), participants: growth(members) }, storedMessages: history, conversations, participants: members, limits: limitFigures(limits) },
    faults,
    postgres: await there.version(),
  };
}

/** A quick run leaves the largest size out. */
function scaledSizes(sizes: readonly number[], { quick }: BenchmarkContext): readonly number[] {
  return quick ? sizes.slice(0, -1) : sizes;
}

/** Compares the largest size with the smallest: 1 is no growth. */
function growth(rows: readonly Record<string, number>[]): Figure {
  const [first = {}, last = {}] = [rows[0], rows.at(-1)];
  return Object.fromEntries(['sendP50Ms', 'arrivalP50Ms', 'inboundP50Ms'].map((name) => [name, round((last[name] ?? Number.NaN) / (first[name] ?? Number.NaN), 2)]));
}

async function inboundMedian(aimed: AimedPeer, { conversationId, destination, count }: { readonly conversationId: string; readonly destination: string; readonly count: number }): Promise<number> {
  const make = createMessageMaker({ conversationId, senderId: WRITER });
  const samplesMs: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const call = aimed.sign('/federation/v1/messages', { ...make(), senderId: WRITER, recipientServerDomain: destination });
    const pause = new Promise((resolve) => setTimeout(resolve, 15));
    const startedAtMs = performance.now();
    const { status, body } = await aimed.send(call);
    samplesMs.push(performance.now() - startedAtMs);
    if (status !== 202) throw new Error(`a message was refused: ${status} ${body.slice(0, 300)}`);
    await pause;
  }
  return round(median(samplesMs), 2);
}
