import { ProtocolError } from '../../../protocol/errors.ts';
import type { Domain, MessageId, UserId } from '../../../protocol/ids.ts';
import type { DeliveryState, OutboxStore } from './outbox-store.ts';
import type { Clock, DeliveryWaker, Notifier } from '../ports.ts';

/**
 * Creates the verb by which an author sends a failed delivery again. @throws ProtocolError `not_found` when this
 * author has no failed delivery of that message to that domain. @see docs/protocol.md [DEL-2]
 */
export function createDeliveryRetry(options: {
  readonly outbox: Pick<OutboxStore, 'requeueFailed'>;
  readonly notifier: Notifier;
  readonly waker: DeliveryWaker;
  readonly clock: Clock;
}): (author: UserId, messageId: MessageId, domain: Domain) => Promise<DeliveryState> {
  return async (author, messageId, domain) => {
    const delivery = await options.outbox.requeueFailed({ senderId: author, messageId, domain, now: options.clock.now() });
    if (delivery === null) throw new ProtocolError('not_found');
    options.notifier.notify([author], { kind: 'delivery', delivery });
    options.waker.wake([domain]);
    return delivery;
  };
}
