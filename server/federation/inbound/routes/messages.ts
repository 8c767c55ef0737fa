import { messageBody } from '../../../../protocol/schemas/message-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import type { MessageVerdict } from '../../../domain/messages/accept-messages.ts';
import type { RouteResult } from '../federation-exchange.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Names `POST /messages`, whose items in a batch are taken together. */
export const MESSAGES_ROUTE = 'messages';

/** Creates `POST /messages`. @see docs/protocol.md [API-2] */
export function createMessagesRoute(verbs: FederationVerbs): Route {
  return {
    name: MESSAGES_ROUTE,
    method: 'POST',
    path: ['messages'],
    spendsNonce: true,
    async answer({ body, origin, ticket }) {
      const [verdict] = await verbs.acceptMessages([parseBody(messageBody, body)], origin, ticket);
      if (verdict === undefined) throw new Error('There is no verdict on the message.');
      return answerOf(verdict);
    },
  };
}

/** Gives what a verdict is answered with, or throws it. */
export function answerOf(verdict: MessageVerdict): RouteResult {
  if (verdict instanceof Error) throw verdict;
  const { status, messageId } = verdict;
  return { status: 202, body: { status, messageId } };
}
