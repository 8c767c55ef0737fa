import { ERROR_REGISTRY, isErrorCode, isPermanentCode, PROBLEM_MEDIA_TYPE } from '../../../protocol/errors.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { isJsonObject, parseStrictJson } from '../../../protocol/json.ts';
import type { JsonValue } from '../../../protocol/json.ts';
import { MAX_RETRY_AFTER_SECONDS } from '../../../protocol/limits.ts';

/** Why a peer as a whole could not be asked; all but the first two are passing. */
export type UnreachableReason =
  | 'no_such_domain'
  | 'peer_does_not_federate'
  | 'dns_failure'
  | 'connect_failed'
  | 'tls_failed'
  | 'timeout'
  | 'bad_answer';

/**
 * What a peer said to one request. `success`: any 2xx, `json` null where its body is none. `refused`: an answer about
 * this request, `code` null where it names no registered one; `permanent` by the code alone, `unknown_conversation`
 * never. `unreachable`: the peer itself failed. `detail` is constant text, never the peer's.
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
    }
  | { readonly kind: 'unreachable'; readonly reason: UnreachableReason; readonly detail: string; readonly retryAfterSeconds: number | null };

/** An HTTP answer as it came, header names in lower case. */
interface ReceivedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Statuses by which a proxy tells, without a word of the server behind it, that there is nobody to answer. */
const NOBODY_THERE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Reads the answer of a Core peer: only `application/problem+json` with a registered code at its status is believed
 * as a refusal; whatever else is no success can never end the attempts.
 * @see docs/protocol.md [ERR-4]
 */
export function readPeerAnswer(answer: ReceivedAnswer): PeerAnswer {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return { kind: 'success', status, json: readJson(answer.body) };
  const code = readProblemCode(answer);
  const retryAfterSeconds = readRetryAfter(headers['retry-after']);
  if (code === null && NOBODY_THERE.has(status)) {
    return { kind: 'unreachable', reason: 'bad_answer', detail: `status ${status}`, retryAfterSeconds };
  }
  return { kind: 'refused', status, code, permanent: code !== null && isPermanentCode(code), retryAfterSeconds };
}

function readProblemCode({ status, headers, body }: ReceivedAnswer): ErrorCode | null {
  const mediaType = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== PROBLEM_MEDIA_TYPE) return null;
  const problem = readJson(body);
  const code = isJsonObject(problem) ? problem['code'] : undefined;
  return typeof code === 'string' && isErrorCode(code) && ERROR_REGISTRY[code].status === status ? code : null;
}

function readJson(body: Uint8Array): JsonValue {
  try {
    return parseStrictJson(body);
  } catch {
    return null;
  }
}

/** Reads delta-seconds from 1 s to 24 h; more counts as 24 h, anything else as absent. */
function readRetryAfter(value: string | undefined): number | null {
  if (value === undefined || !/^[0-9]+$/.test(value)) return null;
  const seconds = Math.min(Number(value), MAX_RETRY_AFTER_SECONDS);
  return seconds >= 1 ? seconds : null;
}
