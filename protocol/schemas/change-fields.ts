import * as z from 'zod';
import type { UserId } from '../ids.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { MAX_PARTICIPANTS } from '../limits.ts';
import { boundedList } from './bounded-list.ts';
import { base64Field, base64SomeField, conversationIdField, epochField, opaqueObjectField, timestampField, userIdField } from './fields.ts';

const SIGNATURE_BYTES = 64;

/**
 * Holds what every change of a conversation has in common. `encryptedSessionKey` is base64; `epoch`, `membership`
 * and `membershipSignature` (base64 of 64 bytes) are absent in Core.
 * @see docs/protocol.md [API-3] [API-4]
 */
export const changeFields = {
  conversationId: conversationIdField,
  initiatorId: userIdField,
  participantsToAdd: boundedList(z.array(z.object({ userId: userIdField, encryptedSessionKey: base64SomeField })), MAX_PARTICIPANTS),
  allParticipants: boundedList(z.array(userIdField).min(1), MAX_PARTICIPANTS),
  timestamp: timestampField,
  epoch: epochField.exactOptional(),
  membership: opaqueObjectField.exactOptional(),
  membershipSignature: base64Field(SIGNATURE_BYTES).exactOptional(),
};

const changeShape = z.object(changeFields);
type ChangeFields = Readonly<z.infer<typeof changeShape>>;

/** Is the path of a bad member, outermost name first. */
export type MemberPath = readonly (string | number)[];

/**
 * Finds the first member that contradicts another, null where all agree: members are unique and include the
 * initiator and everyone who gets a key, each of whom gets one; `membership` says the same as the body.
 * @see docs/protocol.md [API-3] [API-5]
 */
export function findContradiction(body: ChangeFields): MemberPath | null {
  return findParticipantFault(body) ?? findMembershipFault(body);
}

/**
 * Tells a change of the Full profile from one of Core: it states its epoch.
 * @see docs/protocol.md [API-5]
 */
export function isFullChange(body: { readonly epoch?: number }): boolean {
  return body.epoch !== undefined;
}

function findParticipantFault({ initiatorId, participantsToAdd, allParticipants }: ChangeFields): MemberPath | null {
  const members = new Set<UserId>();
  for (const [index, userId] of allParticipants.entries()) {
    if (members.has(userId)) return ['allParticipants', index];
    members.add(userId);
  }
  if (!members.has(initiatorId)) return ['allParticipants'];
  const withKey = new Set<UserId>();
  for (const [index, { userId }] of participantsToAdd.entries()) {
    if (!members.has(userId) || withKey.has(userId)) return ['participantsToAdd', index, 'userId'];
    withKey.add(userId);
  }
  return null;
}

function findMembershipFault({ conversationId, epoch, allParticipants, membership }: ChangeFields): MemberPath | null {
  if (membership === undefined) return null;
  if (epoch === undefined) return ['epoch'];
  if (membership['conversationId'] !== conversationId) return ['membership', 'conversationId'];
  if (membership['epoch'] !== epoch) return ['membership', 'epoch'];
  return haveSameMembers(membership, allParticipants) ? null : ['membership', 'participants'];
}

/** Compares as sets: the order of either list says nothing. */
function haveSameMembers(membership: JsonObject, allParticipants: readonly UserId[]): boolean {
  const listed = membership['participants'];
  if (!Array.isArray(listed) || listed.length !== allParticipants.length) return false;
  const listedIds = new Set<unknown>(listed.map((entry: unknown) => (isJsonObject(entry) ? entry['userId'] : undefined)));
  return allParticipants.every((userId) => listedIds.has(userId));
}
