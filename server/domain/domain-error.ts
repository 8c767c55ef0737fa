/** Closed list of reasons for which a verb refuses a local person; screens word them. */
export type DomainErrorCode =
  | 'username_taken'
  | 'signup_closed'
  | 'invite_invalid'
  | 'rate_limited'
  | 'identity_invalid'
  | 'password_hashing_too_weak'
  | 'vault_changed'
  | 'message_too_long'
  | 'unknown_session';

const SENTENCES: Readonly<Record<DomainErrorCode, string>> = {
  username_taken: 'This username is taken on this server; choose another.',
  signup_closed: 'This server does not take new accounts.',
  invite_invalid: 'This invitation is unknown, used or expired; ask for a new one.',
  rate_limited: 'Too many attempts from here; wait and try again.',
  identity_invalid: 'The identity does not belong to this user id or lacks a member.',
  password_hashing_too_weak: 'Argon2id needs at least 19456 KiB of memory, 2 iterations and a salt of 16 bytes.',
  vault_changed: 'The vault was saved from elsewhere in between; read it again.',
  message_too_long: 'The encrypted message does not fit into a server-to-server body of 262144 bytes.',
  unknown_session: 'There is no such signed-in browser.',
};

/** Says why a verb refused a local person; `retryAfterSeconds` accompanies `rate_limited`. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: DomainErrorCode;
  readonly retryAfterSeconds: number | null;

  constructor(code: DomainErrorCode, retryAfterSeconds: number | null = null) {
    super(SENTENCES[code]);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
