import type { ClientErrorCode } from './model.ts';

const MESSAGES: Readonly<Record<ClientErrorCode, string>> = {
  offline: 'The own server cannot be reached.',
  signed_out: 'Nobody is signed in.',
  wrong_credentials: 'Username and password do not belong together.',
  username_taken: 'The username is taken.',
  username_invalid: 'The username has characters or a length that are not allowed.',
  password_too_short: 'The password is too short.',
  signup_closed: 'This server takes no new accounts.',
  rate_limited: 'The server asks for a pause.',
  vault_refused: 'The stored vault is older, foreign or altered.',
  not_permitted: 'Only the owner or an admin on the owner domain may do this.',
  membership_frozen: 'The owner has left, so that nobody can change who is in.',
  not_a_member: 'Only a member of a verified conversation may do this.',
  unknown_conversation: 'There is no such conversation here.',
  participant_unavailable: 'A participant has no identity that could be fetched and verified.',
  message_too_long: 'The message is too long.',
  stale_epoch: 'The membership changed at the same moment.',
  server_error: 'The own server failed.',
};

/** What more an error may tell: the server's closed `reason`, and whether the same call may succeed later. */
interface ClientErrorDetails extends ErrorOptions {
  readonly reason?: string;
  readonly transient?: boolean;
}

/** Says that an action of the client failed in an expected way; screens word it by `code`. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** The closed code that the server gave, null where it gave none. */
  readonly reason: string | null;
  /** Whether the very same call may succeed later. */
  readonly transient: boolean;

  constructor(code: ClientErrorCode, details: ClientErrorDetails = {}) {
    super(MESSAGES[code], details);
    this.code = code;
    this.reason = details.reason ?? null;
    this.transient = details.transient ?? code === 'offline';
  }
}
