import { ProtocolError } from '../../../protocol/errors.ts';
import type { ConversationId, Domain, MessageId, UserId } from '../../../protocol/ids.ts';
import { canonicalizeJson } from '../../../protocol/json.ts';
import { MAX_BODY_BYTES } from '../../../protocol/limits.ts';
import { messageContentInput } from '../../../protocol/same-content.ts';
import type { EncryptedPayload } from '../../../protocol/schemas/encrypted-payload.ts';
import type { Timestamp } from '../../../protocol/timestamp.ts';
import { assertNever } from '../assert-never.ts';
import { assertNotFuture } from '../assert-not-future.ts';
import { DomainError } from '../domain-error.ts';
import { sha256Base64 } from '../hashes.ts';
import type { DeliveryState, OutboxStore } from '../outbox/outbox-store.ts';
import type { Clock, ConversationStore, DeliveryWaker, Notifier } from '../ports.ts';
import { withReadableJson } from '../read-by-peers.ts';
import type { TrafficObserver } from '../traffic-observer.ts';
import type { MessageStore, StoredMessage } from './message-store.ts';

/** As long as a domain can be [ID-2]. */
const LONGEST_DOMAIN = 'x'.repeat(253);
/** More than all else in a body comes to: names, ids, tag and signature, each of a bounded length. */
const MOST_AROUND_BYTES = 2_048;
/** The objects that stand open around `associatedData` in a body: the body and its payload. */
const ASSOCIATED_DATA_DEPTH = 2;

export interface OutgoingMessage {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly payload: EncryptedPayload;
  readonly timestamp: Timestamp;
}

/** A sent message as it is stored, and where it goes. */
export interface SentMessage {
  readonly message: StoredMessage;
  readonly deliveries: readonly DeliveryState[];
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
  readonly outbox: Pick<OutboxStore, 'deliveryStates'>;
  readonly conversations: Pick<ConversationStore, 'findFor'>;
  readonly notifier: Notifier;
  readonly waker: DeliveryWaker;
  readonly traffic: TrafficObserver;
  readonly clock: Clock;
}): (message: OutgoingMessage) => Promise<SentMessage> {
  const { localDomain, messages, outbox, conversations, notifier, waker, traffic, clock } = options;
  return async (message) => {
    const now = clock.now();
    assertNotFuture(message.timestamp, now);
    const payloadText = writeReadable(message);
    const contentHash = sha256Base64(messageContentInput({ ...message, recipientServerDomain: localDomain }, payloadText));
    const outcomes = await messages.insert([{ ...message, originDomain: localDomain, payloadText, contentHash }], { localDomain, now, nonce: null });
    const [outcome] = outcomes;
    if (outcomes === 'replayed' || outcome === undefined || typeof outcome === 'string') throw new Error('The store gave no outcome for a message.');
    switch (outcome.kind) {
      case 'stored':
        traffic.accepted('local', 1);
        notifier.notify(outcome.localMembers, { kind: 'message', message: outcome.message });
        if (outcome.remoteDomains.length > 0) waker.wake(outcome.remoteDomains);
        return { message: outcome.message, deliveries: outcome.remoteDomains.map((domain) => firstState(outcome.message, domain)) };
      case 'duplicate':
        return { message: outcome.message, deliveries: await outbox.deliveryStates(message.senderId, [message.messageId]) };
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

/** How a delivery stands at the commit that queued it. */
function firstState({ conversationId, messageId, senderId, receivedAt }: StoredMessage, domain: Domain): DeliveryState {
  return { conversationId, messageId, senderId, domain, state: 'queued', attempts: 0, errorCode: null, nextAttemptAt: receivedAt };
}

/** Writes a payload as canonical JSON that every peer can read. Everything but the associated data has a closed form already. */
function writeReadable(message: OutgoingMessage): string {
  const associatedData = JSON.stringify(message.payload.associatedData);
  checkLength(message, associatedData);
  return withReadableJson({ json: associatedData, depthAround: ASSOCIATED_DATA_DEPTH }, () => canonicalizeJson(message.payload));
}

/** Refuses what some domain could not be sent. */
function checkLength({ messageId, conversationId, senderId, payload, timestamp }: OutgoingMessage, associatedData: string): void {
  // Most are far from it, and need not be written out to be sure.
  if (payload.nonce.length + payload.ciphertext.length + 3 * associatedData.length + MOST_AROUND_BYTES <= MAX_BODY_BYTES) return;
  const longestBody = JSON.stringify({ messageId, conversationId, senderId, recipientServerDomain: LONGEST_DOMAIN, payload, timestamp });
  if (Buffer.byteLength(longestBody) > MAX_BODY_BYTES) throw new DomainError('message_too_long');
}
