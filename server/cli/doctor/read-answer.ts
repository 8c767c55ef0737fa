import type { ErrorCode } from '../../../protocol/errors.ts';
import { parseTimestamp, timestampToDate } from '../../../protocol/timestamp.ts';
import type { ExchangeOutcome } from '../../federation/discovery/http-exchange.ts';
import { mediaTypeOf, readProblem } from '../../federation/outbound/read-problem.ts';

/** An answer as it came over HTTP. */
type HttpAnswer = Extract<ExchangeOutcome, { kind: 'answer' }>;

/**
 * What kind of thing answered: a SecureChat server with a registered refusal, something with another JSON or success,
 * a page for browsers, which only a proxy sends here, or nobody. `what` is a few words, with no text of the peer but its media type.
 */
export type ReadAnswer =
  | { readonly kind: 'problem'; readonly code: ErrorCode; readonly status: number; readonly serverTime: Date | null; readonly retryAfterSeconds: number | null }
  | { readonly kind: 'page'; readonly challenge: boolean; readonly what: string }
  | { readonly kind: 'other'; readonly status: number; readonly what: string }
  | { readonly kind: 'none'; readonly what: string };

const HTML = /^\s*<(?:!doctype\s+html|html|head|body)\b/i;
const HTML_TYPES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);
const CHALLENGE_STATUSES: ReadonlySet<number> = new Set([403, 503]);

/** Reads what kind of thing answered a request. @see docs/protocol.md [DISC-5] [ERR-1] */
export function readAnswer(outcome: ExchangeOutcome): ReadAnswer {
  switch (outcome.kind) {
    case 'not_sent':
      return { kind: 'none', what: `no connection (${outcome.reason}: ${outcome.detail})` };
    case 'broken':
      return { kind: 'none', what: describeBroken(outcome) };
    case 'answer':
      return readPage(outcome) ?? readRefusal(outcome) ?? { kind: 'other', status: outcome.status, what: `status ${outcome.status} with ${mediaTypeOf(outcome) || 'no media type'}` };
  }
}

function describeBroken({ reason, detail }: Extract<ExchangeOutcome, { kind: 'broken' }>): string {
  if (reason === 'redirect') return `a redirect (${detail}), which servers do not follow`;
  if (reason === 'encoded') return 'a compressed answer, which servers do not take';
  return `no usable answer (${reason}: ${detail})`;
}

/** HTML in any form, or the mark of a content network's challenge: no SecureChat server sends either. */
function readPage(answer: HttpAnswer): ReadAnswer | null {
  const { status, headers, body } = answer;
  const mitigated = headers['cf-mitigated'] !== undefined;
  const html = HTML_TYPES.has(mediaTypeOf(answer)) || HTML.test(Buffer.from(body.subarray(0, 256)).toString('latin1'));
  if (!html && !mitigated) return null;
  const challenge = mitigated || CHALLENGE_STATUSES.has(status);
  return { kind: 'page', challenge, what: challenge ? `a challenge page for browsers (status ${status})` : `an HTML page (status ${status})` };
}

function readRefusal(answer: HttpAnswer): ReadAnswer | null {
  const problem = readProblem(answer);
  if (problem === null) return null;
  const { code, members: { serverTime, retryAfterSeconds } } = problem;
  return { kind: 'problem', code, status: answer.status, serverTime: readTime(serverTime), retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : null };
}

function readTime(value: unknown): Date | null {
  try {
    return typeof value === 'string' ? timestampToDate(parseTimestamp(value)) : null;
  } catch {
    return null;
  }
}
