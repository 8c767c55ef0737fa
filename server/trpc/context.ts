import type { Domain, MessageId, UserId } from '../../protocol/ids.ts';
import type { Accounts, SignupPolicy } from '../domain/accounts/accounts.ts';
import type { AuthSessions } from '../domain/accounts/auth-sessions.ts';
import type { ContactLookup } from '../domain/contacts/lookup-contact.ts';
import type { AcceptedChange } from '../domain/conversations/accept-change.ts';
import type { ChangeBody } from '../domain/conversations/change-rules.ts';
import type { OutgoingMessage } from '../domain/messages/send-message.ts';
import type { ConversationStore, DeliveryState, MessageStore, OutboxStore, StoredMessage } from '../domain/ports.ts';

/** The verbs of the domain that procedures call. */
export interface TrpcServices {
  readonly domain: Domain;
  readonly signup: SignupPolicy;
  readonly accounts: Accounts;
  readonly sessions: AuthSessions;
  readonly lookupContact: (userId: UserId) => Promise<ContactLookup>;
  readonly changeConversation: (body: ChangeBody) => Promise<AcceptedChange>;
  readonly conversations: Omit<ConversationStore, 'change'>;
  readonly sendMessage: (message: OutgoingMessage) => Promise<StoredMessage>;
  readonly messages: Pick<MessageStore, 'list'>;
  readonly deliveryStates: OutboxStore['deliveryStates'];
  readonly retryDelivery: (author: UserId, messageId: MessageId, domain: Domain) => Promise<DeliveryState>;
  readonly now: () => Date;
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
