import type { Domain } from '../../../protocol/ids.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import { slowDelayMs, OUTBOX_LIFETIME_MS } from '../../domain/outbox/retry-schedule.ts';
import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import type { DrainOptions } from './drain-options.ts';
import { holdQueue, settleDelivery } from './settle-delivery.ts';
import { isUnstruck } from './strike-delivered.ts';

/** What a look into the outbox found. */
export interface DuePage {
  /** To be sent, in order. */
  readonly items: readonly OutboxItem[];
  /** Taken by the peer already, as is remembered here. */
  readonly unstruck: readonly OutboxItem[];
  /** How many were given up. */
  readonly expired: number;
  /** Whether there may be more behind. */
  readonly isFull: boolean;
}

const ITEMS_PER_PAGE = 100;
const EXPIRED: DeliveryVerdict & { readonly kind: 'failed' } = { kind: 'failed', errorCode: 'expired' };

/** Lists what is due for a domain but in these conversations, and gives up what is 7 days old. @see docs/protocol.md [DEL-2] */
export async function readDue(options: DrainOptions, domain: Domain, { limit, without }: { readonly limit: number; readonly without: readonly bigint[] }): Promise<DuePage> {
  const now = options.clock.now();
  const listed = await options.outbox.listDue(domain, { now, limit, ...(without.length > 0 && { without }) });
  const isFull = listed.length >= limit;
  const bornBeforeMs = now.getTime() - OUTBOX_LIFETIME_MS;
  const isOld = ({ createdAt }: OutboxItem): boolean => createdAt.getTime() <= bornBeforeMs;
  const isPlain = options.memory.unstruck.isEmpty() && !listed.some(isOld);
  if (isPlain) return { items: listed, unstruck: [], expired: 0, isFull };
  const unstruck = listed.filter((item) => isUnstruck(options, item));
  const expired = listed.filter((item) => isOld(item) && !unstruck.includes(item));
  for (const item of expired) await settleDelivery(options, item, EXPIRED);
  const gone = new Set([...unstruck, ...expired]);
  return { items: listed.filter((item) => !gone.has(item)), unstruck, expired: expired.length, isFull };
}

/** Gives the limits of a peer that is sent batches, null for any other. */
export async function readLimits({ peerClient, memory, logger }: DrainOptions, domain: Domain): Promise<PeerLimits | null> {
  if (memory.batchless.has(domain)) return null;
  try {
    return await peerClient.limitsForBatches(domain);
  } catch (error) {
    logger.error({ err: error, destination: domain }, 'could not tell what a peer takes');
    return null;
  }
}

/**
 * Holds the queue of a domain that local policy shuts out until the operator may have changed their mind; what is 7 days
 * old is given up as everywhere. Answers how many were.
 * @see docs/protocol.md [DEL-2]
 */
export async function holdBlocked(options: DrainOptions, domain: Domain): Promise<number> {
  let expired = 0;
  for (let isMore = true; isMore; ) {
    const page = await readDue(options, domain, { limit: ITEMS_PER_PAGE, without: [] });
    expired += page.expired;
    // More may have expired behind these: the queue is held once there is nothing left to give up.
    isMore = page.expired > 0;
  }
  const nextAttemptAt = new Date(options.clock.now().getTime() + slowDelayMs({ ageMs: 0, random: options.random }));
  await holdQueue(options, domain, { kind: 'hold', errorCode: 'blocked_here', nextAttemptAt, tellOperator: false });
  return expired;
}
