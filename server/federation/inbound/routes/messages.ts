import { messageBody } from '../../../../protocol/schemas/message-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Creates `POST /messages`. @see docs/protocol.md [API-2] */
export function createMessagesRoute(verbs: FederationVerbs): Route {
  return {
    name: 'messages',
    method: 'POST',
    path: ['messages'],
    async answer({ body, origin }) {
      const { status, messageId } = await verbs.acceptMessage(parseBody(messageBody, body), origin);
      return { status: 202, body: { status, messageId } };
    },
  };
}
