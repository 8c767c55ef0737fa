import { canonicalizeJson } from './json.ts';
import type { ConversationBody } from './schemas/conversation-body.ts';
import type { MessageBody } from './schemas/message-body.ts';
import type { SessionKeyBody } from './schemas/session-key-body.ts';

/**
 * Builds the text whose SHA-256 two messages of one id must share to be the same message; who has the payload in
 * canonical JSON hands it over.
 * @see docs/protocol.md [API-6]
 */
export function messageContentInput({ conversationId, senderId, payload, timestamp }: MessageBody, payloadText = canonicalizeJson(payload)): string {
  // The members in the order of RFC 8785; what stands in them has no character that JSON escapes.
  return `{"conversationId":"${conversationId}","payload":${payloadText},"senderId":"${senderId}","timestamp":"${timestamp}"}`;
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
