import type { Domain } from '../../../protocol/ids.ts';
import type { DeliveryState, OutboxItem } from '../../domain/outbox/outbox-store.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import type { DrainOptions } from './drain-options.ts';

/** The first that wait stand for all: whoever asks for the others gets the same reason. With thousands of peers away, more is the larger part of the memory. */
const TOLD_OF_HOLD = 20;

/** Writes down that an item was put back or given up, and tells its author. @see docs/protocol.md [DEL-1] [DEL-6] */
export async function settleDelivery(options: DrainOptions, item: OutboxItem, verdict: DeliveryVerdict & { readonly kind: 'failed' | 'retry' }): Promise<void> {
  const { outbox, clock, logger, observe } = options;
  const { id, destination, attempts } = item;
  const { errorCode } = verdict;
  if (verdict.kind === 'failed') {
    logger.warn({ destination, itemId: String(id), code: errorCode }, 'gave up a delivery');
    observe?.dead(destination, errorCode);
    // Else each later item of the conversation would be refused for its own 10 minutes, one after the other.
    const firstRefusedAt = errorCode === 'unknown_conversation' ? item.firstRefusedAt : null;
    if (await outbox.markFailed(item, { now: clock.now(), errorCode, firstRefusedAt })) tellAuthor(options, item, { state: 'failed', attempts: attempts + 1, errorCode, nextAttemptAt: null });
    return;
  }
  const { nextAttemptAt, firstRefusedAt } = verdict;
  observe?.retried(destination, errorCode);
  if (await outbox.markRetry(item, { firstRefusedAt, nextAttemptAt, errorCode })) tellAuthor(options, item, { state: 'queued', attempts: attempts + 1, errorCode, nextAttemptAt });
}

/** Tells the author of a message how its delivery stands now; nobody waits to hear of a change. @see docs/protocol.md [DEL-6] */
export function tellAuthor({ notifier }: DrainOptions, item: OutboxItem, now: Pick<DeliveryState, 'state' | 'attempts' | 'errorCode' | 'nextAttemptAt'>): void {
  const { conversationId, messageId, senderId, destination: domain } = item;
  if (conversationId === null || messageId === null) return;
  notifier.notify([senderId], { kind: 'delivery', delivery: { conversationId, messageId, senderId, domain, ...now } });
}

/** Lets the whole queue of a peer wait; the operator is told of one reason once an hour. @see docs/protocol.md [DEL-1] [ERR-4] */
export async function holdQueue(
  options: DrainOptions,
  domain: Domain,
  { errorCode, nextAttemptAt, tellOperator }: DeliveryVerdict & { readonly kind: 'hold' },
): Promise<void> {
  const { outbox, peers, notifier, logger, clock, memory, observe } = options;
  const facts = { destination: domain, reason: errorCode, nextAttemptAt };
  if (tellOperator) alert(options, facts, 'a peer refuses this server');
  else logger.info(facts, 'a peer cannot be reached');
  observe?.retried(domain, errorCode);
  await peers.recordFailure(domain, { now: clock.now(), reason: errorCode, nextAttemptAt });
  memory.reach.forget(domain);
  const states = await outbox.noteQueueFailure(domain, { errorCode, nextAttemptAt, limit: TOLD_OF_HOLD });
  for (const delivery of states) notifier.notify([delivery.senderId], { kind: 'delivery', delivery });
}

/** A peer may have its queue tried every 5 s [API-9]: who reads the log is not woken each time. */
export function alert({ logger, memory }: DrainOptions, facts: { readonly destination: Domain; readonly reason: string }, text: string): void {
  const key = `${facts.destination} ${facts.reason}`;
  if (memory.alerted.has(key)) return logger.info(facts, text);
  memory.alerted.note(key);
  logger.error({ ...facts, operatorAlert: true }, text);
}
