import { ProtocolError } from '../../../../protocol/errors.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import { sessionKeyBody } from '../../../../protocol/schemas/session-key-body.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Creates `PUT /conversations/{conversationId}/session_key`. @see docs/protocol.md [API-4] */
export function createSessionKeyRoute(verbs: FederationVerbs): Route {
  return {
    name: 'session_key',
    method: 'PUT',
    path: ['conversations', null, 'session_key'],
    async answer({ parameters: [idInPath], body, origin }) {
      const change = parseBody(sessionKeyBody, body);
      if (change.conversationId !== idInPath) throw new ProtocolError('invalid_body', { pointer: '/conversationId' });
      const { status, conversationId } = await verbs.acceptChange(change, origin);
      return { status: 200, body: { status, conversationId } };
    },
  };
}
