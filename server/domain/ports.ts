import type { ConversationId, Domain, UserId } from '../../protocol/ids.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { PublicKeyAnswer } from '../../protocol/schemas/public-key-answer.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { RequestNonce, StoredMessage } from './messages/message-store.ts';
import type { DeliveryState, OutboxDraft } from './outbox/outbox-store.ts';
import type { Receipt } from './receipts/receipt-store.ts';

/** Tells the time; the only way the domain learns it. */
export interface Clock {
  now(): Date;
}

/** Argon2id cost and salt that a browser uses for one account; memory in KiB, salt base64 of 16 bytes [E2E-11]. */
export interface PasswordHashing {
  readonly algorithm: 'argon2id';
  readonly salt: string;
  readonly memoryKiB: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** The published identity of a local user, as `GET /users/{userId}/public_key` answers it (all members present). */
export type PublicIdentity = Required<PublicKeyAnswer>;

/** A sealed vault with its two wrapped keys; opaque to the server. */
export interface SealedVault {
  readonly counter: number;
  readonly sealed: string;
  readonly wrappedByPassword: string;
  readonly wrappedByRecovery: string;
}

export interface Account {
  readonly userId: UserId;
  readonly passwordHashing: PasswordHashing;
  readonly authVerifier: string;
  readonly publicIdentity: PublicIdentity;
  readonly createdAt: Date;
  readonly deactivatedAt: Date | null;
}

/** Whether a person of this server has an account, had one, or never did. */
export type AccountStanding = 'active' | 'gone' | 'unknown';

export interface AccountStore {
  /** Stores account and vault in one transaction; false when the user id is taken. */
  insert(account: Account, vault: SealedVault): Promise<boolean>;
  find(userId: UserId): Promise<Account | null>;
  replaceIdentity(userId: UserId, identity: PublicIdentity): Promise<void>;
  findVault(userId: UserId): Promise<SealedVault | null>;
  /** Replaces the vault if the stored counter is exactly `vault.counter - 1`; false otherwise. */
  replaceVault(userId: UserId, vault: SealedVault, now: Date): Promise<boolean>;
}

export interface AuthSession {
  readonly id: string;
  readonly userId: UserId;
  readonly label: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}

export interface AuthSessionStore {
  insert(session: AuthSession): Promise<void>;
  find(id: string): Promise<AuthSession | null>;
  listActive(userId: UserId, now: Date): Promise<readonly AuthSession[]>;
  touch(id: string, now: Date): Promise<void>;
  /** Revokes one session of this user; false when there is none such. */
  revoke(userId: UserId, id: string, now: Date): Promise<boolean>;
}

export type PeerPolicy = 'default' | 'allowed' | 'blocked';

/** What is known of another domain; instants are null when it never happened. */
export interface Peer {
  readonly domain: Domain;
  readonly policy: PeerPolicy;
  /** The received key document as JSON text, null when none was ever accepted. */
  readonly keyDocument: string | null;
  readonly keyFetchedAt: Date | null;
  readonly keyFreshUntil: Date | null;
  readonly lastInboundAt: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly lastFailureAt: Date | null;
  readonly lastFailureReason: string | null;
  readonly consecutiveFailures: number;
  /** Since when the circuit is open: 5 failures of the peer within 10 minutes, nothing heard from it since [DEL-4]. */
  readonly circuitOpenedAt: Date | null;
  readonly nextAttemptAt: Date | null;
}

export interface PeerStore {
  find(domain: Domain): Promise<Peer | null>;
  list(): Promise<readonly Peer[]>;
  setPolicy(domain: Domain, policy: PeerPolicy): Promise<void>;
  saveKeyDocument(domain: Domain, document: { json: string; fetchedAt: Date; freshUntil: Date }): Promise<void>;
  /** Records an authenticated inbound request, clears the back-off of the queue to that domain and closes its circuit. */
  recordInbound(domain: Domain, now: Date): Promise<void>;
  recordSuccess(domain: Domain, now: Date): Promise<void>;
  /** Records a failure of the peer itself; the fifth within 10 minutes opens the circuit [DEL-4]. */
  recordFailure(domain: Domain, failure: { now: Date; reason: string; nextAttemptAt: Date }): Promise<void>;
}

export interface NonceStore {
  /** Remembers a nonce; false when it was already known [SIG-5]. */
  accept(nonce: RequestNonce): Promise<boolean>;
  deleteExpired(now: Date): Promise<number>;
}

export type ChangeAction = 'create' | 'add_participant' | 'rotate_key' | 'leave';

export interface ConversationState {
  readonly key: bigint;
  readonly ownerDomain: Domain;
  readonly conversationId: ConversationId;
  readonly epoch: number;
  /** Present members, local and remote. */
  readonly participants: readonly UserId[];
  /** Who left since the present epoch began, and did not come back. */
  readonly leftInEpoch: readonly UserId[];
  /**
   * The epoch in which a rotation or their own leave took out whoever acts, as their server was told; null while they
   * are a member, where they never were, and where a founding anew passed over them.
   */
  readonly actorRemovedAtEpoch: number | null;
}

/** What a change is decided on, while nothing else can change it. */
export interface FoundConversation {
  readonly state: ConversationState | null;
  /** Whether a change of the same content was ever accepted. */
  readonly repeat: boolean;
  /** Looks up each of these people of this server, all of them at once and within the change's own transaction. */
  readonly findStandings: (userIds: readonly UserId[]) => Promise<ReadonlyMap<UserId, AccountStanding>>;
}

/** A change of a conversation, decided and ready to store. */
export interface ChangeWrite {
  readonly ownerDomain: Domain;
  readonly conversationId: ConversationId;
  readonly epoch: number;
  readonly action: ChangeAction;
  readonly initiatorId: UserId;
  readonly participantsAfter: readonly UserId[];
  /** Keys for local users only. */
  readonly sessionKeys: readonly { readonly userId: UserId; readonly encryptedSessionKey: string }[];
  readonly membership: JsonObject | null;
  readonly membershipSignature: string | null;
  /** Base64 of 64 bytes, of a `leave` alone [E2E-6]. */
  readonly leaveSignature: string | null;
  readonly timestamp: Timestamp;
  readonly contentHash: string;
  readonly deliveries: readonly OutboxDraft[];
  readonly now: Date;
  /** Local users that have accepted the conversation by this change (its creator). */
  readonly acceptedBy: readonly UserId[];
}

export type ChangeDecision<Refusal> =
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'apply'; readonly write: ChangeWrite };

export interface StoredChange {
  readonly epoch: number;
  readonly action: ChangeAction;
  readonly initiatorId: UserId;
  /** The members after the change, a `leave` included. */
  readonly allParticipants: readonly UserId[];
  readonly membership: JsonObject | null;
  readonly membershipSignature: string | null;
  /** What a `leave` was signed with, null where it came without and for every other change [E2E-6]. */
  readonly leaveSignature: string | null;
  readonly timestamp: Timestamp;
  readonly afterPosition: number;
}

interface WrappedSessionKey {
  readonly epoch: number;
  readonly encryptedSessionKey: string;
}

/** A conversation as one local user sees it. */
export interface ConversationSummary {
  readonly conversationId: ConversationId;
  readonly ownerDomain: Domain;
  readonly epoch: number;
  readonly participants: readonly UserId[];
  /** member, or removed: then nothing after `lastPosition` is theirs. */
  readonly standing: 'member' | 'removed';
  readonly accepted: boolean;
  readonly lastPosition: number;
  readonly lastReadPosition: number;
  /** Everything up to here is on a device of theirs, or was never theirs to receive. */
  readonly deliveredPosition: number;
  /** Those of `participants` that are known to have taken it up; a server that tells no such thing leaves its users out. */
  readonly acceptedBy: readonly UserId[];
  readonly lastMessage: StoredMessage | null;
  readonly unreadCount: number;
  readonly createdAt: Date;
}

export interface ConversationStore {
  /**
   * Locks the conversation that `find` names (created rows included), shows it to `decide` and stores what that decides
   * in the same transaction. Of several conversations of one id the one that holds this very change is meant, then that
   * of `preferredOwner` (null: of nobody), then one that `actor` is in.
   */
  change<Refusal>(
    find: { readonly conversationId: ConversationId; readonly preferredOwner: Domain | null; readonly actor: UserId; readonly contentHash: string },
    decide: (found: FoundConversation) => ChangeDecision<Refusal> | Promise<ChangeDecision<Refusal>>,
  ): Promise<ChangeDecision<Refusal>>;
  listFor(userId: UserId): Promise<readonly ConversationSummary[]>;
  findFor(userId: UserId, conversationId: ConversationId): Promise<ConversationSummary | null>;
  /** Changes and wrapped keys that this user is entitled to, oldest first. */
  historyFor(userId: UserId, conversationId: ConversationId): Promise<{ readonly changes: readonly StoredChange[]; readonly sessionKeys: readonly WrappedSessionKey[] } | null>;
}

/** What local users are told as it happens; the wire form is in server/realtime/events.ts. */
export type DomainEvent =
  | { readonly kind: 'message'; readonly message: StoredMessage }
  | { readonly kind: 'conversation'; readonly conversationId: ConversationId }
  | { readonly kind: 'membership'; readonly conversationId: ConversationId; readonly epoch: number }
  | { readonly kind: 'delivery'; readonly delivery: DeliveryState }
  | ({ readonly kind: 'receipt' } & Receipt)
  | { readonly kind: 'typing'; readonly conversationId: ConversationId; readonly userId: UserId }
  | { readonly kind: 'accepted'; readonly conversationId: ConversationId; readonly userId: UserId };

export interface Notifier {
  notify(userIds: readonly UserId[], event: DomainEvent): void;
}

/** Wakes the delivery worker after a commit that queued something for these domains, or once one of them shows itself alive. */
export interface DeliveryWaker {
  wake(domains: readonly Domain[]): void;
}
