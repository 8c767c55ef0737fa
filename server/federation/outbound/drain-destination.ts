import type { Domain } from '../../../protocol/ids.ts';
import { OUTBOX_LIFETIME_MS, slowDelayMs } from '../../domain/outbox/retry-schedule.ts';
import type { OutboxItem } from '../../domain/ports.ts';
import { judgeDelivery } from './delivery-verdict.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import { addCounts, NOTHING } from './drain-counts.ts';
import type { DrainCounts } from './drain-counts.ts';
import type { DrainOptions } from './drain-options.ts';
import type { PeerAnswer } from './peer-answer.ts';
import { alert, holdQueue, isSettled, settleDelivery } from './settle-delivery.ts';

/** One turn of a destination that answers quickly: as many items as are listed at once, as long as this. */
const ITEMS_PER_TURN = 50;
const TURN_MS = 10_000;

const DONE: DeliveryVerdict = { kind: 'delivered' };
const EXPIRED: DeliveryVerdict = { kind: 'failed', errorCode: 'expired' };
const COUNTED: Readonly<Record<DeliveryVerdict['kind'], DrainCounts>> = {
  delivered: { ...NOTHING, delivered: 1 },
  retry: { ...NOTHING, retried: 1 },
  hold: { ...NOTHING, retried: 1 },
  failed: { ...NOTHING, failed: 1 },
};

/** What is known of the peer during one turn. */
interface PeerStanding {
  failures: number;
  successNoted: boolean;
}

/**
 * Gives a claimed destination its turn: sends due items one after the other until 50 are sent, 10 s are over, the peer
 * fails or is slow, or `mayGoOn` says no. A peer that is slow or not known yet gets one item. An item that is put back
 * holds back the later ones of its conversation only.
 * @see docs/protocol.md [DEL-1] [DEL-4]
 */
export async function drainDestination(options: DrainOptions, domain: Domain, mayGoOn: () => boolean): Promise<DrainCounts> {
  const { clock, memory, peers } = options;
  const endsAtMs = clock.now().getTime() + TURN_MS;
  if (await options.isBlocked(domain)) return drainBlocked(options, domain, mayGoOn);
  const peer: PeerStanding = { failures: (await peers.find(domain))?.consecutiveFailures ?? 0, successNoted: false };
  const items = await listOpen(options, domain, memory.pace.isQuick(domain) ? ITEMS_PER_TURN : 1);
  const heldConversations = new Set<bigint>();
  let counts = NOTHING;
  for (const item of items) {
    if (heldConversations.has(item.conversationKey)) continue;
    if (!mayGoOn()) return counts;
    const verdict = await deliverItem(options, item, peer);
    counts = addCounts(counts, COUNTED[verdict.kind]);
    if (verdict.kind === 'hold' || !memory.pace.isQuick(domain) || clock.now().getTime() >= endsAtMs) return counts;
    if (verdict.kind === 'retry') heldConversations.add(item.conversationKey);
  }
  return counts;
}

/** Leaves out the conversations in which a mark did not take, so that no peer gets one item in a loop. */
async function listOpen(options: DrainOptions, domain: Domain, limit: number): Promise<readonly OutboxItem[]> {
  const { outbox, clock } = options;
  const listed = await outbox.listDue(domain, clock.now(), limit);
  if (!listed.some((item) => isSettled(options, item))) return listed;
  alert(options, { destination: domain, reason: 'still_queued' }, 'a delivery that was settled is still queued');
  const more = await outbox.listDue(domain, clock.now(), ITEMS_PER_TURN);
  const stuck = new Set(more.filter((item) => isSettled(options, item)).map(({ conversationKey }) => conversationKey));
  return more.filter(({ conversationKey }) => !stuck.has(conversationKey)).slice(0, limit);
}

/**
 * Sends nothing: what is 7 days old is given up as everywhere, the rest waits for the operator to lift the block, as it
 * would for a peer that is away.
 * @see docs/protocol.md [DEL-2]
 */
async function drainBlocked(options: DrainOptions, domain: Domain, mayGoOn: () => boolean): Promise<DrainCounts> {
  let counts = NOTHING;
  for (const item of await listOpen(options, domain, ITEMS_PER_TURN)) {
    if (!mayGoOn()) return counts;
    if (!isExpired(options, item)) continue;
    await settleDelivery(options, item, EXPIRED);
    counts = addCounts(counts, COUNTED.failed);
  }
  // More may have expired behind these: the queue is held once there is nothing left to give up.
  if (counts.failed > 0) return counts;
  const nextAttemptAt = new Date(options.clock.now().getTime() + slowDelayMs({ ageMs: 0, random: options.random }));
  await holdQueue(options, domain, { kind: 'hold', errorCode: 'blocked_here', nextAttemptAt, tellOperator: false });
  return COUNTED.hold;
}

function isExpired({ clock }: DrainOptions, { createdAt }: OutboxItem): boolean {
  return clock.now().getTime() - createdAt.getTime() >= OUTBOX_LIFETIME_MS;
}

async function deliverItem(options: DrainOptions, item: OutboxItem, peer: PeerStanding): Promise<DeliveryVerdict> {
  if (isExpired(options, item)) {
    await settleDelivery(options, item, EXPIRED);
    return EXPIRED;
  }
  const { memory, clock, random } = options;
  const answer = await memory.pace.time(item.destination, () => send(options, item));
  if (answer === 'of_no_use') {
    await settleDelivery(options, item, DONE);
    return DONE;
  }
  const verdict = judgeDelivery({ item, answer, peerFailures: peer.failures, now: clock.now(), random });
  await settleDelivery(options, item, verdict);
  if (verdict.kind === 'delivered') await noteSuccess(options, item.destination, peer);
  return verdict;
}

/** A Core peer has no use for what is for Full peers alone: there is nobody to send it to. @see docs/protocol.md, Profiles and words */
async function send({ peerClient, logger }: DrainOptions, item: OutboxItem): Promise<PeerAnswer | 'of_no_use'> {
  const { id, destination, method, target, body, fullOnly } = item;
  try {
    if (fullOnly && (await peerClient.isCore(destination))) return 'of_no_use';
    return await peerClient.send({ destination, method, target, body });
  } catch (error) {
    // A fault of ours with this one item: the others of the peer must not wait for it.
    logger.error({ err: error, destination, itemId: String(id) }, 'could not make a delivery');
    return { kind: 'refused', status: 500, code: 'internal_error', permanent: false, retryAfterSeconds: null };
  }
}

/** Once per turn: a write for each message would tell nothing more. */
async function noteSuccess({ peers, clock }: DrainOptions, domain: Domain, peer: PeerStanding): Promise<void> {
  if (peer.successNoted) return;
  await peers.recordSuccess(domain, clock.now());
  peer.failures = 0;
  peer.successNoted = true;
}
