import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf, parseCoreMessageId } from '../../../protocol/ids.ts';
import type { Domain, MessageId } from '../../../protocol/ids.ts';
import { canonicalizeJson } from '../../../protocol/json.ts';
import { coreMessageIdInput, messageContentInput } from '../../../protocol/same-content.ts';
import type { MessageBody } from '../../../protocol/schemas/message-body.ts';
import { assertNotFuture } from '../assert-not-future.ts';
import { sha256Base64, sha256Base64Url } from '../hashes.ts';
import type { Clock, Notifier } from '../ports.ts';
import type { TrafficObserver } from '../traffic-observer.ts';
import type { InsertMessageOutcome, MessageDraft, MessageStore, RequestNonce } from './message-store.ts';

/** What became of one message that is kept here now. */
export interface AcceptedMessage {
  readonly status: 'accepted' | 'duplicate';
  readonly messageId: MessageId;
}

/** What became of one message: the error is what its sender is answered. */
export type MessageVerdict = AcceptedMessage | ProtocolError;

/** The nonce of a request on its way into the commit of what the request brings [SIG-5]. */
export interface NonceTicket {
  /**
   * Runs a write that stores the nonce too, once; later writes of the same request get null. Throws ProtocolError
   * `replay_detected` where the store knew the nonce.
   */
  spendWith<Result>(write: (nonce: RequestNonce | null) => Promise<Result | 'replayed'>): Promise<Result>;
}

/** Takes messages of one request from the server of their senders: one verdict for each, in order, after the commit. */
export type AcceptMessages = (bodies: readonly MessageBody[], origin: Domain, ticket: NonceTicket) => Promise<readonly MessageVerdict[]>;

/**
 * Creates the verb that takes messages from their senders' server: all of them in one transaction, together with the
 * nonce of the request. Each is judged by itself, with the code of the first check that fails.
 * @see docs/protocol.md [API-2] [API-6] [API-7] [ERR-3]
 */
export function createMessageAcceptor(options: {
  readonly localDomain: Domain;
  readonly messages: MessageStore;
  readonly notifier: Notifier;
  readonly traffic: TrafficObserver;
  readonly clock: Clock;
}): AcceptMessages {
  const { localDomain, messages, notifier, traffic, clock } = options;
  return async (bodies, origin, ticket) => {
    const now = clock.now();
    const judged = bodies.map((body) => judge(body, { origin, localDomain, now }));
    const drafts = judged.filter((each): each is MessageDraft => !(each instanceof ProtocolError));
    if (drafts.length === 0) return judged.filter((each) => each instanceof ProtocolError);
    const outcomes = await ticket.spendWith((nonce) => messages.insert(drafts, { localDomain, now, nonce }));
    const stored = outcomes.filter((outcome) => outcome.kind === 'stored');
    if (stored.length > 0) traffic.accepted('remote', stored.length);
    for (const { localMembers, message } of stored) notifier.notify(localMembers, { kind: 'message', message });
    const next = outcomes.values();
    return judged.map((each) => (each instanceof ProtocolError ? each : verdictOf(next.next().value, each)));
  };
}

function judge(body: MessageBody, { origin, localDomain, now }: { origin: Domain; localDomain: Domain; now: Date }): MessageDraft | ProtocolError {
  try {
    assertNotFuture(body.timestamp, now);
    if (domainOf(body.senderId) !== origin) return new ProtocolError('sender_domain_mismatch');
    if (body.recipientServerDomain !== localDomain) return new ProtocolError('misdirected');
    const { conversationId, senderId, payload, timestamp } = body;
    const messageId = body.messageId ?? parseCoreMessageId(sha256Base64Url(coreMessageIdInput(body)));
    const payloadText = canonicalizeJson(payload);
    const contentHash = sha256Base64(messageContentInput(body, payloadText));
    return { conversationId, originDomain: origin, messageId, senderId, payload, payloadText, timestamp, contentHash };
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

function verdictOf(outcome: InsertMessageOutcome | undefined, { messageId }: MessageDraft): MessageVerdict {
  switch (outcome?.kind) {
    case 'stored':
      return { status: 'accepted', messageId };
    case 'duplicate':
      return { status: 'duplicate', messageId };
    case 'conflict':
      return new ProtocolError('message_id_conflict');
    case 'unknown_conversation':
    case 'not_a_member':
      return new ProtocolError(outcome.kind);
    case undefined:
      throw new Error('The store gave no outcome for a message.');
  }
}
