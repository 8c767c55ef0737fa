/** Bounds every request body but a batch's, in bytes. @see docs/protocol.md [SIG-11] */
export const MAX_BODY_BYTES = 262_144;

/** Bounds the request body of a batch, in bytes. @see docs/protocol.md [SIG-11] */
export const MAX_BATCH_BODY_BYTES = 1_048_576;

/** Bounds the open arrays and objects of a document. @see docs/protocol.md [SIG-12] */
export const MAX_JSON_DEPTH = 16;

/** Bounds those of a batch, which opens three around the bodies of its items. @see docs/protocol.md [SIG-12] */
export const MAX_BATCH_JSON_DEPTH = MAX_JSON_DEPTH + 3;

/** Bounds the items of a batch. @see docs/protocol.md [API-7] */
export const MAX_BATCH_ITEMS = 100;

/** Bounds the events of one request. @see docs/protocol.md [API-8] */
export const MAX_EVENTS = 100;

/** Bounds the messages that one event names. @see docs/protocol.md [API-8] */
export const MAX_EVENT_MESSAGES = 100;

/** Bounds the members of a conversation. @see docs/protocol.md [API-3] */
export const MAX_PARTICIPANTS = 256;

/** Is the farthest that `created` may be from the receiver's clock, either way. @see docs/protocol.md [SIG-4] */
export const CREATED_WINDOW_SECONDS = 300;

/** Is how long an accepted nonce is remembered. @see docs/protocol.md [SIG-5] */
export const NONCE_MEMORY_SECONDS = 660;

/** Is the farthest that a body's own timestamp may lie ahead. @see docs/protocol.md [ID-5] */
export const MAX_TIMESTAMP_AHEAD_SECONDS = 300;

/** Bounds a key document, in bytes. @see docs/protocol.md [DISC-5] */
export const MAX_KEY_DOCUMENT_BYTES = 65_536;

/** Bounds any other answer of a peer, in bytes. @see docs/protocol.md [DISC-5] */
export const MAX_ANSWER_BYTES = 1_048_576;

/** Bounds the wait for a connection to a peer. @see docs/protocol.md [DISC-5] */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Bounds one exchange with a peer as a whole. @see docs/protocol.md [DISC-5] */
export const EXCHANGE_TIMEOUT_MS = 30_000;

/** Bounds the keys that one document lists. @see docs/protocol.md [KEY-2] */
export const MAX_LISTED_KEYS = 8;

/** Is how far ahead a published `validUntil` may lie. @see docs/protocol.md [KEY-2] */
export const PUBLISHED_VALIDITY_SECONDS = 6 * 86_400;

/** Is how far ahead a reader lets `validUntil` lie. @see docs/protocol.md [KEY-2] */
export const READ_VALIDITY_SECONDS = 7 * 86_400;

/** Is the longest that a cached key document counts as fresh. @see docs/protocol.md [KEY-5] */
export const KEY_FRESH_SECONDS = 3_600;

/** Is the longest that a key document serves while its origin cannot be reached. @see docs/protocol.md [KEY-5] */
export const KEY_STALE_SECONDS = 86_400;

/** Is the shortest time between two fetches of one domain's key document. @see docs/protocol.md [KEY-5] */
export const KEY_FETCH_INTERVAL_SECONDS = 60;

/** Is how long `unknown_conversation` is retried before it is believed. @see docs/protocol.md [ERR-4] */
export const UNKNOWN_CONVERSATION_GRACE_SECONDS = 600;

/** Is the longest `Retry-After` that is honoured. @see docs/protocol.md [ERR-4] */
export const MAX_RETRY_AFTER_SECONDS = 86_400;
