import type { ConversationId, Domain, MessageId, UserId } from '../../protocol/ids.ts';

// Identifiers were parsed before they were stored; reading them again for every row would only cost time.

/** Names a stored text as the domain it was stored as. */
export function parseStoredDomain(text: string): Domain {
  return text as Domain;
}

/** Names a stored text as the user id it was stored as. */
export function parseStoredUserId(text: string): UserId {
  return text as UserId;
}

/** Names a stored text as the conversation id it was stored as. */
export function parseStoredConversationId(text: string): ConversationId {
  return text as ConversationId;
}

/** Names a stored text as the message id it was stored as. */
export function parseStoredMessageId(text: string): MessageId {
  return text as MessageId;
}
