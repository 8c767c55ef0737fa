import { ERROR_REGISTRY, PROBLEM_MEDIA_TYPE, problemDocument } from '../../../protocol/errors.ts';
import type { ProtocolError } from '../../../protocol/errors.ts';
import type { JsonObject } from '../../../protocol/json.ts';

/** A request as it came in, whatever listener took it. */
export interface FederationRequest {
  readonly method: string;
  /** The bytes of the request line's target [SIG-3]. */
  readonly rawTarget: string;
  /** Name and value of every header line in order, repeats included, names in any case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The whole body, or that reading it stopped at the limit [SIG-11]. */
  readonly body: Uint8Array | 'too_large';
  /** The address of the connection, or what a trusted proxy states. */
  readonly sourceAddress: string;
}

/** What is answered; header names are in lower case. */
export interface FederationAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Gives the values of all header lines of a name in lower case. */
export function headerValues(headers: FederationRequest['headers'], name: string): readonly string[] {
  return headers.filter((line) => line[0].toLowerCase() === name).map((line) => line[1]);
}

/** Builds a success. */
export function jsonAnswer(status: number, body: object): FederationAnswer {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) };
}

/** Builds a refusal as a problem document. @see docs/protocol.md [ERR-1]; RFC 9457 */
export function problemAnswer(error: ProtocolError, requestId: string): FederationAnswer {
  const document: JsonObject = problemDocument(error, requestId);
  return {
    status: ERROR_REGISTRY[error.code].status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      'cache-control': 'no-store',
      ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    },
    body: JSON.stringify(document),
  };
}
