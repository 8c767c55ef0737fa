import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf } from '../../../protocol/ids.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { FederationEvent } from '../../../protocol/schemas/events-body.ts';
import { assertNotFuture } from '../assert-not-future.ts';
import type { Clock, Notifier } from '../ports.ts';
import type { LastingEvent, ReceiptStore, TypingEvent } from './receipt-store.ts';

/**
 * Creates the verb that takes events from the server of the users they speak of. It answers after the commit, and one
 * bad event refuses all: ProtocolError `invalid_body` for one dated too far ahead, `sender_domain_mismatch` for a user
 * of another domain. What it may not know is dropped in silence.
 * @see docs/protocol.md [API-8] [DEL-6] [ID-5]
 */
export function createEventAcceptor(options: {
  readonly localDomain: Domain;
  readonly receipts: ReceiptStore;
  readonly notifier: Notifier;
  readonly clock: Clock;
}): (events: readonly FederationEvent[], origin: Domain) => Promise<void> {
  const { localDomain, receipts, notifier, clock } = options;
  return async (events, origin) => {
    const now = clock.now();
    for (const [index, { timestamp }] of events.entries()) assertNotFuture(timestamp, now, `/events/${index}/timestamp`);
    if (events.some(({ userId }) => domainOf(userId) !== origin)) throw new ProtocolError('sender_domain_mismatch');
    const typing = events.filter((event): event is TypingEvent => event.type === 'typing');
    const lasting = events.filter((event): event is LastingEvent => event.type !== 'typing');
    if (lasting.length > 0) {
      const recorded = await receipts.record(lasting, { localDomain, now });
      for (const { authorId, ...receipt } of recorded.receipts) notifier.notify([authorId], { kind: 'receipt', ...receipt });
      for (const { localMembers, ...who } of recorded.accepted) notifier.notify(localMembers, { kind: 'accepted', ...who });
    }
    if (typing.length > 0) {
      for (const { localMembers, ...who } of await receipts.findCompany(typing, localDomain)) {
        notifier.notify(localMembers, { kind: 'typing', ...who });
      }
    }
  };
}
