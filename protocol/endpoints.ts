import type { ConversationId, UserId } from './ids.ts';

/** Is where every signed endpoint lives. */
export const FEDERATION_PREFIX = '/federation/v1';

/** Is where a domain publishes its federation keys. @see docs/protocol.md [KEY-2] */
export const KEY_DOCUMENT_PATH = '/.well-known/securechat-federation-key';

/** Is the request-target that takes messages. @see docs/protocol.md [API-2] */
export const MESSAGES_TARGET = `${FEDERATION_PREFIX}/messages`;

/** Is the request-target that takes new conversations and new members. @see docs/protocol.md [API-3] */
export const CONVERSATIONS_TARGET = `${FEDERATION_PREFIX}/conversations`;

/** Builds the request-target of a user's public key. @see docs/protocol.md [API-1] */
export function userPublicKeyTarget(userId: UserId): string {
  return `${FEDERATION_PREFIX}/users/${userId}/public_key`;
}

/** Builds the request-target that takes a conversation's new session key. @see docs/protocol.md [API-4] */
export function sessionKeyTarget(conversationId: ConversationId): string {
  return `${FEDERATION_PREFIX}/conversations/${conversationId}/session_key`;
}
