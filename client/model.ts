import type { UnreadableReason } from '../e2ee/message.ts';

export type { UnreadableReason };

/** What the screens (and the headless driver) see of the chat: plain data, already decrypted and verified. */

/** One hop of a message towards one domain [DEL-6]. */
export interface DeliveryView {
  readonly domain: string;
  /** waiting: queued at the own server; stored: that domain has it; failed: given up, with the reason. */
  readonly state: 'waiting' | 'stored' | 'failed';
  readonly attempts: number;
  /** Registry code of docs/protocol.md or a transport reason (`connect_failed`, `tls_failed`, `dns_failure`, `timeout`, `expired`…). */
  readonly errorCode: string | null;
  readonly nextAttemptAt: Date | null;
}

/** What a recipient's server told of an own message; what is read is on a device as well [DEL-6]. */
export interface ReceiptView {
  readonly userId: string;
  readonly state: 'on_device' | 'read';
}

/** A receipt with its times, as the recipient's server states them. */
export interface DatedReceiptView {
  readonly userId: string;
  readonly deliveredAt: Date;
  readonly readAt: Date | null;
}

/** What a person lets others see, and is shown of others in return. */
export interface PrivacyView {
  /** That messages are on a device, and that they are read. */
  readonly receipts: boolean;
  readonly typing: boolean;
}

export interface MessageView {
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly own: boolean;
  /** Null while the own server has not stored it. */
  readonly position: number | null;
  readonly sentAt: Date;
  readonly epoch: number | null;
  readonly body: { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };
  /** Own messages only: sending (not stored at the own server yet), rejected (own server refused), or stored. */
  readonly localState: 'sending' | 'rejected' | 'stored';
  /** Own messages only: one entry per remote domain. */
  readonly deliveries: readonly DeliveryView[];
  /** Own messages only: whom it was written for. */
  readonly recipients: readonly string[];
  /** Own messages only: what is known of some of them. */
  readonly receipts: readonly ReceiptView[];
}

/** A line in the timeline that tells of a change: who did it, what, to whom. */
export interface SystemLineView {
  readonly kind: 'created' | 'added' | 'removed' | 'left' | 'owner_left' | 'rotated' | 'refused_change' | 'key_reset' | 'unverified';
  readonly epoch: number;
  readonly actorId: string;
  readonly subjectIds: readonly string[];
  readonly at: Date;
  /** Shown behind the message at this position. */
  readonly afterPosition: number;
}

export interface ParticipantView {
  readonly userId: string;
  readonly role: 'owner' | 'admin' | 'member';
  readonly self: boolean;
  /** Whether they are known to have taken up the conversation. */
  readonly accepted: boolean;
}

export interface ConversationView {
  readonly conversationId: string;
  /** The person's private label, null when there is none; sealed in the vault, no server reads it. */
  readonly label: string | null;
  readonly participants: readonly ParticipantView[];
  readonly epoch: number;
  /** member: may write; removed: taken out or left, read-only, and says so; blocked: membership cannot be verified, with a sentence. */
  readonly standing: 'member' | 'removed' | 'unverified';
  readonly accepted: boolean;
  readonly unreadCount: number;
  readonly lastMessage: MessageView | null;
  readonly lastActivityAt: Date;
}

export interface TimelinePage {
  readonly messages: readonly MessageView[];
  readonly systemLines: readonly SystemLineView[];
  readonly hasOlder: boolean;
}

/** Distinct outcomes of looking a person up; `domain` names whose side it is. */
export type LookupOutcome =
  | { readonly kind: 'found'; readonly userId: string; readonly safetyNumber: string | null }
  | { readonly kind: 'invalid_id' | 'self' }
  | {
      readonly kind: 'no_such_server' | 'server_silent' | 'no_such_user' | 'user_gone' | 'blocked' | 'refused' | 'bad_identity';
      readonly domain: string;
    };

export type ConnectionState = 'connecting' | 'online' | 'offline';

export type ClientEvent =
  | { readonly kind: 'message'; readonly message: MessageView }
  | { readonly kind: 'delivery'; readonly conversationId: string; readonly messageId: string; readonly delivery: DeliveryView }
  | { readonly kind: 'receipt'; readonly conversationId: string; readonly messageIds: readonly string[]; readonly receipt: ReceiptView }
  /** Somebody writes, at this moment. */
  | { readonly kind: 'typing'; readonly conversationId: string; readonly userId: string }
  | { readonly kind: 'privacy'; readonly privacy: PrivacyView }
  /** The list, membership or history of conversations changed: ask again. */
  | { readonly kind: 'conversations'; readonly conversationId: string | null }
  | { readonly kind: 'connection'; readonly state: ConnectionState }
  /** The session was revoked or ended elsewhere. */
  | { readonly kind: 'signed_out' };

export interface SignedIn {
  readonly userId: string;
  readonly domain: string;
}

interface InstanceInfo {
  readonly domain: string;
  readonly signup: 'open' | 'invite' | 'closed';
}

/** An expected failure of a client action; `code` is closed so that screens can word it. */
export type ClientErrorCode =
  | 'offline'
  | 'signed_out'
  | 'wrong_credentials'
  | 'username_taken'
  | 'username_invalid'
  | 'password_too_short'
  | 'signup_closed'
  | 'rate_limited'
  | 'vault_refused'
  | 'not_permitted'
  | 'membership_frozen'
  | 'not_a_member'
  | 'unknown_conversation'
  | 'participant_unavailable'
  | 'message_too_long'
  | 'stale_epoch'
  | 'server_error';

/** The whole client, without a user interface. Every method rejects with `ClientError` (client/client-error.ts). */
export interface ChatClient {
  readonly account: {
    instance(): Promise<InstanceInfo>;
    register(input: { username: string; password: string; invite?: string }): Promise<{ userId: string; recoveryKey: string }>;
    signIn(input: { username: string; password: string }): Promise<SignedIn>;
    /** Opens what this browser keeps sealed; null when nobody is signed in here. */
    restore(): Promise<SignedIn | null>;
    current(): SignedIn | null;
    signOut(): Promise<void>;
    resetIdentity(): Promise<void>;
    privacy(): Promise<PrivacyView>;
    setPrivacy(privacy: PrivacyView): Promise<void>;
  };
  readonly contacts: {
    lookup(userId: string): Promise<LookupOutcome>;
    safetyNumber(userId: string): Promise<string>;
  };
  readonly conversations: {
    list(): Promise<readonly ConversationView[]>;
    get(conversationId: string): Promise<ConversationView>;
    /** With one participant, answers the existing two-person conversation if there is one. */
    open(participants: readonly string[], label?: string): Promise<{ conversationId: string }>;
    addParticipant(conversationId: string, userId: string): Promise<void>;
    removeParticipant(conversationId: string, userId: string): Promise<void>;
    rotate(conversationId: string): Promise<void>;
    /** Takes oneself out, signed; the chat is read-only afterwards. An owner's leave freezes who is in it. */
    leave(conversationId: string): Promise<void>;
    accept(conversationId: string): Promise<void>;
    setLabel(conversationId: string, label: string | null): Promise<void>;
    markRead(conversationId: string, position: number): Promise<void>;
    /** Lets the others know that one is writing; call it with every key. */
    typing(conversationId: string): void;
  };
  readonly messages: {
    list(conversationId: string, options?: { before?: number; after?: number; limit?: number }): Promise<TimelinePage>;
    /** Resolves when the own server has stored it; `onQueued` hands out the view at once, in state `sending`. */
    send(conversationId: string, text: string, onQueued?: (message: MessageView) => void): Promise<MessageView>;
    retry(messageId: string, domain: string): Promise<void>;
    receipts(messageId: string): Promise<readonly DatedReceiptView[]>;
  };
  readonly drafts: {
    get(conversationId: string): Promise<string>;
    set(conversationId: string, text: string): Promise<void>;
  };
  subscribe(listener: (event: ClientEvent) => void): () => void;
  connection(): ConnectionState;
  close(): void;
}
