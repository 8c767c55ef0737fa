import type { ConversationId, Domain, MessageId, UserId } from '../../protocol/ids.ts';
import type { Accounts, SignupPolicy } from '../domain/accounts/accounts.ts';
import type { AuthSessions } from '../domain/accounts/auth-sessions.ts';
import type { ContactLookup } from '../domain/contacts/lookup-contact.ts';
import type { AcceptedChange } from '../domain/conversations/accept-change.ts';
import type { ChangeBody } from '../domain/conversations/change-rules.ts';
import type { OutgoingMessage, SentMessage } from '../domain/messages/send-message.ts';
import type { MessageStore } from '../domain/messages/message-store.ts';
import type { DeliveryState, OutboxStore } from '../domain/outbox/outbox-store.ts';
import type { ConversationStore } from '../domain/ports.ts';
import type { Acknowledgement } from '../domain/receipts/acknowledgement-store.ts';
import type { PrivacyStore } from '../domain/receipts/privacy.ts';
import type { ReceiptStore } from '../domain/receipts/receipt-store.ts';
import type { WireEvent } from '../domain/wire-event.ts';

/** Opens the stream of a person's events, from the one after `cursor`; it may end at any time. */
type OpenEventStream = (request: {
  readonly userId: UserId;
  readonly sessionId: string;
  readonly cursor: string | null;
  readonly isLive: () => Promise<boolean>;
  readonly signal: AbortSignal;
}) => AsyncIterable<{ readonly cursor: string; readonly event: WireEvent }>;

/** The verbs of the domain that procedures call. */
export interface TrpcServices {
  readonly domain: Domain;
  readonly signup: SignupPolicy;
  readonly accounts: Accounts;
  readonly sessions: AuthSessions;
  readonly lookupContact: (userId: UserId) => Promise<ContactLookup>;
  readonly changeConversation: (body: ChangeBody) => Promise<AcceptedChange>;
  readonly conversations: Omit<ConversationStore, 'change'>;
  readonly sendMessage: (message: OutgoingMessage) => Promise<SentMessage>;
  readonly messages: Pick<MessageStore, 'list'>;
  readonly deliveryStates: OutboxStore['deliveryStates'];
  readonly retryDelivery: (author: UserId, messageId: MessageId, domain: Domain) => Promise<DeliveryState>;
  readonly openEventStream: OpenEventStream;
  readonly acknowledge: (acknowledgement: Acknowledgement) => Promise<void>;
  readonly acceptRequest: (userId: UserId, conversationId: ConversationId) => Promise<void>;
  readonly tellTyping: (userId: UserId, conversationId: ConversationId) => Promise<void>;
  readonly receipts: Pick<ReceiptStore, 'receiptsOf' | 'datedReceiptsOf'>;
  readonly privacy: PrivacyStore;
}

interface SignedInContext {
  readonly userId: UserId;
  readonly sessionId: string;
}

export interface TrpcContext {
  readonly services: TrpcServices;
  readonly signedIn: SignedInContext | null;
  readonly sourceAddress: string;
  /** Whether the request carries `x-securechat-client`, which no page of another origin can add unasked. */
  readonly fromClient: boolean;
}
