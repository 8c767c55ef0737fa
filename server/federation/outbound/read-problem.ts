import { ERROR_REGISTRY, isErrorCode, PROBLEM_MEDIA_TYPE } from '../../../protocol/errors.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { isJsonObject, parseStrictJson } from '../../../protocol/json.ts';
import type { JsonObject, JsonValue } from '../../../protocol/json.ts';

/** An HTTP answer as it came, header names in lower case. */
export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A refusal in the form that servers believe, with whatever members it carries. */
interface ReadProblem {
  readonly code: ErrorCode;
  readonly members: JsonObject;
}

/** Reads a refusal: `application/problem+json` with a registered code at its status; null for anything else. @see docs/protocol.md [ERR-1] [ERR-4] */
export function readProblem(answer: ReceivedAnswer): ReadProblem | null {
  if (mediaTypeOf(answer) !== PROBLEM_MEDIA_TYPE) return null;
  const members = readJson(answer.body);
  if (!isJsonObject(members)) return null;
  const code = readCode(members, answer.status);
  return code === null ? null : { code, members };
}

/** Reads the code out of the members of a refusal; null where it names no registered one, or one of another status. @see docs/protocol.md [ERR-1] */
export function readCode({ code }: JsonObject, status: number): ErrorCode | null {
  return typeof code === 'string' && isErrorCode(code) && ERROR_REGISTRY[code].status === status ? code : null;
}

/** Gives the media type of an answer in lower case, `''` where it has none. */
export function mediaTypeOf({ headers }: Pick<ReceivedAnswer, 'headers'>): string {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Reads a body as strict JSON, null where it is none. */
export function readJson(body: Uint8Array): JsonValue {
  try {
    return parseStrictJson(body);
  } catch {
    return null;
  }
}
