import type { ConversationId, Domain, MessageId, UserId } from '../protocol/ids.ts';
import type { EncryptedPayload } from '../protocol/schemas/encrypted-payload.ts';
import type { Timestamp } from '../protocol/timestamp.ts';

/** One message that a client tried to send, with what it was told. */
export interface SentMessage {
  readonly number: number;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly origin: Domain;
  readonly conversationId: ConversationId;
  readonly payload: EncryptedPayload;
  readonly timestamp: Timestamp;
  /** When the first call began, in the order of everything that clients did. */
  readonly beganAt: number;
  /** When the first acknowledgement was heard, null where none was. */
  acknowledgedAt: number | null;
  /** The position that the acknowledgements named. */
  readonly positions: Set<number>;
  /** Why the server refused it, null where it did not. */
  refusedAs: string | null;
  /** Every call that ended otherwise, with its error. */
  readonly errors: string[];
}

/** Somebody whose membership was changed after the founding, as `<conversation id> <user id>`. */
export type MovedMember = string;

/** What clients did and were told. */
export interface SendRecord {
  readonly messages: Map<string, SentMessage>;
  readonly moved: Set<MovedMember>;
  /** Gives the next place in the order of everything. */
  tick(): number;
}

/** Creates an empty record. */
export function createSendRecord(): SendRecord {
  let ticks = 0;
  return { messages: new Map(), moved: new Set(), tick: () => (ticks += 1) };
}

/** Names a membership in {@link SendRecord.moved}. */
export function memberKey(conversationId: string, userId: string): MovedMember {
  return `${conversationId} ${userId}`;
}
