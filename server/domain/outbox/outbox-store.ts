import type { ConversationId, Domain, MessageId, UserId } from '../../../protocol/ids.ts';

/** A conversation change to send to one peer, queued in the transaction of the change itself [DEL-1]. */
export interface OutboxDraft {
  readonly destination: Domain;
  readonly senderId: UserId;
  readonly method: 'POST' | 'PUT';
  readonly target: string;
  /** JSON text of the request body. */
  readonly body: string;
  /** Only for a peer of the Full profile; for a Core one it is dropped where it would be sent. */
  readonly fullOnly: boolean;
}

/** One thing that waits to be sent; the body of a message is made from the stored message when it is listed. */
export interface OutboxItem extends OutboxDraft {
  readonly id: bigint;
  readonly conversationKey: bigint;
  /** Null where nobody here is in the conversation any more. */
  readonly conversationId: ConversationId | null;
  /** Set for messages, null for conversation changes. */
  readonly messageId: MessageId | null;
  readonly attempts: number;
  readonly createdAt: Date;
  /** When `unknown_conversation` was first answered [ERR-4]. */
  readonly firstRefusedAt: Date | null;
}

/** How one delivery stands, as the author may see it [DEL-6]. */
export interface DeliveryState {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly domain: Domain;
  readonly state: 'queued' | 'delivered' | 'failed';
  /** How often it was tried without success. */
  readonly attempts: number;
  readonly errorCode: string | null;
  readonly nextAttemptAt: Date | null;
}

/**
 * Where to look for destinations with something to do: `everywhere` walks the whole queue (at the start, and now and
 * then for what a lost wake left behind), `due` looks only at what has an instant that has come (a held queue, a
 * retried item, a claim that ran out), a list at these domains alone.
 */
export type ClaimScope = 'everywhere' | 'due' | readonly Domain[];

export interface OutboxStore {
  /**
   * Claims domains with due items or receipts, no hold and no live claim, for `claimMs` (FOR UPDATE SKIP LOCKED)
   * [DEL-5]: of each of the disjoint `groups` up to its own limit, of all others up to `limit`. Who has waited longest
   * comes first [DEL-4].
   */
  claimDestinations(options: {
    workerId: string;
    now: Date;
    claimMs: number;
    scope: ClaimScope;
    limit: number;
    groups?: readonly { readonly domains: readonly Domain[]; readonly limit: number }[];
  }): Promise<readonly Domain[]>;
  /** Extends the claims that this worker still holds among these domains, in one statement; gives those that it holds. */
  extendClaims(options: { domains: readonly Domain[]; workerId: string; now: Date; claimMs: number }): Promise<readonly Domain[]>;
  /** Gives a claim back: the turn of that domain ended `now`. */
  releaseDestination(domain: Domain, turn: { workerId: string; now: Date }): Promise<void>;
  /** Due items of a domain in order, none of the conversations `without`; per conversation nothing behind an item that is not due yet. */
  listDue(domain: Domain, options: { now: Date; limit: number; without?: readonly bigint[] }): Promise<readonly OutboxItem[]>;
  /** Takes out what a peer has accepted; gives the ids of those that were still queued. */
  markDelivered(domain: Domain, ids: readonly bigint[]): Promise<readonly bigint[]>;
  /** Puts a queued item back; false when it is not queued any more (as in the next). */
  markRetry(item: OutboxItem, retry: { firstRefusedAt: Date | null; nextAttemptAt: Date; errorCode: string }): Promise<boolean>;
  /** Gives up a queued item; with `firstRefusedAt` the later ones of its conversation count from the same first refusal. */
  markFailed(item: OutboxItem, failure: { now: Date; errorCode: string; firstRefusedAt?: Date | null }): Promise<boolean>;
  /** The first queued messages of a peer, as their authors may be told while its queue is held; counts no attempt of theirs. */
  noteQueueFailure(domain: Domain, failure: { errorCode: string; nextAttemptAt: Date; limit: number }): Promise<readonly DeliveryState[]>;
  /** Requeues one failed delivery of this author; null when there is none such. */
  requeueFailed(delivery: { senderId: UserId; messageId: MessageId; domain: Domain; now: Date }): Promise<DeliveryState | null>;
  /** The state of each delivery of these messages of this author, by message and domain; what is not in the queue any more was delivered. */
  deliveryStates(viewer: UserId, messageIds: readonly MessageId[]): Promise<readonly DeliveryState[]>;
  /** The earliest instant at which `due` may find something, null when there is none. */
  nextDueAt(): Promise<Date | null>;
}
