import { isPermanentCode } from '../../../protocol/errors.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { isJsonObject } from '../../../protocol/json.ts';
import type { JsonObject, JsonValue } from '../../../protocol/json.ts';
import { MAX_RETRY_AFTER_SECONDS } from '../../../protocol/limits.ts';
import { readCode, readJson, readProblem } from './read-problem.ts';
import type { ReceivedAnswer } from './read-problem.ts';

/** Why a peer as a whole could not be asked, or not be believed; all but the first two are passing. */
export type UnreachableReason =
  | 'no_such_domain'
  | 'peer_does_not_federate'
  | 'dns_failure'
  | 'connect_failed'
  | 'tls_failed'
  | 'timeout'
  | 'bad_answer'
  | 'key_document_unavailable'
  | 'answer_not_authentic';

/**
 * What a peer said to one request. `success`: any 2xx, `json` null where its body is none. `refused`: an answer about
 * this request, `code` null where it names no registered one; `permanent` by an authentic code alone,
 * `unknown_conversation` never; `currentEpoch` with an authentic `stale_epoch`, where the peer states its own. `unreachable`: the peer itself failed, `sent` where the request had left and nothing
 * usable came back. `detail` is constant text, never the peer's.
 * @see docs/protocol.md [ERR-4]
 */
export type PeerAnswer =
  | { readonly kind: 'success'; readonly status: number; readonly json: JsonValue }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: ErrorCode | null;
      readonly permanent: boolean;
      readonly retryAfterSeconds: number | null;
      readonly currentEpoch?: number;
    }
  | { readonly kind: 'unreachable'; readonly reason: UnreachableReason; readonly detail: string; readonly retryAfterSeconds: number | null; readonly sent?: true };

/** Is what a fault of ours comes to: the others of the peer must not wait for it. */
export const OWN_FAULT: PeerAnswer = { kind: 'refused', status: 500, code: 'internal_error', permanent: false, retryAfterSeconds: null };

/** Statuses by which a proxy tells, without a word of the server behind it, that there is nobody to answer. */
const NOBODY_THERE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What a server may say before it has authenticated a request, hence without a signature [SIG-8] [ERR-3]. */
const SAID_UNSIGNED: ReadonlySet<ErrorCode> = new Set([
  'bad_request_target', 'not_found', 'method_not_allowed', 'unsupported_media_type', 'body_too_large',
  'signature_missing', 'signature_malformed', 'timestamp_out_of_window', 'unknown_key', 'signature_invalid', 'replay_detected',
  'domain_blocked', 'misdirected', 'rate_limited', 'key_unavailable', 'unavailable', 'internal_error',
]);

/**
 * Reads the answer of a Core peer, or a proven one of a Full peer: only `application/problem+json` with a registered
 * code at its status is believed as a refusal; whatever else is no success can never end the attempts.
 * @see docs/protocol.md [ERR-4] [SIG-9]
 */
export function readPeerAnswer(answer: ReceivedAnswer): PeerAnswer {
  const { status, headers } = answer;
  if (isSuccess(status)) return { kind: 'success', status, json: readJson(answer.body) };
  const { code, members } = readProblem(answer) ?? { code: null, members: {} };
  const retryAfterSeconds = readRetryAfter(headers['retry-after']);
  if (code === null && NOBODY_THERE.has(status)) return nobodyThere(answer);
  return { kind: 'refused', status, code, permanent: code !== null && isPermanentCode(code), retryAfterSeconds, ...readCurrentEpoch(code, members) };
}

/**
 * Reads an answer of a Full peer that carries no signature. An honest peer signs whatever it says once it knows who
 * asks, so only what comes before that can be its word; nobody vouches for it, and it never ends the attempts.
 *
 * | without a signature | taken as |
 * |---|---|
 * | any 2xx; a code that needs an authenticated request; a page | `answer_not_authentic`: the queue waits |
 * | 401 of any code, `domain_blocked` | refused: the queue waits long, the operator is told |
 * | `misdirected` | refused, not permanent: the queue waits (the peer was looked up anew before) |
 * | `rate_limited`, `key_unavailable` | refused: the queue waits, `Retry-After` counts |
 * | `unavailable`, `internal_error`, and what concerns target, method, media type or size | refused: this conversation waits, `Retry-After` counts |
 * | 429, 502, 503, 504 without a code | `bad_answer`: the queue waits, `Retry-After` counts |
 *
 * @see docs/protocol.md [SIG-9] [ERR-3] [ERR-4]
 */
export function readUnsignedAnswer(answer: ReceivedAnswer): PeerAnswer {
  const { status, headers } = answer;
  const code = isSuccess(status) ? null : (readProblem(answer)?.code ?? null);
  if (code !== null && SAID_UNSIGNED.has(code)) {
    return { kind: 'refused', status, code, permanent: false, retryAfterSeconds: readRetryAfter(headers['retry-after']) };
  }
  if (code === null && NOBODY_THERE.has(status)) return nobodyThere(answer);
  return notAuthentic(answer, 'no signature');
}

/**
 * Reads what an answer says of one item of a batch, as that item's own answer would be read: the batch as a whole has
 * been proven, so a permanent code counts.
 * @see docs/protocol.md [API-7] [ERR-4] [SIG-9]
 */
export function readItemAnswer(status: number, body: JsonValue): PeerAnswer {
  if (isSuccess(status)) return { kind: 'success', status, json: body };
  const members = isJsonObject(body) ? body : {};
  const code = readCode(members, status);
  const retryAfterSeconds = readRetryAfter(String(members['retryAfterSeconds']));
  return { kind: 'refused', status, code, permanent: code !== null && isPermanentCode(code), retryAfterSeconds, ...readCurrentEpoch(code, members) };
}

/** Builds what an answer comes to that nobody vouches for; `detail` is constant text. @see docs/protocol.md [SIG-9] */
export function notAuthentic({ status, headers }: ReceivedAnswer, detail: string): PeerAnswer {
  const retryAfterSeconds = readRetryAfter(headers['retry-after']);
  return { kind: 'unreachable', reason: 'answer_not_authentic', detail: `${detail}, status ${status}`, retryAfterSeconds };
}

function nobodyThere({ status, headers }: ReceivedAnswer): PeerAnswer {
  return { kind: 'unreachable', reason: 'bad_answer', detail: `status ${status}`, retryAfterSeconds: readRetryAfter(headers['retry-after']) };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function readCurrentEpoch(code: ErrorCode | null, { currentEpoch }: JsonObject): { readonly currentEpoch?: number } {
  return code === 'stale_epoch' && Number.isSafeInteger(currentEpoch) ? { currentEpoch: Number(currentEpoch) } : {};
}

/** Reads delta-seconds from 1 s to 24 h; more counts as 24 h, anything else as absent. */
function readRetryAfter(value: string | undefined): number | null {
  if (value === undefined || !/^[0-9]+$/.test(value)) return null;
  const seconds = Math.min(Number(value), MAX_RETRY_AFTER_SECONDS);
  return seconds >= 1 ? seconds : null;
}
