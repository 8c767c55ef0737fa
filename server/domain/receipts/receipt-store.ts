import type { ConversationId, Domain, MessageId, UserId } from '../../../protocol/ids.ts';
import type { FederationEvent } from '../../../protocol/schemas/events-body.ts';
import type { Timestamp } from '../../../protocol/timestamp.ts';

/** An event that leaves no trace. */
export type TypingEvent = Extract<FederationEvent, { readonly type: 'typing' }>;

/** An event that is kept. */
export type LastingEvent = Exclude<FederationEvent, TypingEvent>;

/** What another member did with messages of one local author; what they read is on a device of theirs as well [DEL-6]. */
export interface Receipt {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly messageIds: readonly MessageId[];
  readonly state: 'on_device' | 'read';
}

/** A receipt with the local author whom it concerns. */
export interface AuthorReceipt extends Receipt {
  readonly authorId: UserId;
}

/** A remote user and the local members of a conversation that they are in as well. */
export interface Company {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly localMembers: readonly UserId[];
}

/** What events brought that was not known before. */
interface RecordedEvents {
  /** One for each author, user, conversation and state; message ids in order of position. */
  readonly receipts: readonly AuthorReceipt[];
  readonly accepted: readonly Company[];
}

/** When a message of a local author came to a device of another member, and when it was read, as their server states. */
interface DatedReceipt {
  readonly messageId: MessageId;
  readonly userId: UserId;
  readonly deliveredAt: Timestamp;
  readonly readAt: Timestamp | null;
}

/** Keeps what others did with what local users sent. An author who gives no receipts is shown none. */
export interface ReceiptStore {
  /**
   * Stores in one transaction what remote users state of messages of local senders, and that they took up a
   * conversation. What comes again changes nothing; events of who is no present member are passed over, and so are
   * messages that are unknown or were never theirs to receive [API-8].
   */
  record(events: readonly LastingEvent[], at: { readonly localDomain: Domain; readonly now: Date }): Promise<RecordedEvents>;
  /** Finds the local members beside each of these users who are shown who writes, where those are members themselves. */
  findCompany(events: readonly TypingEvent[], localDomain: Domain): Promise<readonly Company[]>;
  /** Gives what is known of these messages as far as this user wrote them, one for each conversation, user and state. */
  receiptsOf(author: UserId, messageIds: readonly MessageId[]): Promise<readonly Receipt[]>;
  /** Gives the same with its times, one for each message and user. */
  datedReceiptsOf(author: UserId, messageIds: readonly MessageId[]): Promise<readonly DatedReceipt[]>;
}
