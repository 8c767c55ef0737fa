import { ProtocolError } from '../../../protocol/errors.ts';
import { MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import type { ConversationId, Domain, MessageId, UserId } from '../../../protocol/ids.ts';
import { MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import { messageContentInput } from '../../../protocol/same-content.ts';
import type { EncryptedPayload } from '../../../protocol/schemas/encrypted-payload.ts';
import type { Timestamp } from '../../../protocol/timestamp.ts';
import { assertNever } from '../assert-never.ts';
import { assertNotFuture } from '../assert-not-future.ts';
import { DomainError } from '../domain-error.ts';
import { sha256Base64 } from '../hashes.ts';
import type { Clock, ConversationStore, DeliveryWaker, MessageStore, Notifier, OutboxDraft, StoredMessage } from '../ports.ts';
import { withReadableBody } from '../read-by-peers.ts';

/** As long as a domain can be [ID-2]. */
const LONGEST_DOMAIN = 'x'.repeat(253);

export interface OutgoingMessage {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly payload: EncryptedPayload;
  readonly timestamp: Timestamp;
}

/**
 * Creates the verb by which a local person sends: the message and one delivery per remote server commit together, and
 * that commit is what "sent" means. A repeat of the same content gives the stored message again. To somebody who never
 * was in it a conversation is unknown.
 * @throws ProtocolError `invalid_body`, `message_id_conflict`, `unknown_conversation`, `not_a_member`; DomainError `message_too_long`
 * @see docs/protocol.md [DEL-1] [API-2]
 */
export function createMessageSender(options: {
  readonly localDomain: Domain;
  readonly messages: MessageStore;
  readonly conversations: Pick<ConversationStore, 'findFor'>;
  readonly notifier: Notifier;
  readonly waker: DeliveryWaker;
  readonly clock: Clock;
}): (message: OutgoingMessage) => Promise<StoredMessage> {
  const { localDomain, messages, conversations, notifier, waker, clock } = options;
  return async (message) => {
    const now = clock.now();
    assertNotFuture(message.timestamp, now);
    const longestBody = bodyFor(message, LONGEST_DOMAIN);
    if (Buffer.byteLength(longestBody) > MAX_BODY_BYTES) throw new DomainError('message_too_long');
    const contentHash = withReadableBody(longestBody, () => sha256Base64(messageContentInput({ ...message, recipientServerDomain: localDomain })));
    const deliveryFor = (destination: Domain): OutboxDraft => ({
      destination,
      messageId: message.messageId,
      senderId: message.senderId,
      method: 'POST',
      target: MESSAGES_TARGET,
      body: bodyFor(message, destination),
      fullOnly: false,
    });
    const outcome = await messages.insert(
      { ...message, originDomain: localDomain, contentHash },
      { localDomain, now, deliveryFor },
    );
    switch (outcome.kind) {
      case 'stored':
        notifier.notify(outcome.localMembers, { kind: 'message', message: outcome.message });
        if (outcome.remoteDomains.length > 0) waker.wake();
        return outcome.message;
      case 'duplicate':
        return outcome.message;
      case 'conflict':
        throw new ProtocolError('message_id_conflict');
      case 'unknown_conversation':
        throw new ProtocolError('unknown_conversation');
      case 'not_a_member': {
        const known = await conversations.findFor(message.senderId, message.conversationId);
        throw new ProtocolError(known === null ? 'unknown_conversation' : 'not_a_member');
      }
      default:
        return assertNever(outcome);
    }
  };
}

function bodyFor(message: OutgoingMessage, recipientServerDomain: string): string {
  const { messageId, conversationId, senderId, payload, timestamp } = message;
  return JSON.stringify({ messageId, conversationId, senderId, recipientServerDomain, payload, timestamp });
}
