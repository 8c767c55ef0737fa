import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkContext, BenchmarkOutcome, Figure } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import type { BenchGround } from '../ground/bench-ground.ts';
import type { Conversation } from '../ground/conversation.ts';
import { openPairs, RECEIVING_DOMAIN, SENDING_DOMAIN } from '../ground/open-pairs.ts';
import { openArrivals } from '../load/arrivals.ts';
import type { Arrivals } from '../load/arrivals.ts';
import { sendAll } from '../load/send-all.ts';
import { startSilentPeer } from '../peer/silent-peer.ts';
import { readMemory, watchCpu } from '../profile/process-usage.ts';
import { round } from '../statistics.ts';
import { compare } from '../store/exactly-once.ts';
import { countTriedDead, forgetTheDead, queueForTheDead, SILENT_DOMAIN } from '../store/grow-store.ts';
import { openBenchDatabase, waitForMessages } from '../store/stored-messages.ts';
import { probe } from './probe.ts';

const PAIRS = 10;
const MESSAGES = 20_000;
const IDLE_MS = 10_000;
const DEAD_DELIVERIES = 1_000_000;
const DEAD_DESTINATIONS = 10_000;
const LIVE_MS = 30_000;
/** Longer than the server takes to find what nobody told it of, by far. */
const DEAD_MS = 120_000;
const PATIENCE_MS = 120_000;

/** Measures memory: idle, under load, and with a million deliveries queued for domains that are no more; and cold start. */
export const memory: Benchmark = {
  name: 'memory',
  summary: 'idle and peak memory of a server, cold start, and 10⁶ deliveries queued for 10⁴ dead domains',
  run,
};

async function run(context: BenchmarkContext): Promise<BenchmarkOutcome> {
  const { log, signal, workload } = context;
  await using silent = await startSilentPeer(SILENT_DOMAIN);
  await using ground = await startBenchGround([SENDING_DOMAIN, RECEIVING_DOMAIN], { ...context, peers: [silent.place] });
  const conversations = await openPairs(ground, PAIRS);
  const [pair] = conversations;
  if (pair === undefined) throw new Error('there is no conversation');
  log('starting both servers again …');
  const coldStartSeconds = await coldStart(ground, SENDING_DOMAIN);
  await coldStart(ground, RECEIVING_DOMAIN);
  const [from, to] = [await ground.instance(SENDING_DOMAIN), await ground.instance(RECEIVING_DOMAIN)];
  await delay(IDLE_MS, undefined, { signal });
  const idle = { sender: figure(from.pid), receiver: figure(to.pid) };
  await using receiver = await openBenchDatabase(to.databaseUrl);
  const arrivals = await openArrivals(conversations.map((one) => one.receiver));
  log('under load …');
  const load = await sendAll({ conversations, count: scaled(MESSAGES, context), workload, signal });
  await waitForMessages(receiver, load.calledAtMs.size, { patienceMs: PATIENCE_MS, signal });
  const loaded = { sender: figure(from.pid), receiver: figure(to.pid) };
  const sent = [...(load.byConversation.get(pair.conversationId) ?? [])];
  const dead = await liveAmongDead(ground, pair, { arrivals, sent, context });
  arrivals.close();
  const stored = await receiver.messages([...load.byConversation.keys()]);
  const wanted = new Map([...load.byConversation, [pair.conversationId, sent]]);
  return {
    figures: { coldStartSeconds, idle, loaded, dead, messages: load.calledAtMs.size },
    faults: [...wanted].flatMap(([id, ids]) => compare(ids, stored.get(id) ?? [], `${RECEIVING_DOMAIN} in ${id}`)),
    postgres: await receiver.version(),
  };
}

interface Live {
  readonly arrivals: Arrivals;
  readonly sent: string[];
  readonly context: BenchmarkContext;
}

/** Measures how a live peer fares without the dead, among them, after a restart among them, and without them again. */
async function liveAmongDead(ground: BenchGround, pair: Conversation, { arrivals, sent, context }: Live): Promise<Figure> {
  const { log, signal } = context;
  const [deliveries, destinations] = [scaled(DEAD_DELIVERIES, context), scaled(DEAD_DESTINATIONS, context)];
  const look = async (durationMs: number): Promise<Figure> => {
    const { pid, ...instance } = await ground.instance(SENDING_DOMAIN);
    await resetPeak(pid);
    const cpu = watchCpu([{ ...instance, pid }]);
    const live = await probe(pair, { arrivals, sent, signal, durationMs: scaled(durationMs, context) });
    return { ...live, cpuUsPerMessage: cpu(live.count), sender: figure(pid) };
  };
  log('a live peer …');
  const before = await look(LIVE_MS);
  log(`queueing ${deliveries} deliveries for ${destinations} dead domains …`);
  const found = await withSender(ground, async (sender) => {
    await queueForTheDead(sender, { conversationId: pair.conversationId, deliveries, destinations });
    log('a live peer among the dead …');
    const during = await look(DEAD_MS);
    return { during, tried: await countTriedDead(sender), stillQueued: await sender.countQueued() };
  });
  log('starting the sender again …');
  const coldStartSeconds = await coldStart(ground, SENDING_DOMAIN);
  const restarted = await look(DEAD_MS / 2);
  await withSender(ground, forgetTheDead);
  log('a live peer without the dead …');
  return { deliveries, destinations, ...found, coldStartSeconds, restarted, before, after: await look(LIVE_MS) };
}

async function withSender<Result>(ground: BenchGround, work: (sender: Awaited<ReturnType<typeof openBenchDatabase>>) => Promise<Result>): Promise<Result> {
  await using sender = await openBenchDatabase((await ground.instance(SENDING_DOMAIN)).databaseUrl);
  return await work(sender);
}

/** Measures from the start of the process until it is ready, on data that is there; the driver's part is none of it. */
async function coldStart({ playground }: BenchGround, domain: string): Promise<number> {
  await playground.kill(domain, 'SIGTERM');
  const startedAtMs = performance.now();
  await playground.restart(domain);
  return round((performance.now() - startedAtMs) / 1_000, 2);
}

function figure(pid: number): Figure {
  const found = readMemory(pid);
  return found === null ? null : { ...found };
}

/** Lets the peak begin anew (proc(5), clear_refs); where that cannot be done it stays what it was. */
async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined);
}
