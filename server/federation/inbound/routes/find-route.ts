import { FEDERATION_PREFIX } from '../../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../../protocol/errors.ts';
import { parseRequestTarget, RequestTargetError } from '../../../../protocol/request-target.ts';
import type { Route } from './route.ts';

const PREFIX = FEDERATION_PREFIX.slice(1).split('/');

/** Refuses a method with the list of those that the address answers to. @see docs/protocol.md [API-10]; RFC 9110 section 10.2.1 */
export class MethodNotAllowedError extends ProtocolError {
  /** The value of the `Allow` header. */
  readonly allow: string;

  constructor(allow: string) {
    super('method_not_allowed');
    this.allow = allow;
  }
}

/**
 * Finds the route for a request-target and a method, which are compared as they stand. Throws {@link ProtocolError}
 * `bad_request_target`, `not_found` or {@link MethodNotAllowedError}.
 * @see docs/protocol.md [SIG-3] [ERR-3]
 */
export function findRoute(
  routes: readonly Route[],
  { target, method }: { target: string; method: string },
): { readonly route: Route; readonly parameters: readonly string[] } {
  const segments = readSegments(target);
  const rest = segments.slice(PREFIX.length);
  const here = PREFIX.every((name, index) => segments[index] === name) ? routes.filter(({ path }) => isAt(path, rest)) : [];
  if (here.length === 0) throw new ProtocolError('not_found');
  const route = here.find((candidate) => candidate.method === method);
  if (route === undefined) throw new MethodNotAllowedError(here.map((candidate) => candidate.method).join(', '));
  return { route, parameters: rest.filter((_, index) => route.path[index] === null) };
}

function readSegments(target: string): readonly string[] {
  try {
    return parseRequestTarget(target).segments;
  } catch (cause) {
    if (cause instanceof RequestTargetError) throw new ProtocolError('bad_request_target', { cause });
    throw cause;
  }
}

function isAt(path: Route['path'], segments: readonly string[]): boolean {
  return path.length === segments.length && path.every((name, index) => name === null || name === segments[index]);
}
