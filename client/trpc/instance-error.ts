import { TRPCClientError } from '@trpc/client';
import { isJsonObject } from '../../protocol/json.ts';
import { ClientError } from '../client-error.ts';
import type { ClientErrorCode } from '../model.ts';

const BY_REASON: Readonly<Record<string, ClientErrorCode>> = {
  username_taken: 'username_taken',
  signup_closed: 'signup_closed',
  invite_required: 'signup_closed',
  invite_invalid: 'signup_closed',
  not_a_member: 'not_a_member',
  not_owner_domain: 'not_permitted',
  unknown_conversation: 'unknown_conversation',
  stale_epoch: 'stale_epoch',
  conversation_exists: 'stale_epoch',
  rate_limited: 'rate_limited',
};

const BY_STATUS: Readonly<Record<number, ClientErrorCode>> = {
  401: 'signed_out',
  403: 'not_permitted',
  413: 'message_too_long',
  429: 'rate_limited',
};

/** Turns whatever a call to the own instance threw into the {@link ClientError} that screens know. */
export function clientErrorOf(thrown: unknown): ClientError {
  if (thrown instanceof ClientError) return thrown;
  const data = thrown instanceof TRPCClientError && isJsonObject(thrown.data) ? thrown.data : null;
  // Without data no procedure answered: the network, a proxy in between, or a server that is starting.
  if (data === null) return new ClientError('offline', { cause: thrown });
  const status = typeof data['httpStatus'] === 'number' ? data['httpStatus'] : 500;
  const reason = typeof data['reason'] === 'string' ? data['reason'] : '';
  const code = BY_REASON[reason] ?? BY_STATUS[status] ?? 'server_error';
  return new ClientError(code, { cause: thrown, reason, transient: status === 408 || status === 429 || status >= 500 });
}

/** Awaits one call to the own instance; what it throws is a {@link ClientError}. */
export async function callInstance<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (thrown) {
    throw clientErrorOf(thrown);
  }
}
