import * as z from 'zod';
import type { ConversationId, UserId } from '../ids.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { MAX_PARTICIPANTS } from '../limits.ts';
import type { Timestamp } from '../timestamp.ts';
import { boundedList } from './bounded-list.ts';
import { base64Field, conversationIdField, epochField, hashBase64UrlField, timestampField, userIdField } from './fields.ts';

const KEY_BYTES = 32;

/** What a member may do; there is exactly one `owner`. @see docs/protocol.md [E2E-4] */
export type MemberRole = 'owner' | 'admin' | 'member';

/** One member as a statement lists them; `signingKey` is base64 of 32 bytes. @see docs/protocol.md [E2E-4] */
export type MembershipParticipant = {
  readonly userId: UserId;
  readonly role: MemberRole;
  readonly signingKey: string;
};

/**
 * Who is in a conversation from one epoch on. `prev` is base64url of the SHA-256 of the previous statement,
 * `keyCommitment` base64 of 32 bytes. Members not named here are part of the object, and of its hash.
 * @see docs/protocol.md [E2E-4]
 */
export type MembershipStatement = {
  readonly v: 1;
  readonly conversationId: ConversationId;
  readonly epoch: number;
  readonly prev: string | null;
  readonly action: 'create' | 'add_participant' | 'rotate_key';
  readonly actor: UserId;
  readonly participants: readonly MembershipParticipant[];
  readonly keyCommitment: string;
  readonly timestamp: Timestamp;
};

const knownMembers = z
  .object({
    v: z.literal(1),
    conversationId: conversationIdField,
    epoch: epochField,
    prev: hashBase64UrlField.nullable(),
    action: z.enum(['create', 'add_participant', 'rotate_key']),
    actor: userIdField,
    participants: boundedList(
      z.array(z.object({ userId: userIdField, role: z.enum(['owner', 'admin', 'member']), signingKey: base64Field(KEY_BYTES) })).min(1),
      MAX_PARTICIPANTS,
    ),
    keyCommitment: base64Field(KEY_BYTES),
    timestamp: timestampField,
  })
  .superRefine((statement, context) => {
    const refuse = (member: string): void => context.addIssue({ code: 'custom', path: [member] });
    const { participants } = statement;
    if ((statement.prev === null) !== (statement.epoch === 1)) refuse('prev');
    if ((statement.action === 'create') !== (statement.epoch === 1)) refuse('action');
    if (new Set(participants.map(({ userId }) => userId)).size !== participants.length) refuse('participants');
    if (participants.filter(({ role }) => role === 'owner').length !== 1) refuse('participants');
  });

/**
 * Reads a statement of membership as clients need it and gives back the very object received, so that members this
 * version does not know stay in its hash. Servers do not use it: to them a statement is opaque.
 * @see docs/protocol.md [E2E-4] [API-10]
 */
export const membershipStatement: z.ZodType<MembershipStatement & JsonObject> = z
  .custom<MembershipStatement & JsonObject>(isJsonObject)
  .superRefine((statement, context) => {
    for (const issue of knownMembers.safeParse(statement).error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: [...issue.path] });
    }
  });
