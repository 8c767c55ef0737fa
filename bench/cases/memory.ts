import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkContext, BenchmarkOutcome, Figure } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import { openPairs, RECEIVING_DOMAIN, SENDING_DOMAIN } from '../ground/open-pairs.ts';
import { openArrivals } from '../load/arrivals.ts';
import { sendAll } from '../load/send-all.ts';
import { readMemory } from '../profile/process-usage.ts';
import { round } from '../statistics.ts';
import { compare } from '../store/exactly-once.ts';
import { queueForTheDead } from '../store/grow-store.ts';
import { openBenchDatabase, waitForMessages } from '../store/stored-messages.ts';
import { probe } from './probe.ts';

const PAIRS = 10;
const MESSAGES = 20_000;
const IDLE_MS = 10_000;
const DEAD_DELIVERIES = 1_000_000;
const DEAD_DESTINATIONS = 10_000;
const DEAD_PROBES = 400;
const PATIENCE_MS = 120_000;

/** Measures memory: idle, under load, and with a million deliveries queued for domains that are no more; and cold start. */
export const memory: Benchmark = {
  name: 'memory',
  summary: 'idle and peak memory of a server, cold start, and 10⁶ deliveries queued for 10⁴ dead domains',
  run,
};

async function run(context: BenchmarkContext): Promise<BenchmarkOutcome> {
  const { log, signal, workload } = context;
  await using ground = await startBenchGround([SENDING_DOMAIN, RECEIVING_DOMAIN], context);
  const conversations = await openPairs(ground, PAIRS);
  const [pair] = conversations;
  if (pair === undefined) throw new Error('there is no conversation');
  log('starting both servers again …');
  const coldStartSeconds = await coldStart(() => ground.playground.kill(SENDING_DOMAIN, 'SIGTERM'), () => ground.playground.restart(SENDING_DOMAIN));
  await coldStart(() => ground.playground.kill(RECEIVING_DOMAIN, 'SIGTERM'), () => ground.playground.restart(RECEIVING_DOMAIN));
  const [from, to] = [await ground.instance(SENDING_DOMAIN), await ground.instance(RECEIVING_DOMAIN)];
  await delay(IDLE_MS, undefined, { signal });
  const idle = { sender: figure(from.pid), receiver: figure(to.pid) };
  await using sender = await openBenchDatabase(from.databaseUrl);
  await using receiver = await openBenchDatabase(to.databaseUrl);
  const arrivals = await openArrivals(conversations.map((one) => one.receiver));
  log('under load …');
  const load = await sendAll({ conversations, count: scaled(MESSAGES, context), workload, signal });
  await waitForMessages(receiver, load.calledAtMs.size, { patienceMs: PATIENCE_MS, signal });
  const loaded = { sender: figure(from.pid), receiver: figure(to.pid) };
  const sent = [...(load.byConversation.get(pair.conversationId) ?? [])];
  const before = await probe(pair, { arrivals, count: scaled(DEAD_PROBES, context), sent, signal });
  const [deliveries, destinations] = [scaled(DEAD_DELIVERIES, context), scaled(DEAD_DESTINATIONS, context)];
  log(`queueing ${deliveries} deliveries for ${destinations} dead domains …`);
  await resetPeak(from.pid);
  await queueForTheDead(sender, { deliveries, destinations });
  const during = await probe(pair, { arrivals, count: scaled(DEAD_PROBES, context), sent, signal });
  const queued = await sender.countQueued();
  const dead = { sender: figure(from.pid), deliveries, destinations, stillQueued: queued, livePeerBefore: { ...before }, livePeerDuring: { ...during } };
  arrivals.close();
  const stored = await receiver.messages([...load.byConversation.keys()]);
  const wanted = new Map([...load.byConversation, [pair.conversationId, sent]]);
  return {
    figures: { coldStartSeconds, idle, loaded, dead, messages: load.calledAtMs.size },
    faults: [...wanted].flatMap(([id, ids]) => compare(ids, stored.get(id) ?? [], `${RECEIVING_DOMAIN} in ${id}`)),
    postgres: await receiver.version(),
  };
}

/** Measures from the start of the process until it is ready, on data that is there; the driver's part is none of it. */
async function coldStart(stop: () => Promise<void>, start: () => Promise<void>): Promise<number> {
  await stop();
  const startedAtMs = performance.now();
  await start();
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
