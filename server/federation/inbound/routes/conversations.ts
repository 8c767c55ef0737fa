import { conversationBody } from '../../../../protocol/schemas/conversation-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Creates `POST /conversations`. @see docs/protocol.md [API-3] */
export function createConversationsRoute(verbs: FederationVerbs): Route {
  return {
    name: 'conversations',
    method: 'POST',
    path: ['conversations'],
    async answer({ body, origin }) {
      const change = parseBody(conversationBody, body);
      const { status, conversationId } = await verbs.acceptChange(change, origin);
      const isNew = change.action === 'create' && status !== 'duplicate';
      return { status: isNew ? 201 : 200, body: { status, conversationId } };
    },
  };
}
