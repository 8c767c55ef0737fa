import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkContext, BenchmarkOutcome } from '../benchmark.ts';
import { scaled } from '../benchmark.ts';
import { startBenchGround } from '../ground/bench-ground.ts';
import type { Conversation } from '../ground/conversation.ts';
import { openPairs, RECEIVING_DOMAIN, SENDING_DOMAIN } from '../ground/open-pairs.ts';
import type { Person } from '../ground/person.ts';
import { limitFigures, measureLimits } from '../limits/measure-limits.ts';
import { openArrivals } from '../load/arrivals.ts';
import type { Arrivals } from '../load/arrivals.ts';
import { createMessageMaker } from '../load/message-maker.ts';
import { createProcedureCaller } from '../load/procedure-caller.ts';
import { profileServers } from '../profile/profile-servers.ts';
import { watchCpu } from '../profile/process-usage.ts';
import { round, summarizeLatencies } from '../statistics.ts';
import { findFaults } from '../store/exactly-once.ts';
import { openBenchDatabase } from '../store/stored-messages.ts';
import { costFigures, watchDatabases } from '../store/watch-database.ts';
import { withinPatience } from './probe.ts';

const ROUNDS = 1_000;
const WARM_UP_ROUNDS = 100;
/** One round begins so long after the one before at least: servers may ask another domain 100 times a second [API-10]. */
const ROUND_MS = 25;

/** Measures ping-pong: from the call of one person to the event at the other, one message under way. */
export const latency: Benchmark = {
  name: 'latency',
  summary: 'ping-pong of two people on two domains at 1 KiB, one message under way',
  run,
};

async function run(context: BenchmarkContext): Promise<BenchmarkOutcome> {
  const rounds = scaled(ROUNDS, context);
  await using ground = await startBenchGround([SENDING_DOMAIN, RECEIVING_DOMAIN], { ...context, inspect: context.profile });
  const [from, to] = [await ground.instance(SENDING_DOMAIN), await ground.instance(RECEIVING_DOMAIN)];
  const limits = await measureLimits(ground, to, context);
  const [conversation] = await openPairs(ground, 1);
  if (conversation === undefined) throw new Error('there is no conversation');
  await using here = await openBenchDatabase(from.databaseUrl);
  await using there = await openBenchDatabase(to.databaseUrl);
  const arrivals = await openArrivals([conversation.sender, conversation.receiver]);
  const play = createPingPong({ conversation, arrivals, signal: context.signal });
  await play.rounds(scaled(WARM_UP_ROUNDS, context));
  context.log(`playing ${rounds} rounds …`);
  const databases = await watchDatabases({ [SENDING_DOMAIN]: here, [RECEIVING_DOMAIN]: there });
  const profile = context.profile ? await profileServers([from, to]) : null;
  const cpu = watchCpu([from, to]);
  const { pingsMs, pongsMs } = await play.rounds(rounds);
  const cpuUsPerMessage = cpu(2 * rounds);
  const profiles = (await profile?.stop(2 * rounds)) ?? {};
  arrivals.close();
  const sent = new Map([[conversation.conversationId, play.sent]]);
  const faults = await findFaults({ sent, sender: here, receiver: there });
  const pings = summarizeLatencies(pingsMs);
  // Two servers take the message in turn: each reads one request and waits for one commit at least.
  const floorMs = 2 * (limits.https.p50Ms + limits.inserts.singleP50Ms);
  return {
    figures: {
      ...pings,
      ratioToLimit: round(floorMs / pings.p50Ms, 3),
      limitP50Ms: round(floorMs, 2),
      back: { ...summarizeLatencies(pongsMs) },
      rounds,
      eventsDoubled: arrivals.doubles(),
      cpuUsPerMessage,
      databasePerMessage: costFigures(await databases(2 * rounds)),
      limits: limitFigures(limits),
      ...profiles,
    },
    faults,
    postgres: await there.version(),
  };
}

/** One message there, the next one back, and so on. */
function createPingPong({ conversation, arrivals, signal }: { readonly conversation: Conversation; readonly arrivals: Arrivals; readonly signal: AbortSignal }) {
  const sent: string[] = [];
  const { conversationId, sender, receiver } = conversation;
  const strike = createStrike(sender);
  const strikeBack = createStrike(receiver);

  function createStrike(person: Person): () => Promise<number> {
    const make = createMessageMaker({ conversationId, senderId: person.userId });
    const caller = createProcedureCaller({ ...person, connections: 2, signal });
    return async () => {
      const message = make();
      sent.push(message.messageId);
      const calledAtMs = performance.now();
      const arrived = withinPatience(arrivals.next(message.messageId));
      const [arrivedAtMs] = await Promise.all([arrived, caller.send([message])]);
      return arrivedAtMs - calledAtMs;
    };
  }

  return {
    sent,
    async rounds(count: number) {
      const pingsMs: number[] = [];
      const pongsMs: number[] = [];
      for (let round = 0; round < count; round += 1) {
        const nextRound = delay(ROUND_MS, undefined, { signal });
        pingsMs.push(await strike());
        pongsMs.push(await strikeBack());
        await nextRound;
      }
      return { pingsMs, pongsMs };
    },
  };
}
