/** Says that a request-target is not of the one form that exists here; never echoes it. */
export class RequestTargetError extends Error {
  override readonly name = 'RequestTargetError';
  readonly code = 'bad_request_target';

  constructor() {
    super('The request-target is not one or more plain path segments.');
  }
}

const SEGMENT = String.raw`\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~@:-]+`;
const TARGET = new RegExp(`^(?:${SEGMENT})+$`);

/**
 * Reads the bytes of a request line's target: one or more of `/` and a segment of unreserved characters, `@` or `:`
 * that is neither `.` nor `..`. Nothing is decoded or normalised. Throws {@link RequestTargetError}.
 * @see docs/protocol.md [SIG-3]
 */
export function parseRequestTarget(raw: string): { readonly segments: readonly string[] } {
  if (!TARGET.test(raw)) throw new RequestTargetError();
  return { segments: raw.slice(1).split('/') };
}
