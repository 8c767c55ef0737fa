import { ProtocolError } from '../../../../protocol/errors.ts';
import { domainOf } from '../../../../protocol/ids.ts';
import { eventsBody } from '../../../../protocol/schemas/events-body.ts';
import { parseBody } from '../../../../protocol/schemas/parse-body.ts';
import { checkTimestamp } from './check-timestamp.ts';
import type { FederationVerbs, Route } from './route.ts';

/** Creates `POST /events`: all are in order before the first one is taken. @see docs/protocol.md [API-8] [ID-5] */
export function createEventsRoute(verbs: FederationVerbs): Route {
  return {
    name: 'events',
    method: 'POST',
    path: ['events'],
    async answer({ body, origin, now }) {
      const { events } = parseBody(eventsBody, body);
      for (const [index, event] of events.entries()) checkTimestamp(event, now, `/events/${index}`);
      if (events.some(({ userId }) => domainOf(userId) !== origin)) throw new ProtocolError('sender_domain_mismatch');
      await verbs.acceptEvents(events, origin);
      return { status: 202, body: { status: 'accepted' } };
    },
  };
}
