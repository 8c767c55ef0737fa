import type { ClientErrorCode } from '../model.ts';

const CODES: Readonly<Record<ClientErrorCode, true>> = {
  offline: true,
  signed_out: true,
  wrong_credentials: true,
  username_taken: true,
  username_invalid: true,
  password_too_short: true,
  signup_closed: true,
  rate_limited: true,
  vault_refused: true,
  not_permitted: true,
  membership_frozen: true,
  not_a_member: true,
  unknown_conversation: true,
  participant_unavailable: true,
  message_too_long: true,
  stale_epoch: true,
  server_error: true,
};

function isClientErrorCode(code: unknown): code is ClientErrorCode {
  return typeof code === 'string' && Object.hasOwn(CODES, code);
}

/** Reads the closed code of a failed client action; anything unexpected counts as `server_error`. */
export function clientErrorCode(error: unknown): ClientErrorCode {
  if (typeof error === 'object' && error !== null && 'code' in error && isClientErrorCode(error.code)) return error.code;
  return 'server_error';
}
