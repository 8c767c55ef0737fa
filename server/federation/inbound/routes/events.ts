import { eventsBody } from '../../../../protocol/schemas/events-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Creates `POST /events`. @see docs/protocol.md [API-8] */
export function createEventsRoute(verbs: FederationVerbs): Route {
  return {
    name: 'events',
    method: 'POST',
    path: ['events'],
    async answer({ body, origin }) {
      const { events } = parseBody(eventsBody, body);
      await verbs.acceptEvents(events, origin);
      return { status: 202, body: { status: 'accepted' } };
    },
  };
}
