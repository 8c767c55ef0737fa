import type { Domain } from '../../../protocol/ids.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import { MAX_BATCH_ITEMS } from '../../../protocol/limits.ts';
import { OUTBOX_LIFETIME_MS, slowDelayMs } from '../../domain/outbox/retry-schedule.ts';
import type { OutboxItem } from '../../domain/ports.ts';
import { deliverBatch } from './deliver-batch.ts';
import type { DeliveryOutcome } from './deliver-batch.ts';
import { deliverItem } from './deliver-item.ts';
import type { PeerStanding } from './deliver-item.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import { addCounts, countOf, isNothing, NOTHING } from './drain-counts.ts';
import type { DrainCounts } from './drain-counts.ts';
import type { DrainOptions } from './drain-options.ts';
import { fillBatch } from './fill-batch.ts';
import type { FilledBatch } from './fill-batch.ts';
import { alert, holdQueue, isSettled, settleDelivery } from './settle-delivery.ts';

/** As many items of a destination that answers quickly are read at once. */
const ITEMS_PER_PAGE = MAX_BATCH_ITEMS;
/** How long the turn of such a destination lasts. */
const TURN_MS = 10_000;

const EXPIRED: DeliveryVerdict = { kind: 'failed', errorCode: 'expired' };

/** One turn of a destination. */
interface Turn {
  readonly options: DrainOptions;
  readonly domain: Domain;
  readonly peer: PeerStanding;
  /** Says whether the turn lasts: no more than 10 s, while the peer is quick and the claim is held. */
  readonly lasts: () => boolean;
}

/** What a part of a turn came to; `isOver` where the rest has to wait for another turn. */
interface Step {
  readonly counts: DrainCounts;
  readonly isOver: boolean;
}

/**
 * Gives a claimed destination its turn: sends due items, to a Full peer in batches of up to 100 with one under way at a
 * time, to a Core peer one after the other, until none is left, 10 s are over, the peer fails or is slow, or `mayGoOn`
 * says no. A peer that is slow, not known yet or failing gets one item first. An item that is put back holds back the
 * later ones of its conversation only.
 * @see docs/protocol.md [DEL-1] [DEL-4] [API-7]
 */
export async function drainDestination(options: DrainOptions, domain: Domain, mayGoOn: () => boolean): Promise<DrainCounts> {
  const { clock, memory, peers } = options;
  const endsAtMs = clock.now().getTime() + TURN_MS;
  if (await options.isBlocked(domain)) return drainBlocked(options, domain, mayGoOn);
  const peer: PeerStanding = { failures: (await peers.find(domain))?.consecutiveFailures ?? 0, successNoted: false };
  const wasQuick = memory.pace.isQuick(domain);
  const lasts = (): boolean => wasQuick && memory.pace.isQuick(domain) && clock.now().getTime() < endsAtMs && mayGoOn();
  let counts = NOTHING;
  for (;;) {
    const limit = wasQuick && peer.failures === 0 ? ITEMS_PER_PAGE : 1;
    const items = await listOpen(options, domain, limit);
    if (!mayGoOn()) return counts;
    const page = await deliverPage({ options, domain, peer, lasts }, items);
    counts = addCounts(counts, page.counts);
    // Where there was one item there is seldom another: whoever brings it wakes the worker.
    if (page.isOver || isNothing(page.counts) || (items.length === 1 && limit > 1) || !lasts()) return counts;
  }
}

/** Leaves out the conversations in which a mark did not take, so that no peer gets one item in a loop. */
async function listOpen(options: DrainOptions, domain: Domain, limit: number): Promise<readonly OutboxItem[]> {
  const { outbox, clock } = options;
  const listed = await outbox.listDue(domain, clock.now(), limit);
  if (!listed.some((item) => isSettled(options, item))) return listed;
  alert(options, { destination: domain, reason: 'still_queued' }, 'a delivery that was settled is still queued');
  const more = await outbox.listDue(domain, clock.now(), ITEMS_PER_PAGE);
  const stuck = new Set(more.filter((item) => isSettled(options, item)).map(({ conversationKey }) => conversationKey));
  return more.filter(({ conversationKey }) => !stuck.has(conversationKey)).slice(0, limit);
}

/** Sends listed items in order: as many together as may go together, the others alone. */
async function deliverPage(turn: Turn, items: readonly OutboxItem[]): Promise<Step> {
  const { options, domain, peer } = turn;
  const open = await giveUpExpired(options, items);
  const limits = open.length > 1 ? await limitsForBatches(options, domain) : null;
  const alone = new Set<OutboxItem>();
  let counts: DrainCounts = { ...NOTHING, failed: items.length - open.length };
  for (let rest = open; rest.length > 0; ) {
    const batch = limits === null ? null : batchOf(turn, { rest, alone, limits });
    const outcome = batch === null ? await deliverFirst(turn, rest) : await deliverBatch(options, batch, peer);
    counts = addCounts(counts, outcome.counts);
    if (outcome.isHeld || !turn.lasts()) return { counts, isOver: true };
    for (const item of outcome.alone) alone.add(item);
    rest = [...outcome.alone, ...rest.slice(batch?.items.length ?? 1)].filter(({ conversationKey }) => !outcome.waiting.has(conversationKey));
  }
  return { counts, isOver: false };
}

async function limitsForBatches({ peerClient, memory, logger }: DrainOptions, domain: Domain): Promise<PeerLimits | null> {
  if (memory.batchless.has(domain)) return null;
  try {
    return await peerClient.limitsForBatches(domain);
  } catch (error) {
    logger.error({ err: error, destination: domain }, 'could not tell what a peer takes');
    return null;
  }
}

/** Null where the first item is to be sent alone. */
function batchOf(
  { options, domain }: Turn,
  { rest, alone, limits }: { readonly rest: readonly OutboxItem[]; readonly alone: ReadonlySet<OutboxItem>; readonly limits: PeerLimits },
): FilledBatch<OutboxItem> | null {
  const [first] = rest;
  if (first === undefined || alone.has(first) || options.memory.batchless.has(domain)) return null;
  const batch = fillBatch(rest, limits);
  return batch.items.length > 1 ? batch : null;
}

async function deliverFirst({ options, peer }: Turn, [item]: readonly OutboxItem[]): Promise<DeliveryOutcome> {
  if (item === undefined) return { counts: NOTHING, isHeld: false, waiting: new Set(), alone: [] };
  const { kind } = await deliverItem(options, item, peer);
  const waiting = new Set(kind === 'retry' ? [item.conversationKey] : []);
  return { counts: countOf(kind), isHeld: kind === 'hold', waiting, alone: [] };
}

/** Gives up what is 7 days old and answers the rest. @see docs/protocol.md [DEL-2] */
async function giveUpExpired(options: DrainOptions, items: readonly OutboxItem[]): Promise<readonly OutboxItem[]> {
  const bornBeforeMs = options.clock.now().getTime() - OUTBOX_LIFETIME_MS;
  const isExpired = ({ createdAt }: OutboxItem): boolean => createdAt.getTime() <= bornBeforeMs;
  for (const item of items.filter(isExpired)) await settleDelivery(options, item, EXPIRED);
  return items.filter((item) => !isExpired(item));
}

/**
 * Sends nothing: what is 7 days old is given up as everywhere, the rest waits for the operator to lift the block, as it
 * would for a peer that is away.
 * @see docs/protocol.md [DEL-2]
 */
async function drainBlocked(options: DrainOptions, domain: Domain, mayGoOn: () => boolean): Promise<DrainCounts> {
  const items = await listOpen(options, domain, ITEMS_PER_PAGE);
  if (!mayGoOn()) return NOTHING;
  const open = await giveUpExpired(options, items);
  // More may have expired behind these: the queue is held once there is nothing left to give up.
  if (open.length < items.length) return { ...NOTHING, failed: items.length - open.length };
  const nextAttemptAt = new Date(options.clock.now().getTime() + slowDelayMs({ ageMs: 0, random: options.random }));
  await holdQueue(options, domain, { kind: 'hold', errorCode: 'blocked_here', nextAttemptAt, tellOperator: false });
  return countOf('hold');
}
