import * as z from 'zod';
import { MAX_EVENT_MESSAGES, MAX_EVENTS } from '../limits.ts';
import { boundedList } from './bounded-list.ts';
import type { MemberPath } from './change-fields.ts';
import { anyMessageIdField, conversationIdField, timestampField, userIdField } from './fields.ts';

const common = { conversationId: conversationIdField, userId: userIdField, timestamp: timestampField };

const event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('typing'), ...common }),
  z.object({ type: z.literal('delivered'), ...common, messageIds: boundedList(z.array(anyMessageIdField).min(1).meta({ uniqueItems: true }), MAX_EVENT_MESSAGES) }),
  z.object({ type: z.literal('read'), ...common, upTo: anyMessageIdField }),
  z.object({ type: z.literal('accepted'), ...common }),
]);

/**
 * What a user of the sending server did: writes, received messages, has read up to one, accepted a request.
 * `messageIds` are 1 to 100, each once.
 * @see docs/protocol.md [API-8]
 */
export type FederationEvent = Readonly<z.infer<typeof event>>;

/**
 * Reads the body of `POST /events`: at most 100, of which one malformed one, a type unknown here included, refuses
 * all. Unknown members are dropped.
 * @see docs/protocol.md [API-8]
 */
export const eventsBody = z.object({ events: boundedList(z.array(event), MAX_EVENTS) }).superRefine(({ events }, context) => {
  const path = findRepeatedMessage(events);
  if (path !== null) context.addIssue({ code: 'custom', path: [...path] });
});

function findRepeatedMessage(events: readonly FederationEvent[]): MemberPath | null {
  for (const [index, each] of events.entries()) {
    if (each.type !== 'delivered') continue;
    const repeated = each.messageIds.findIndex((messageId, at) => each.messageIds.indexOf(messageId) < at);
    if (repeated >= 0) return ['events', index, 'messageIds', repeated];
  }
  return null;
}
