import type { BenchmarkContext, BenchmarkOutcome, Figure } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import { openPairs, RECEIVING_DOMAIN, SENDING_DOMAIN } from '../ground/open-pairs.ts';
import { limitFigures, measureLimits } from '../limits/measure-limits.ts';
import { openArrivals } from '../load/arrivals.ts';
import type { Arrivals } from '../load/arrivals.ts';
import { sendAll } from '../load/send-all.ts';
import type { SentLoad } from '../load/send-all.ts';
import { profileServers } from '../profile/profile-servers.ts';
import { watchCpu } from '../profile/process-usage.ts';
import { perSecond, round, summarizeLatencies } from '../statistics.ts';
import { findFaults } from '../store/exactly-once.ts';
import { openBenchDatabase, waitForMessages } from '../store/stored-messages.ts';
import { costFigures, watchDatabases } from '../store/watch-database.ts';

const PATIENCE_MS = 60_000;
/** Grows pools, compiles what is hot and fills caches; not counted. */
const WARM_UP_SHARE = 10;

/**
 * Sends `count` messages of 1 KiB from as many senders as pairs, each to a receiver on the other domain who is online,
 * and measures until the receivers' server has stored the last one.
 */
export async function runMeasuredFlow(context: BenchmarkContext, { pairs, count }: { readonly pairs: number; readonly count: number }): Promise<BenchmarkOutcome> {
  const { log, signal, workload } = context;
  const messages = scaled(count, context);
  await using ground = await startBenchGround([SENDING_DOMAIN, RECEIVING_DOMAIN], { ...context, inspect: context.profile });
  const [from, to] = [await ground.instance(SENDING_DOMAIN), await ground.instance(RECEIVING_DOMAIN)];
  const limits = await measureLimits(ground, to, context);
  log(`registering ${pairs} sender(s) and ${pairs} receiver(s) …`);
  const conversations = await openPairs(ground, pairs);
  await using sender = await openBenchDatabase(from.databaseUrl);
  await using receiver = await openBenchDatabase(to.databaseUrl);
  const arrivals = await openArrivals(conversations.flatMap((one) => [one.sender, one.receiver]));
  const warmUp = await sendAll({ conversations, count: Math.ceil(messages / WARM_UP_SHARE), workload, signal });
  await waitForMessages(receiver, warmUp.calledAtMs.size, { patienceMs: PATIENCE_MS, signal });
  log(`sending ${messages} messages …`);
  const databases = await watchDatabases({ [SENDING_DOMAIN]: sender, [RECEIVING_DOMAIN]: receiver });
  const profile = context.profile ? await profileServers([from, to]) : null;
  const cpu = watchCpu([from, to]);
  const load = await sendAll({ conversations, count: messages, workload, signal });
  log(`${SENDING_DOMAIN} has all after ${round((load.acknowledgedAtMs - load.startedAtMs) / 1_000, 1)} s, waiting for ${RECEIVING_DOMAIN} …`);
  const onCount = (stored: number): void => log(`${stored - warmUp.calledAtMs.size} of ${messages} stored on ${RECEIVING_DOMAIN}`);
  await waitForMessages(receiver, warmUp.calledAtMs.size + messages, { patienceMs: PATIENCE_MS, signal, onCount: throttled(onCount) });
  const storedAtMs = performance.now();
  const cpuUsPerMessage = cpu(messages);
  const profiles = (await profile?.stop(messages)) ?? {};
  await settle(arrivals, load);
  const databasePerMessage = costFigures(await databases(messages));
  arrivals.close();
  const faults = await findFaults({ sent: join(warmUp, load), sender, receiver });
  const elapsedMs = storedAtMs - load.startedAtMs;
  const messagesPerSecond = perSecond(messages, elapsedMs);
  return {
    figures: {
      messagesPerSecond,
      ratioToLimit: round(messagesPerSecond / limits.inserts.rowsPerSecond, 3),
      ratios: ratios(messagesPerSecond, limitFigures(limits)),
      ...latencies(arrivals, load),
      messages,
      pairs,
      elapsedSeconds: round(elapsedMs / 1_000, 2),
      acknowledgedPerSecond: perSecond(messages, load.acknowledgedAtMs - load.startedAtMs),
      requestsRepeated: load.repeats,
      eventsDoubled: arrivals.doubles(),
      cpuUsPerMessage,
      databasePerMessage,
      limits: limitFigures(limits),
      ...profiles,
    },
    faults,
    postgres: await receiver.version(),
  };
}

/** Compares with each limit. */
function ratios(messagesPerSecond: number, limits: ReturnType<typeof limitFigures>): Figure {
  return {
    toInsertedRows: round(messagesPerSecond / limits.insertedRowsPerSecond, 3),
    toHttpsRequests: round(messagesPerSecond / limits.httpsRequestsPerSecond, 3),
    toEd25519Verifications: round(messagesPerSecond / limits.ed25519VerificationsPerSecond, 3),
  };
}

/** Events may come a moment after the commit; some may be missed by contract, so the wait has an end. */
async function settle(arrivals: Arrivals, { calledAtMs }: SentLoad): Promise<void> {
  const late = [...calledAtMs.keys()].filter((messageId) => !arrivals.atMs.has(messageId));
  const abandoned = new Promise<void>((resolve) => setTimeout(resolve, 2_000).unref());
  await Promise.race([Promise.all(late.map((messageId) => arrivals.next(messageId))), abandoned]);
}

function latencies(arrivals: Arrivals, { calledAtMs }: SentLoad) {
  const samplesMs = [...calledAtMs].flatMap(([messageId, at]) => {
    const arrivedAtMs = arrivals.atMs.get(messageId);
    return arrivedAtMs === undefined ? [] : [arrivedAtMs - at];
  });
  return { ...summarizeLatencies(samplesMs), eventsMissed: calledAtMs.size - samplesMs.length };
}

function join(...loads: readonly SentLoad[]): ReadonlyMap<string, readonly string[]> {
  const joined = new Map<string, string[]>();
  for (const { byConversation } of loads) {
    for (const [conversationId, sent] of byConversation) joined.set(conversationId, [...(joined.get(conversationId) ?? []), ...sent]);
  }
  return joined;
}

/** Lets one call in two seconds through: progress is for people. */
function throttled(report: (count: number) => void): (count: number) => void {
  let reportedAtMs = 0;
  return (count) => {
    if (performance.now() - reportedAtMs < 2_000) return;
    reportedAtMs = performance.now();
    report(count);
  };
}
