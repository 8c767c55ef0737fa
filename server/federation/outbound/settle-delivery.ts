import type { Domain } from '../../../protocol/ids.ts';
import type { DeliveryState, OutboxItem } from '../../domain/ports.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';
import type { DrainOptions } from './drain-options.ts';

const TOLD_OF_HOLD = 100;

/** Writes down what became of an attempt and tells the author. @see docs/protocol.md [DEL-1] [DEL-6] */
export async function settleDelivery(options: DrainOptions, item: OutboxItem, verdict: DeliveryVerdict): Promise<void> {
  const { outbox, clock, logger, memory } = options;
  const { id, destination } = item;
  if (verdict.kind === 'hold') return holdQueue(options, destination, verdict);
  // Before it is written down, so that what a failing store forgets is remembered here.
  memory.settled.note(attemptOf(item));
  const now = clock.now();
  switch (verdict.kind) {
    case 'delivered':
      return settleDelivered(options, [item]);
    case 'failed':
      logger.warn({ destination, itemId: String(id), code: verdict.errorCode }, 'gave up a delivery');
      return tellAuthor(options, await outbox.markFailed(id, { now, errorCode: verdict.errorCode }));
    case 'retry':
      return tellAuthor(options, await outbox.markRetry(id, verdict));
  }
}

/** Writes down in one statement what a peer has taken, and tells each author. @see docs/protocol.md [DEL-1] [DEL-6] */
export async function settleDelivered(options: DrainOptions, items: readonly OutboxItem[]): Promise<void> {
  const { outbox, clock, memory } = options;
  for (const item of items) memory.settled.note(attemptOf(item));
  for (const state of await outbox.markDeliveredAll(items.map(({ id }) => id), clock.now())) tellAuthor(options, state);
}

/** Tells whether this very attempt was settled a moment ago, though the outbox still asks for it. */
export function isSettled({ memory }: DrainOptions, item: OutboxItem): boolean {
  return memory.settled.has(attemptOf(item));
}

/** Lets the whole queue of a peer wait; the operator is told of one reason once an hour. @see docs/protocol.md [DEL-1] [ERR-4] */
export async function holdQueue(
  options: DrainOptions,
  domain: Domain,
  { errorCode, nextAttemptAt, tellOperator }: DeliveryVerdict & { readonly kind: 'hold' },
): Promise<void> {
  const { outbox, peers, logger, clock } = options;
  const facts = { destination: domain, reason: errorCode, nextAttemptAt };
  if (tellOperator) alert(options, facts, 'a peer refuses this server');
  else logger.info(facts, 'a peer cannot be reached');
  await peers.recordFailure(domain, { now: clock.now(), reason: errorCode, nextAttemptAt });
  const states = await outbox.noteQueueFailure(domain, { errorCode, nextAttemptAt, limit: TOLD_OF_HOLD });
  for (const state of states) tellAuthor(options, state);
}

/** A peer may have its queue tried every 5 s [API-9]: who reads the log is not woken each time. */
export function alert({ logger, memory }: DrainOptions, facts: { readonly destination: Domain; readonly reason: string }, text: string): void {
  const key = `${facts.destination} ${facts.reason}`;
  if (memory.alerted.has(key)) return logger.info(facts, text);
  memory.alerted.note(key);
  logger.error({ ...facts, operatorAlert: true }, text);
}

/** Every mark changes the state or the count, and a new life of an item its birth. */
function attemptOf({ id, createdAt, attempts }: OutboxItem): string {
  return `${id} ${createdAt.getTime()} ${attempts}`;
}

function tellAuthor({ notifier }: DrainOptions, delivery: DeliveryState | null): void {
  if (delivery !== null) notifier.notify([delivery.senderId], { kind: 'delivery', delivery });
}
