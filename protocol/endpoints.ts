import type { ConversationId, UserId } from './ids.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES } from './limits.ts';

/** Is where every signed endpoint lives. */
export const FEDERATION_PREFIX = '/federation/v1';

/** Is where a domain publishes its federation keys. @see docs/protocol.md [KEY-2] */
export const KEY_DOCUMENT_PATH = '/.well-known/securechat-federation-key';

/** Is the request-target that takes messages. @see docs/protocol.md [API-2] */
export const MESSAGES_TARGET = `${FEDERATION_PREFIX}/messages`;

/** Is the request-target that takes new conversations and new members. @see docs/protocol.md [API-3] */
export const CONVERSATIONS_TARGET = `${FEDERATION_PREFIX}/conversations`;

/** Is the request-target that takes several requests at once. @see docs/protocol.md [API-7] */
export const BATCH_TARGET = `${FEDERATION_PREFIX}/batch`;

/** Is the request-target that takes events. @see docs/protocol.md [API-8] */
export const EVENTS_TARGET = `${FEDERATION_PREFIX}/events`;

/** Is the request-target by which a server says that it is back. @see docs/protocol.md [API-9] */
export const HELLO_TARGET = `${FEDERATION_PREFIX}/hello`;

/** Builds the request-target of an encrypted blob, `mediaId` being 22 characters base64url. @see docs/protocol.md [API-9] */
export function mediaTarget(mediaId: string): string {
  return `${FEDERATION_PREFIX}/media/${mediaId}`;
}

/** Gives the most bytes that the body of a request to this target may have. @see docs/protocol.md [SIG-11] */
export function maxBodyBytesAt(target: string): number {
  return target === BATCH_TARGET ? MAX_BATCH_BODY_BYTES : MAX_BODY_BYTES;
}

/** Builds the request-target of a user's public key. @see docs/protocol.md [API-1] */
export function userPublicKeyTarget(userId: UserId): string {
  return `${FEDERATION_PREFIX}/users/${userId}/public_key`;
}

/** Builds the request-target that takes a conversation's new session key. @see docs/protocol.md [API-4] */
export function sessionKeyTarget(conversationId: ConversationId): string {
  return `${FEDERATION_PREFIX}/conversations/${conversationId}/session_key`;
}
