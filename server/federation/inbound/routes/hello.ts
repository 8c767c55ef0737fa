import { helloBody } from '../../../../protocol/schemas/hello-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import type { Route } from './route.ts';

/**
 * Creates `POST /hello`. That its sender is back has been noted by then, as it is for every authenticated request.
 * @see docs/protocol.md [API-9]
 */
export function createHelloRoute(): Route {
  return {
    name: 'hello',
    method: 'POST',
    path: ['hello'],
    async answer({ body }) {
      parseBody(helloBody, body);
      return { status: 202, body: { status: 'accepted' } };
    },
  };
}
