import type { Logger } from 'pino';

import type { Domain } from '../../../protocol/ids.ts';
import { OUTBOX_LIFETIME_MS, slowDelayMs } from '../../domain/outbox/retry-schedule.ts';
import type { Clock, DeliveryState, Notifier, OutboxItem, OutboxStore, PeerStore } from '../../domain/ports.ts';
import { judgeDelivery } from './delivery-verdict.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import type { PeerAnswer } from './peer-answer.ts';
import type { PeerClient } from './peer-client.ts';

/** What a drain needs; `random` gives numbers from 0 up to 1. */
export interface DrainOptions {
  readonly outbox: OutboxStore;
  readonly peers: PeerStore;
  readonly peerClient: PeerClient;
  /** Tells whether local policy refuses to federate with a domain. */
  readonly isBlocked: (domain: Domain) => Promise<boolean>;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** How many items were delivered, put back and given up; a held queue counts as one put back. */
export interface DrainCounts {
  readonly delivered: number;
  readonly retried: number;
  readonly failed: number;
}

const ITEMS_PER_LISTING = 50;
const TOLD_OF_HOLD = 100;

const NOTHING: DrainCounts = { delivered: 0, retried: 0, failed: 0 };
const COUNTED: Readonly<Record<DeliveryVerdict['kind'], DrainCounts>> = {
  delivered: { ...NOTHING, delivered: 1 },
  retry: { ...NOTHING, retried: 1 },
  hold: { ...NOTHING, retried: 1 },
  failed: { ...NOTHING, failed: 1 },
};

/** Adds two counts. */
export function addCounts(a: DrainCounts, b: DrainCounts): DrainCounts {
  return { delivered: a.delivered + b.delivered, retried: a.retried + b.retried, failed: a.failed + b.failed };
}

/**
 * Sends the due items of one claimed destination one after the other until none is left, the peer itself fails or
 * `mayGoOn` says no. An item that is put back holds back the later ones of its conversation only.
 * @see docs/protocol.md [DEL-1]
 */
export async function drainDestination(options: DrainOptions, domain: Domain, mayGoOn: () => boolean): Promise<DrainCounts> {
  if (await options.isBlocked(domain)) return holdBlocked(options, domain);
  let counts = NOTHING;
  const heldConversations = new Set<bigint>();
  const peer: PeerStanding = { failures: (await options.peers.find(domain))?.consecutiveFailures ?? 0, successNoted: false };
  for (;;) {
    const items = await options.outbox.listDue(domain, options.clock.now(), ITEMS_PER_LISTING);
    const open = items.filter((item) => !heldConversations.has(item.conversationKey));
    if (open.length === 0) return counts;
    for (const item of open) {
      if (heldConversations.has(item.conversationKey)) continue;
      if (!mayGoOn()) return counts;
      const verdict = await deliverItem(options, item, peer);
      counts = addCounts(counts, COUNTED[verdict.kind]);
      if (verdict.kind === 'hold') return counts;
      if (verdict.kind === 'retry') heldConversations.add(item.conversationKey);
    }
  }
}

/** Nothing is lost by a block: the queue waits for the operator to lift it, as long as for a peer that is away. */
async function holdBlocked(options: DrainOptions, domain: Domain): Promise<DrainCounts> {
  const now = options.clock.now();
  const nextAttemptAt = new Date(now.getTime() + slowDelayMs({ ageMs: 0, random: options.random }));
  await holdQueue(options, domain, { kind: 'hold', errorCode: 'blocked_here', nextAttemptAt, tellOperator: false, now });
  return COUNTED.hold;
}

/** What is known of the peer during one drain. */
interface PeerStanding {
  failures: number;
  successNoted: boolean;
}

async function deliverItem(options: DrainOptions, item: OutboxItem, peer: PeerStanding): Promise<DeliveryVerdict> {
  const sentAt = options.clock.now();
  if (sentAt.getTime() - item.createdAt.getTime() >= OUTBOX_LIFETIME_MS) {
    const expired: DeliveryVerdict = { kind: 'failed', errorCode: 'expired' };
    await settle(options, item, expired);
    return expired;
  }
  if (item.fullOnly && (await options.peerClient.isCore(item.destination))) return drop(options, item);
  const answer = await send(options, item);
  const now = options.clock.now();
  const verdict = judgeDelivery({ item, answer, peerFailures: peer.failures, now, random: options.random });
  await settle(options, item, verdict);
  if (verdict.kind === 'delivered') await noteSuccess(options, item.destination, peer);
  return verdict;
}

/** A Core peer has no use for it, so there is nobody to send it to: it is done. @see docs/protocol.md, Profiles and words */
async function drop(options: DrainOptions, item: OutboxItem): Promise<DeliveryVerdict> {
  const dropped: DeliveryVerdict = { kind: 'delivered' };
  await settle(options, item, dropped);
  return dropped;
}

async function send({ peerClient, logger }: DrainOptions, { id, destination, method, target, body }: OutboxItem): Promise<PeerAnswer> {
  try {
    return await peerClient.send({ destination, method, target, body });
  } catch (error) {
    // A fault of ours with this one item: the others of the peer must not wait for it.
    logger.error({ err: error, destination, itemId: String(id) }, 'could not make a delivery');
    return { kind: 'refused', status: 500, code: 'internal_error', permanent: false, retryAfterSeconds: null };
  }
}

async function settle(options: DrainOptions, item: OutboxItem, verdict: DeliveryVerdict): Promise<void> {
  const { outbox, clock, logger } = options;
  const { id, destination } = item;
  const now = clock.now();
  switch (verdict.kind) {
    case 'delivered':
      return tellAuthor(options, await outbox.markDelivered(id, now));
    case 'failed':
      logger.warn({ destination, itemId: String(id), code: verdict.errorCode }, 'gave up a delivery');
      return tellAuthor(options, await outbox.markFailed(id, { now, errorCode: verdict.errorCode }));
    case 'retry':
      return tellAuthor(options, await outbox.markRetry(id, verdict));
    case 'hold':
      return holdQueue(options, destination, { ...verdict, now });
  }
}

/** Once per drain: a write for each message would tell nothing more. */
async function noteSuccess({ peers, clock }: DrainOptions, domain: Domain, peer: PeerStanding): Promise<void> {
  if (peer.successNoted) return;
  await peers.recordSuccess(domain, clock.now());
  peer.failures = 0;
  peer.successNoted = true;
}

async function holdQueue(
  options: DrainOptions,
  domain: Domain,
  { now, errorCode, nextAttemptAt, tellOperator }: DeliveryVerdict & { readonly kind: 'hold'; readonly now: Date },
): Promise<void> {
  const { outbox, peers, logger } = options;
  const facts = { destination: domain, reason: errorCode, nextAttemptAt };
  if (tellOperator) logger.error({ ...facts, operatorAlert: true }, 'a peer refuses this server');
  else logger.info(facts, 'a peer cannot be reached');
  await peers.recordFailure(domain, { now, reason: errorCode, nextAttemptAt });
  const states = await outbox.noteQueueFailure(domain, { errorCode, nextAttemptAt, limit: TOLD_OF_HOLD });
  for (const state of states) tellAuthor(options, state);
}

function tellAuthor({ notifier }: DrainOptions, delivery: DeliveryState | null): void {
  if (delivery !== null) notifier.notify([delivery.senderId], { kind: 'delivery', delivery });
}
