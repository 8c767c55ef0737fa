import { randomBytes } from 'node:crypto';
import { parseConversationId } from '../../../protocol/ids.ts';
import type { ConversationId, Domain, UserId } from '../../../protocol/ids.ts';
import type { ConversationBody } from '../../../protocol/schemas/conversation-body.ts';
import { parseTimestamp } from '../../../protocol/timestamp.ts';
import type { ChangeBody } from '../conversations/change-rules.ts';

/** Makes the id of a new conversation; without an owner it is one of the Core form. */
export function newConversationId(owner?: Domain): ConversationId {
  const random = randomBytes(16).toString('base64url');
  return parseConversationId(owner === undefined ? random : `${random}:${owner}`);
}

/** A wrapped session key in the right form, told apart by its user. */
export function wrappedKeyFor(userId: UserId): { readonly userId: UserId; readonly encryptedSessionKey: string } {
  return { userId, encryptedSessionKey: Buffer.from(`key for ${userId}`).toString('base64') };
}

/** What a test says of a change; the rest is filled in. */
export interface ChangeSketch {
  readonly action: ChangeBody['action'];
  readonly conversationId: ConversationId;
  readonly by: UserId;
  /** Everybody after the change. */
  readonly all: readonly UserId[];
  readonly keysFor: readonly UserId[];
  /** Absent in Core. */
  readonly epoch?: number | undefined;
  readonly timestamp?: string;
}

/** Builds the body of a change. */
export function changeBody({ action, conversationId, by, all, keysFor, epoch, timestamp }: ChangeSketch): ChangeBody {
  return {
    action,
    conversationId,
    initiatorId: by,
    participantsToAdd: keysFor.map(wrappedKeyFor),
    allParticipants: [...all],
    timestamp: parseTimestamp(timestamp ?? '2026-03-01T10:00:00.000Z'),
    ...(epoch === undefined ? {} : { epoch }),
  };
}

/** Base64 of 64 bytes that prove nothing. */
export const leaveSignature = Buffer.alloc(64, 5).toString('base64');

/** Builds the body of a leave; `all` is everybody before it. */
export function leaveBody(sketch: Pick<ChangeSketch, 'conversationId' | 'by' | 'all' | 'epoch' | 'timestamp'>): ConversationBody {
  return { ...changeBody({ ...sketch, action: 'leave', keysFor: [] }), action: 'leave', leaveSignature };
}
