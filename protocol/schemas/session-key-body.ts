import * as z from 'zod';
import { changeFields, findContradiction } from './change-fields.ts';

const shape = z.object({ ...changeFields, action: z.literal('rotate_key') });

/** A new session key for the members that remain. @see docs/protocol.md [API-4] */
export type SessionKeyBody = Readonly<z.infer<typeof shape>>;

/**
 * Reads the body of `PUT /conversations/{conversationId}/session_key`: what can be told without knowing the
 * conversation. Unknown members are dropped, `membership` is kept whole.
 * @see docs/protocol.md [API-4] [API-5]
 */
export const sessionKeyBody = shape.superRefine((body, context) => {
  const path = findContradiction(body);
  if (path !== null) context.addIssue({ code: 'custom', path: [...path] });
});
