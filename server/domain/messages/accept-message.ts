import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf, parseCoreMessageId } from '../../../protocol/ids.ts';
import type { Domain, MessageId } from '../../../protocol/ids.ts';
import { coreMessageIdInput, messageContentInput } from '../../../protocol/same-content.ts';
import type { MessageBody } from '../../../protocol/schemas/message-body.ts';
import { assertNever } from '../assert-never.ts';
import { assertNotFuture } from '../assert-not-future.ts';
import { sha256Base64, sha256Base64Url } from '../hashes.ts';
import type { Clock, MessageStore, Notifier } from '../ports.ts';

export interface AcceptedMessage {
  readonly status: 'accepted' | 'duplicate';
  readonly messageId: MessageId;
}

/**
 * Creates the verb that takes a message from its sender's server: it answers after the commit and throws
 * ProtocolError with the code of the first check that fails.
 * @see docs/protocol.md [API-2] [API-6] [ERR-3]
 */
export function createMessageAcceptor(options: {
  readonly localDomain: Domain;
  readonly messages: MessageStore;
  readonly notifier: Notifier;
  readonly clock: Clock;
}): (body: MessageBody, origin: Domain) => Promise<AcceptedMessage> {
  const { localDomain, messages, notifier, clock } = options;
  return async (body, origin) => {
    const now = clock.now();
    assertNotFuture(body.timestamp, now);
    if (domainOf(body.senderId) !== origin) throw new ProtocolError('sender_domain_mismatch');
    if (body.recipientServerDomain !== localDomain) throw new ProtocolError('misdirected');
    const messageId = body.messageId ?? parseCoreMessageId(sha256Base64Url(coreMessageIdInput(body)));
    const { conversationId, senderId, payload, timestamp } = body;
    const contentHash = sha256Base64(messageContentInput(body));
    const outcome = await messages.insert(
      { conversationId, originDomain: origin, messageId, senderId, payload, timestamp, contentHash },
      { localDomain, now, deliveryFor: null },
    );
    switch (outcome.kind) {
      case 'stored':
        notifier.notify(outcome.localMembers, { kind: 'message', message: outcome.message });
        return { status: 'accepted', messageId };
      case 'duplicate':
        return { status: 'duplicate', messageId };
      case 'conflict':
        throw new ProtocolError('message_id_conflict');
      case 'unknown_conversation':
      case 'not_a_member':
        throw new ProtocolError(outcome.kind);
      default:
        return assertNever(outcome);
    }
  };
}
