import { ProtocolError } from '../../../protocol/errors.ts';
import type { ConversationId, Domain, UserId } from '../../../protocol/ids.ts';
import type { Clock, DeliveryWaker, Notifier } from '../ports.ts';
import type { AcknowledgementStore } from './acknowledgement-store.ts';

/**
 * Creates the verb by which a local user takes up a conversation: the other members hear of it and of what is on a device
 * or read by then, those of this server at once, those of others through their domain's queue. A repeat tells nobody.
 * @throws ProtocolError `unknown_conversation`
 * @see docs/protocol.md [API-8]
 */
export function createRequestAcceptor(options: {
  readonly localDomain: Domain;
  readonly acknowledgements: Pick<AcknowledgementStore, 'accept'>;
  readonly notifier: Notifier;
  readonly waker: DeliveryWaker;
  readonly clock: Clock;
}): (userId: UserId, conversationId: ConversationId) => Promise<void> {
  const { localDomain, acknowledgements, notifier, waker, clock } = options;
  return async (userId, conversationId) => {
    const accepted = await acknowledgements.accept(userId, conversationId, { localDomain, now: clock.now() });
    if (accepted === null) throw new ProtocolError('unknown_conversation');
    const { localMembers, receipts, domains } = accepted;
    if (localMembers.length > 0) notifier.notify(localMembers, { kind: 'accepted', conversationId, userId });
    for (const { authorId, ...receipt } of receipts) notifier.notify([authorId], { kind: 'receipt', ...receipt });
    if (domains.length > 0) waker.wake(domains);
  };
}
