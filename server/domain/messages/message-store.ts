import type { ConversationId, Domain, MessageId, UserId } from '../../../protocol/ids.ts';
import type { EncryptedPayload } from '../../../protocol/schemas/encrypted-payload.ts';
import type { Timestamp } from '../../../protocol/timestamp.ts';

/** The nonce of one signed request: stored in the commit of what the request brings, or by itself [SIG-5]. */
export interface RequestNonce {
  readonly keyId: Domain;
  readonly nonce: string;
  readonly expiresAt: Date;
}

export interface MessageDraft {
  readonly conversationId: ConversationId;
  readonly originDomain: Domain;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly payload: EncryptedPayload;
  /** The payload as it is stored: canonical JSON. */
  readonly payloadText: string;
  readonly timestamp: Timestamp;
  readonly contentHash: string;
}

export interface StoredMessage {
  readonly conversationId: ConversationId;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly payload: EncryptedPayload;
  readonly timestamp: Timestamp;
  readonly position: number;
  readonly receivedAt: Date;
}

/** Outcomes in the order in which they are looked for [ERR-3]. */
export type InsertMessageOutcome =
  | { readonly kind: 'duplicate'; readonly message: StoredMessage }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown_conversation' }
  | { readonly kind: 'not_a_member' }
  /** `remoteDomains`: those with a member at that moment, sorted; a local sender's message has a delivery to each. */
  | { readonly kind: 'stored'; readonly message: StoredMessage; readonly localMembers: readonly UserId[]; readonly remoteDomains: readonly Domain[] };

export interface MessageStore {
  /**
   * Stores messages in order, and for each local sender one delivery per remote domain, in one transaction [DEL-1],
   * which it shares with whatever else is stored at the same moment. Gives one outcome for each draft, in order, once
   * that transaction is durable. With `nonce`, that is stored in the same transaction, and `replayed` is given instead
   * of outcomes, with nothing stored, where it was known already.
   */
  insert(
    drafts: readonly MessageDraft[],
    options: { readonly localDomain: Domain; readonly now: Date; readonly nonce: RequestNonce | null },
  ): Promise<readonly InsertMessageOutcome[] | 'replayed'>;
  /** Messages that this user may see, in order of position; null when the conversation is not theirs. */
  list(
    userId: UserId,
    conversationId: ConversationId,
    range: { readonly after?: number; readonly before?: number; readonly limit: number },
  ): Promise<readonly StoredMessage[] | null>;
}
