import { BATCH_TARGET, maxBodyBytesAt } from '../../../protocol/endpoints.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { isJsonObject, parseStrictJson } from '../../../protocol/json.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import { MAX_PARTICIPANTS } from '../../../protocol/limits.ts';
import { parseRequestTarget } from '../../../protocol/request-target.ts';
import type { OutgoingRequest } from './send-signed.ts';

/** Finds why no peer at all would take a request, so that it is never sent. @see docs/protocol.md [ERR-4] [SIG-3] [SIG-11] */
export function findUnsendable({ target, body }: Pick<OutgoingRequest, 'target' | 'body'>): ErrorCode | null {
  if (body !== null && body.length > maxBodyBytesAt(target)) return 'body_too_large';
  try {
    parseRequestTarget(target);
    return null;
  } catch {
    return 'bad_request_target';
  }
}

/**
 * Tells whether a request asks more of a peer than its key document allows: too many bytes, or a conversation with too
 * many members. A batch has a bound of its own, which no document changes; its items are checked one by one.
 * @see docs/protocol.md [KEY-2] [ERR-4]
 */
export function exceedsLimits({ target, body }: Pick<OutgoingRequest, 'target' | 'body'>, { maxBodyBytes, maxParticipants }: PeerLimits): boolean {
  if (body === null || target === BATCH_TARGET) return false;
  if (body.length > maxBodyBytes) return true;
  return maxParticipants < MAX_PARTICIPANTS && countParticipants(body) > maxParticipants;
}

function countParticipants(body: Uint8Array): number {
  const json = parseStrictJson(body);
  const participants = isJsonObject(json) ? json['allParticipants'] : undefined;
  return Array.isArray(participants) ? participants.length : 0;
}
