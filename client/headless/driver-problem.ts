import { ClientError } from '../client-error.ts';
import type { ClientErrorCode } from '../model.ts';

/** What the driver itself refuses. */
type DriverProblemCode = 'invalid_body' | 'invalid_query' | 'unknown_user' | 'unknown_message' | 'not_found' | 'method_not_allowed';

const DRIVER_PROBLEMS: Readonly<Record<DriverProblemCode, { readonly status: number; readonly detail: string }>> = {
  invalid_body: { status: 400, detail: 'The body is a JSON object with the members of this request.' },
  invalid_query: { status: 400, detail: 'The query has the parameters of this request.' },
  unknown_user: { status: 404, detail: 'The user was not made by this process.' },
  unknown_message: { status: 404, detail: 'The server has no such message in this conversation.' },
  not_found: { status: 404, detail: 'There is no such path.' },
  method_not_allowed: { status: 405, detail: 'The path is there for another method.' },
};

const CLIENT_STATUSES: Readonly<Record<ClientErrorCode, number>> = {
  offline: 503,
  signed_out: 401,
  wrong_credentials: 401,
  username_taken: 409,
  username_invalid: 400,
  password_too_short: 400,
  signup_closed: 403,
  rate_limited: 429,
  vault_refused: 409,
  not_permitted: 403,
  membership_frozen: 403,
  not_a_member: 403,
  unknown_conversation: 404,
  participant_unavailable: 404,
  message_too_long: 413,
  stale_epoch: 409,
  server_error: 502,
};

/** Says that the driver refuses a request by its form. */
export class DriverProblemError extends Error {
  override readonly name = 'DriverProblemError';
  readonly code: DriverProblemCode;

  constructor(code: DriverProblemCode) {
    super(DRIVER_PROBLEMS[code].detail);
    this.code = code;
  }
}

/** Gives status and problem document (RFC 9457) of whatever a request threw. */
export function problemOf(thrown: unknown): { readonly status: number; readonly body: object } {
  if (thrown instanceof DriverProblemError) return problem(thrown.code, DRIVER_PROBLEMS[thrown.code].status, thrown.message);
  if (thrown instanceof ClientError) {
    const { body, status } = problem(thrown.code, CLIENT_STATUSES[thrown.code], thrown.message);
    return { status, body: thrown.reason === null ? body : { ...body, reason: thrown.reason } };
  }
  return problem('internal_error', 500, 'The driver failed.');
}

function problem(code: string, status: number, detail: string): { readonly status: number; readonly body: object } {
  return { status, body: { type: `urn:securechat:error:${code}`, title: code.replaceAll('_', ' '), status, detail, code } };
}
