import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkContext, BenchmarkOutcome } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import { openPairs, RECEIVING_DOMAIN, SENDING_DOMAIN } from '../ground/open-pairs.ts';
import { limitFigures, measureLimits } from '../limits/measure-limits.ts';
import { sendAll } from '../load/send-all.ts';
import { watchCpu } from '../profile/process-usage.ts';
import { perSecond, round } from '../statistics.ts';
import { findFaults } from '../store/exactly-once.ts';
import { openBenchDatabase, waitForMessages } from '../store/stored-messages.ts';

const BACKLOG = 10_000;
const PAIRS = 10;
/** A peer that is back may be spoken to late; that shows in the figures, and only silence without end fails. */
const PATIENCE_MS = 300_000;
const POLL_MS = 10;

/** Measures how a backlog of 10 000 reaches a server that was away. */
export const drain: Benchmark = {
  name: 'drain',
  summary: 'a backlog of 10 000 messages after an outage of the receiving server',
  run,
};

async function run(context: BenchmarkContext): Promise<BenchmarkOutcome> {
  const { log, signal, workload } = context;
  const messages = scaled(BACKLOG, context);
  await using ground = await startBenchGround([SENDING_DOMAIN, RECEIVING_DOMAIN], context);
  const from = await ground.instance(SENDING_DOMAIN);
  const limits = await measureLimits(ground, await ground.instance(RECEIVING_DOMAIN), context);
  const conversations = await openPairs(ground, PAIRS);
  await using sender = await openBenchDatabase(from.databaseUrl);
  log(`${RECEIVING_DOMAIN} goes away; ${messages} messages for it …`);
  await ground.playground.kill(RECEIVING_DOMAIN, 'SIGTERM');
  const load = await sendAll({ conversations, count: messages, workload, signal });
  log(`${RECEIVING_DOMAIN} comes back …`);
  const { url } = await ground.instance(RECEIVING_DOMAIN).catch(() => ({ url: conversations[0]?.receiver.url ?? '' }));
  const watching = new AbortController();
  const ready = firstReady(url, AbortSignal.any([signal, watching.signal]));
  const restart = ground.playground.restart(RECEIVING_DOMAIN).finally(() => setTimeout(() => watching.abort(), 1_000).unref());
  const [readyAt] = await Promise.all([ready, restart]);
  const to = await ground.instance(RECEIVING_DOMAIN);
  await using receiver = await openBenchDatabase(to.databaseUrl);
  const cpu = watchCpu([from, to]);
  const already = await receiver.countMessages();
  await waitForMessages(receiver, messages, { patienceMs: PATIENCE_MS, signal });
  const cpuUsPerMessage = cpu(Math.max(1, messages - already));
  const arrived = [...(await receiver.messages([...load.byConversation.keys()])).values()].flat().map(({ receivedAt }) => receivedAt.getTime());
  const [first, last] = [Math.min(...arrived), Math.max(...arrived)];
  const drainMs = last - readyAt;
  const messagesPerSecond = perSecond(messages, drainMs);
  return {
    figures: {
      drainSeconds: round(drainMs / 1_000, 2),
      firstDeliverySeconds: round(Math.max(0, first - readyAt) / 1_000, 2),
      messagesPerSecond,
      ratioToLimit: round(messagesPerSecond / limits.inserts.rowsPerSecond, 3),
      whileDrainingPerSecond: perSecond(messages, Math.max(1, last - first)),
      messages,
      conversations: PAIRS,
      acknowledgedPerSecondWhileAway: perSecond(messages, load.acknowledgedAtMs - load.startedAtMs),
      cpuUsPerMessage,
      limits: limitFigures(limits),
    },
    faults: await findFaults({ sent: load.byConversation, sender, receiver }),
    postgres: await receiver.version(),
  };
}

/** Gives the moment (Unix milliseconds) at which an instance first says that it is ready. */
async function firstReady(url: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await fetch(`${url}/readyz`, { signal }).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.status === 200) return Date.now();
    await delay(POLL_MS, undefined, { signal });
  }
}
