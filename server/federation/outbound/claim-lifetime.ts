/** For how long a claim holds without being extended, in milliseconds. @see docs/protocol.md [DEL-5] */
export const CLAIM_MS = 60_000;
