import { FEDERATION_PREFIX } from '../../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../../protocol/errors.ts';
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
 * Finds the route for a request-target's segments and a method, which is compared as it stands. Throws
 * {@link ProtocolError} `not_found` or {@link MethodNotAllowedError}.
 * @see docs/protocol.md [ERR-3]
 */
export function findRoute(
  routes: readonly Route[],
  { segments, method }: { segments: readonly string[]; method: string },
): { readonly route: Route; readonly parameters: readonly string[] } {
  const rest = segments.slice(PREFIX.length);
  const here = PREFIX.every((name, index) => segments[index] === name) ? routes.filter(({ path }) => isAt(path, rest)) : [];
  if (here.length === 0) throw new ProtocolError('not_found');
  const route = here.find((candidate) => candidate.method === method);
  if (route === undefined) throw new MethodNotAllowedError(here.map((candidate) => candidate.method).join(', '));
  return { route, parameters: rest.filter((_, index) => route.path[index] === null) };
}

function isAt(path: Route['path'], segments: readonly string[]): boolean {
  return path.length === segments.length && path.every((name, index) => name === null || name === segments[index]);
}
