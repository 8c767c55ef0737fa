import { checkDeliveries } from './check-deliveries.ts';
import type { RunEnd } from './check-deliveries.ts';
import { checkMembership } from './check-membership.ts';
import { checkOrder, checkTimelines } from './check-timelines.ts';
import { planFaults } from './fault-plan.ts';
import type { FaultPlan } from './fault-plan.ts';
import { countQueued, describeWaiting, readDomain, readRows } from './final-state.ts';
import type { InstanceHost, Mutation } from './instance-host.ts';
import { changeMembers, found, rotate } from './membership-changes.ts';
import type { PostgresGround } from './postgres-ground.ts';
import { createSendRecord } from './record.ts';
import type { SendRecord } from './record.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';
import { sendUntilDone } from './sender.ts';
import type { MessageNumbers } from './sender.ts';
import { createTrail } from './trail.ts';
import type { Trail } from './trail.ts';
import type { Violation } from './violation.ts';
import { createVirtualTime } from './virtual-time.ts';
import type { VirtualTime } from './virtual-time.ts';
import { buildWorld } from './world.ts';
import type { World } from './world.ts';

/** What one run came to. */
export interface SeedReport {
  readonly seed: number;
  readonly domains: number;
  readonly processes: number;
  readonly messages: number;
  readonly acknowledged: number;
  /** Deliveries that a rule of the text refused, as their authors were shown. */
  readonly faults: number;
  readonly virtualSeconds: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
  readonly trail: Trail;
}

interface SeedOptions {
  readonly seed: number;
  readonly messages: number;
  readonly ground: PostgresGround;
  readonly mutate?: Mutation;
}

/** One run under way. */
interface Run extends SeedOptions {
  readonly random: SeededRandom;
  readonly time: VirtualTime;
  readonly trail: Trail;
  readonly record: SendRecord;
  readonly plan: FaultPlan;
  readonly world: World;
  readonly violations: Violation[];
}

const START_MS = Date.parse('2026-03-01T10:00:00.000Z');
const DOMAINS = ['a.test', 'b.test', 'c.test', 'd.test'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DRAIN_STEP_MS = 2_000;
const LONGEST_DRAIN_MS = 2 * HOUR_MS;
const LONGEST_DRAIN_STEP_MS = 30_000;
/** Late copies of requests are still on their way when the queues are empty. */
const AFTERMATH_MS = 45_000;
const APART_MS = 250_000;
const CHANGES_PER_THOUSAND = 15;

/** Plays one seed from the founding to the last delivery and checks what came of it. */
export async function runSeed(options: SeedOptions): Promise<SeedReport> {
  const begunAt = performance.now();
  const random = createSeededRandom(`seed ${options.seed}`);
  const time = createVirtualTime(START_MS);
  const trail = createTrail(time, START_MS);
  const record = createSendRecord();
  const shape = random.fork('shape');
  const domains = DOMAINS.slice(0, shape.between(2, DOMAINS.length));
  const processes = shape.chance(0.3) ? 2 : 1;
  const plan = planFaults({ random: random.fork('faults'), domains: domains.length, processes, messages: options.messages });
  const violations: Violation[] = [];
  const onLoss = (host: InstanceHost): void => void checkPromises(host, { ...options, record, violations });
  const world = await buildWorld({ ...options, time, trail, random, plan, domains, processes, mutate: options.mutate ?? null, onLoss });
  const stopListening = reportCrashes(violations);
  try {
    await play({ ...options, random, time, trail, record, plan, world, violations });
  } finally {
    for (const host of world.hosts) host.end();
    stopListening();
  }
  const sent = [...record.messages.values()];
  return {
    seed: options.seed, domains: domains.length, processes, messages: sent.length,
    acknowledged: sent.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length,
    faults: plan.faults.length, virtualSeconds: Math.round((time.nowMs() - START_MS) / 1_000),
    seconds: (performance.now() - begunAt) / 1_000, violations, trail,
  };
}

async function play(run: Run): Promise<void> {
  const { time, world, violations } = run;
  const isDone = await pass(run, work(run), 2 * HOUR_MS);
  if (!isDone) violations.push({ kind: 'stuck', messageId: null, text: 'clients were not done in two hours' });
  await pass(run, world.heal(), HOUR_MS);
  if (!(await drain(run))) return void violations.push(...(await describeQueues(run)));
  // The owner's client has seen who left, and says so to all [E2E-6].
  const moving = world.conversations.filter(({ isMoving }) => isMoving);
  await pass(run, Promise.all(moving.map((conversation) => rotate(conversation, changingOptions(run)))), HOUR_MS);
  if (!(await drain(run))) return void violations.push(...(await describeQueues(run)));
  await time.runUntil(() => false, AFTERMATH_MS);
  await check(run);
}

/** Lets time pass until something has come to its end. */
async function pass({ time }: Run, work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let isOver = false;
  let failure: unknown = null;
  const end = work.then(() => (isOver = true), (error: unknown) => ((failure = error), (isOver = true)));
  await time.runUntil(() => isOver, limitMs);
  if (failure !== null) throw failure;
  if (isOver) await end;
  return isOver;
}

function changingOptions({ time, record, trail, world }: Run) {
  return { time, record, trail, clientOf: world.clientOf };
}

/** Founds the conversations, then lets everybody write while members come and go and faults happen. */
async function work(run: Run): Promise<void> {
  const { time, record, trail, world } = run;
  const options = changingOptions(run);
  await Promise.all(world.conversations.map((conversation) => found(conversation, options)));
  const changes: Promise<void>[] = [];
  const numbers = countMessages(run, (change) => void changes.push(change));
  await Promise.all(world.clients.map((client) => sendUntilDone(client, { time, record, trail, numbers })));
  await Promise.all(changes);
}

/** Gives numbers out; with each comes what was planned for it. */
function countMessages(run: Run, began: (change: Promise<void>) => void): MessageNumbers {
  const { messages, world, plan, random } = run;
  const draws = random.fork('changes');
  const everyNth = Math.round(1_000 / CHANGES_PER_THOUSAND);
  const moving = world.conversations.filter(({ isMoving }) => isMoving);
  const faults = [...plan.faults];
  let taken = 0;
  return {
    areTaken: () => taken >= messages,
    take() {
      if (taken >= messages) return null;
      taken += 1;
      for (let next = faults[0]; next !== undefined && next.atMessage <= taken; next = faults[0]) {
        world.strike(next);
        faults.shift();
      }
      if (taken % everyNth === 0) began(changeMembers(draws.pick(moving), world.people, { ...changingOptions(run), random: draws.fork(String(taken)) }));
      return taken;
    },
  };
}

/** Lets time pass until nothing waits to be sent anywhere. */
async function drain({ time, world, ground }: Run): Promise<boolean> {
  let stepMs = DRAIN_STEP_MS;
  for (let passedMs = 0; passedMs < LONGEST_DRAIN_MS; passedMs += stepMs) {
    await time.runUntil(() => false, stepMs);
    stepMs = Math.min(LONGEST_DRAIN_STEP_MS, stepMs * 1.2);
    const queued = await Promise.all(world.hosts.map((host) => countQueued(host, ground)));
    if (queued.every((count) => count === 0)) return true;
  }
  return false;
}

/** Says what still waits where, and why as far as the peers' rows tell. */
async function describeQueues({ world, ground }: Run): Promise<readonly Violation[]> {
  const found = await Promise.all(world.hosts.map(async (host) => ({ host, peers: await describeWaiting(host, ground) })));
  return found
    .filter(({ peers }) => peers.length > 0)
    .map(({ host, peers }) => ({ kind: 'stuck', messageId: null, text: `${host.domain} still has to send after two hours without faults, at ${host.clock.now().toISOString()}: ${JSON.stringify(peers)}` }));
}

async function check(run: Run): Promise<void> {
  const { world, ground, record, plan, violations } = run;
  await Promise.all(world.hosts.map((host) => checkPromises(host, run)));
  const domains = await Promise.all(world.hosts.map((host) => readDomain(host, world.clients, ground)));
  const lastingDomains = new Map(
    world.conversations.map(({ conversationId, founders, isMoving }) => [`${conversationId}`, new Set(isMoving ? [] : founders.map((userId) => userId.slice(userId.indexOf('@') + 1)))]),
  );
  const clocksWereApart = plan.faults.some((fault) => fault.kind === 'clock' && Math.abs(fault.offsetMs) > APART_MS);
  const end: RunEnd = { record, domains, lastingDomains, clocksWereApart };
  violations.push(...checkDeliveries(end), ...checkTimelines(end), ...checkOrder(end), ...checkMembership(world.conversations, end));
}

/** Finds what was acknowledged to a client or promised to a peer before, and is not there now. */
async function checkPromises(host: InstanceHost, { record, ground, violations }: Pick<Run, 'record' | 'ground' | 'violations'>): Promise<void> {
  const acknowledged = [...record.messages.values()].filter(({ origin, acknowledgedAt }) => origin === host.domain && acknowledgedAt !== null);
  const due = [...acknowledged.map(({ origin, messageId }) => `${origin} ${messageId}`), ...host.promised];
  // While the database is down nobody can tell.
  const rows = await readRows(host, ground).catch(() => null);
  if (rows === null) return;
  const kept = new Set(rows.map(({ originDomain, messageId }) => `${originDomain} ${messageId}`));
  for (const each of due.filter((promise) => !kept.has(promise))) {
    const [, messageId = ''] = each.split(' ');
    violations.push({ kind: 'broken_promise', messageId, text: `${host.domain} has promised ${each} and does not have it` });
  }
}

/** What a server lets fall ends its process. */
function reportCrashes(violations: Violation[]): () => void {
  const note = (reason: unknown): void =>
    void violations.push({ kind: 'crash', messageId: null, text: `a rejection that nobody handles: ${reason instanceof Error ? reason.stack : String(reason)}` });
  process.on('unhandledRejection', note);
  return () => void process.off('unhandledRejection', note);
}
