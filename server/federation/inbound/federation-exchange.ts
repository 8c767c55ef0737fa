import type { ErrorCode } from '../../../protocol/errors.ts';

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

/** What is answered; header names are in lower case, the body is written as UTF-8. */
export interface FederationAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a request, or one item of a batch, came to before it is written. */
export interface RouteResult {
  readonly status: number;
  readonly body: object;
  /** Headers beyond those of every answer, or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A result that refuses: its body is a problem document [ERR-1]. */
export interface Refusal extends RouteResult {
  readonly code: ErrorCode;
}

/** Gives the values of all header lines of a name in lower case. */
export function headerValues(headers: FederationRequest['headers'], name: string): readonly string[] {
  return headers.filter((line) => line[0].toLowerCase() === name).map((line) => line[1]);
}

/** Writes a result as JSON, never to be cached [ERR-1]. */
export function jsonAnswer({ status, body, headers }: RouteResult): FederationAnswer {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers }, body: JSON.stringify(body) };
}
