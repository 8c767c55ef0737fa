import { ProtocolError } from '../../../../protocol/errors.ts';
import { conversationBody } from '../../../../protocol/schemas/conversation-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import { jsonAnswer } from '../federation-exchange.ts';
import { checkTimestamp } from './check-timestamp.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Creates `POST /conversations`; `leave` belongs to the Full profile and is refused as any unknown action. @see docs/protocol.md [API-3] */
export function createConversationsRoute(verbs: FederationVerbs): Route {
  return {
    name: 'conversations',
    method: 'POST',
    path: ['conversations'],
    async answer({ body, origin, now }) {
      const change = parseBody(conversationBody, body);
      if (change.action === 'leave') throw new ProtocolError('invalid_body', { pointer: '/action' });
      checkTimestamp(change, now);
      const { status, conversationId } = await verbs.acceptChange(change, origin);
      const isNew = change.action === 'create' && status !== 'duplicate';
      return jsonAnswer(isNew ? 201 : 200, { status, conversationId });
    },
  };
}
