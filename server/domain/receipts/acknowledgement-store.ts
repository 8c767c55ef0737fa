import type { ConversationId, Domain, UserId } from '../../../protocol/ids.ts';
import type { AuthorReceipt, Company } from './receipt-store.ts';

/** How far a local user's devices have got in a conversation, by position: all up to there is on a device, or read. */
export interface Acknowledgement {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly delivered: number | null;
  /** What is read is on a device as well. */
  readonly read: number | null;
}

/** Who is to hear of an acknowledgement. */
interface StoredAcknowledgement {
  /** What is new to authors of this server that take receipts. */
  readonly receipts: readonly AuthorReceipt[];
  /** Remote domains that something waits for from now on. */
  readonly domains: readonly Domain[];
}

/** Who is to hear that somebody took up a conversation, and what they did with it until then. */
interface StoredAcceptance extends Company, StoredAcknowledgement {
  /** Every remote domain with a member, or with messages that are on a device. */
  readonly domains: readonly Domain[];
}

/** Who is to hear at once that somebody writes. */
interface Audience {
  /** The other members of this server that are shown such things. */
  readonly localMembers: readonly UserId[];
  /** Every remote domain with a member. */
  readonly remoteDomains: readonly Domain[];
}

/** Keeps what local users did with what they were sent, and what other domains are still to be told of it. */
export interface AcknowledgementStore {
  /**
   * Raises how far a local user has got, never past what they can see, and in the same transaction notes what follows
   * from it: receipts for authors of this server, and for each other domain what its own users' messages are about
   * [API-8]. Nothing follows for who gives no receipts, has not accepted the
   * conversation, or is no member any more. Null when the conversation is not theirs.
   */
  acknowledge(acknowledgement: Acknowledgement, at: { readonly localDomain: Domain; readonly now: Date }): Promise<StoredAcknowledgement | null>;
  /**
   * Notes that a local user took up a conversation, that every other domain is to be told, and what follows from how far
   * they have got. A repeat gives no domains and nobody to tell; null when the conversation is not theirs.
   */
  accept(userId: UserId, conversationId: ConversationId, at: { readonly localDomain: Domain; readonly now: Date }): Promise<StoredAcceptance | null>;
  /** Finds who hears that a local member writes: nobody where that member tells no such thing or has not accepted; null when they are no member. */
  findAudience(userId: UserId, conversationId: ConversationId, localDomain: Domain): Promise<Audience | null>;
}
