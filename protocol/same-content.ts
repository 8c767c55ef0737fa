import { canonicalizeJson } from './json.ts';
import type { ConversationBody } from './schemas/conversation-body.ts';
import type { MessageBody } from './schemas/message-body.ts';
import type { SessionKeyBody } from './schemas/session-key-body.ts';

/** Builds the text whose SHA-256 two messages of one id must share to be the same message. @see docs/protocol.md [API-6] */
export function messageContentInput(body: MessageBody): string {
  const { conversationId, senderId, payload, timestamp } = body;
  return canonicalizeJson({ conversationId, senderId, payload, timestamp });
}

/**
 * Builds the text whose SHA-256 two changes must share to be the same change: every member that the protocol names,
 * as the schemas leave them.
 * @see docs/protocol.md [API-6]
 */
export function changeContentInput(body: ConversationBody | SessionKeyBody): string {
  return canonicalizeJson(body);
}

/** Builds the text whose SHA-256, as base64url, stands in for the id that a Core message lacks. @see docs/protocol.md [ID-4] */
export function coreMessageIdInput({ senderId, conversationId, payload }: MessageBody): string {
  return [senderId, conversationId, payload.nonce, payload.ciphertext].join('\n');
}
