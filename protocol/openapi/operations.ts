import { BATCH_TARGET, CONVERSATIONS_TARGET, EVENTS_TARGET, FEDERATION_PREFIX, HELLO_TARGET, MESSAGES_TARGET } from '../endpoints.ts';
import type { ErrorCode } from '../errors.ts';

/** One endpoint as the document describes it; `body` and `success` name schemas of its components. */
export interface Operation {
  readonly path: string;
  readonly method: 'get' | 'post' | 'put';
  readonly id: string;
  readonly summary: string;
  readonly clause: string;
  readonly profile: 'core' | 'full';
  readonly parameters: readonly ('userId' | 'conversationId' | 'mediaId')[];
  readonly body: string | null;
  /** Statuses of success with what each means; they share one schema, null for bytes. */
  readonly success: { readonly statuses: Readonly<Record<number, string>>; readonly schema: string | null };
  /** Codes beyond those that every signed request can get. */
  readonly codes: readonly ErrorCode[];
}

/** Refusals that any signed request can meet. @see docs/protocol.md [ERR-3] */
export const SIGNED_REQUEST_CODES: readonly ErrorCode[] = [
  'bad_request_target', 'signature_missing', 'signature_malformed', 'timestamp_out_of_window', 'unknown_key', 'signature_invalid',
  'replay_detected', 'domain_blocked', 'body_too_large', 'misdirected', 'rate_limited', 'internal_error', 'key_unavailable', 'unavailable',
];

/** Refusals that any request with a body can meet besides. @see docs/protocol.md [SIG-11] [SIG-12] */
export const BODY_CODES: readonly ErrorCode[] = ['unsupported_media_type', 'invalid_json', 'invalid_body'];

const CHANGE_CODES: readonly ErrorCode[] = [
  'sender_domain_mismatch', 'conversation_owner_mismatch', 'conversation_exists', 'unknown_conversation', 'not_a_member',
  'not_owner_domain', 'stale_epoch', 'unknown_user', 'user_gone', 'not_accepting',
];

/** Lists the signed endpoints. @see docs/protocol.md [API-1] to [API-9] */
export const OPERATIONS: readonly Operation[] = [
  {
    path: `${FEDERATION_PREFIX}/users/{userId}/public_key`, method: 'get', id: 'getPublicKey', clause: 'API-1', profile: 'core',
    summary: "A user's public keys",
    parameters: ['userId'], body: null,
    success: { statuses: { 200: 'The keys.' }, schema: 'PublicKeyAnswer' },
    codes: ['invalid_body', 'unknown_user', 'user_gone'],
  },
  {
    path: MESSAGES_TARGET, method: 'post', id: 'postMessage', clause: 'API-2', profile: 'core',
    summary: 'A message', parameters: [], body: 'MessageBody',
    success: { statuses: { 202: 'Stored durably, now or by an earlier request.' }, schema: 'MessageAnswer' },
    codes: ['sender_domain_mismatch', 'not_accepting', 'message_id_conflict', 'unknown_conversation', 'not_a_member'],
  },
  {
    path: CONVERSATIONS_TARGET, method: 'post', id: 'postConversation', clause: 'API-3', profile: 'core',
    summary: 'A conversation founded, members added, or a member leaving', parameters: [], body: 'ConversationBody',
    success: { statuses: { 200: 'Changed, or a repeat.', 201: 'Founded by `create`.' }, schema: 'ChangeAnswer' },
    codes: CHANGE_CODES,
  },
  {
    path: `${CONVERSATIONS_TARGET}/{conversationId}/session_key`, method: 'put', id: 'putSessionKey', clause: 'API-4', profile: 'core',
    summary: 'A new session key for the members that remain', parameters: ['conversationId'], body: 'SessionKeyBody',
    success: { statuses: { 200: 'Changed, or a repeat.' }, schema: 'ChangeAnswer' },
    codes: CHANGE_CODES,
  },
  {
    path: BATCH_TARGET, method: 'post', id: 'postBatch', clause: 'API-7', profile: 'full',
    summary: 'Up to 100 requests in one', parameters: [], body: 'BatchBody',
    success: { statuses: { 200: 'One result for each item.' }, schema: 'BatchAnswer' },
    codes: [],
  },
  {
    path: EVENTS_TARGET, method: 'post', id: 'postEvents', clause: 'API-8', profile: 'full',
    summary: 'Receipts, typing and accepted requests', parameters: [], body: 'EventsBody',
    success: { statuses: { 202: 'Taken.' }, schema: 'AcceptedAnswer' },
    codes: ['sender_domain_mismatch'],
  },
  {
    path: HELLO_TARGET, method: 'post', id: 'postHello', clause: 'API-9', profile: 'full',
    summary: '“I am back”', parameters: [], body: 'HelloBody',
    success: { statuses: { 202: 'Noted.' }, schema: 'AcceptedAnswer' },
    codes: [],
  },
  {
    path: `${FEDERATION_PREFIX}/media/{mediaId}`, method: 'get', id: 'getMedia', clause: 'API-9', profile: 'full',
    summary: 'An encrypted attachment', parameters: ['mediaId'], body: null,
    success: { statuses: { 200: 'The whole blob.' }, schema: null },
    codes: ['unknown_media'],
  },
];
