import { ProtocolError } from '../../../protocol/errors.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { Clock, DeliveryWaker, Notifier } from '../ports.ts';
import type { Acknowledgement, AcknowledgementStore } from './acknowledgement-store.ts';

/**
 * Creates the verb by which a local user's client tells what is on a device and what is read. Authors of this server
 * hear of it at once, those of others through their domain's queue; nobody does before that user accepted.
 * @throws ProtocolError `unknown_conversation`
 * @see docs/protocol.md [DEL-6] [API-8]
 */
export function createAcknowledger(options: {
  readonly localDomain: Domain;
  readonly acknowledgements: Pick<AcknowledgementStore, 'acknowledge'>;
  readonly notifier: Notifier;
  readonly waker: DeliveryWaker;
  readonly clock: Clock;
}): (acknowledgement: Acknowledgement) => Promise<void> {
  const { localDomain, acknowledgements, notifier, waker, clock } = options;
  return async (acknowledgement) => {
    const stored = await acknowledgements.acknowledge(acknowledgement, { localDomain, now: clock.now() });
    if (stored === null) throw new ProtocolError('unknown_conversation');
    for (const { authorId, ...receipt } of stored.receipts) notifier.notify([authorId], { kind: 'receipt', ...receipt });
    if (stored.domains.length > 0) waker.wake(stored.domains);
  };
}
