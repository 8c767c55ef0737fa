import * as z from 'zod';
import { ownerDomainInId } from '../ids.ts';
import { isJsonObject } from '../json.ts';
import { changeFields, findContradiction, isFullChange } from './change-fields.ts';
import type { MemberPath } from './change-fields.ts';
import { base64Field } from './fields.ts';

const SIGNATURE_BYTES = 64;

/** Describes the members of the body, `leaveSignature` among them, which says something in a `leave` alone. @see docs/protocol.md [API-3] */
export const conversationBodyShape = z.object({
  ...changeFields,
  action: z.enum(['create', 'add_participant', 'leave']),
  leaveSignature: base64Field(SIGNATURE_BYTES).exactOptional(),
});

/** A conversation founded, a member added, or a member leaving. @see docs/protocol.md [API-3] */
export type ConversationBody = Readonly<z.infer<typeof conversationBodyShape>>;

/**
 * Reads the body of `POST /conversations`: what can be told without knowing the conversation or who is local.
 * Unknown members are dropped, `membership` is kept whole.
 * @see docs/protocol.md [API-3] [API-5] [ID-3]
 */
export const conversationBody = z.preprocess(
  dropStrayLeaveSignature,
  conversationBodyShape.superRefine((body, context) => {
    const path = findActionFault(body) ?? findContradiction(body);
    if (path !== null) context.addIssue({ code: 'custom', path: [...path] });
  }),
);

/** Leaves out of every other change what only a `leave` knows, as any unknown member [API-10]. */
function dropStrayLeaveSignature(value: unknown): unknown {
  if (!isJsonObject(value) || value['action'] === 'leave') return value;
  const { leaveSignature: _, ...rest } = value;
  return rest;
}

function findActionFault(body: ConversationBody): MemberPath | null {
  if (body.action === 'leave') return body.participantsToAdd.length === 0 ? null : ['participantsToAdd'];
  if (body.action !== 'create' || !isFullChange(body)) return null;
  if (body.epoch !== 1) return ['epoch'];
  return ownerDomainInId(body.conversationId) === null ? ['conversationId'] : null;
}
