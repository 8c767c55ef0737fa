import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf, ownerDomainInId } from '../../../protocol/ids.ts';
import type { Domain, UserId } from '../../../protocol/ids.ts';
import { isFullChange } from '../../../protocol/schemas/change-fields.ts';
import type { ConversationBody } from '../../../protocol/schemas/conversation-body.ts';
import { MAX_EPOCH } from '../../../protocol/schemas/fields.ts';
import type { SessionKeyBody } from '../../../protocol/schemas/session-key-body.ts';
import type { OutboxDraft } from '../outbox/outbox-store.ts';
import type { AccountStanding, ChangeDecision, ChangeWrite, ConversationState, FoundConversation } from '../ports.ts';

/** A change of a conversation, of any action. */
export type ChangeBody = ConversationBody | SessionKeyBody;

export interface ChangeContext {
  readonly body: ChangeBody;
  /** The domain that speaks: the origin of a request, or our own for a local person. */
  readonly speaker: Domain;
  readonly localDomain: Domain;
  /** The users that this server must receive a key for: its own for a peer's change, everyone's for a local one. */
  readonly needsKey: (userId: UserId) => boolean;
  readonly contentHash: string;
  readonly now: Date;
  readonly deliveriesFor: (before: readonly UserId[]) => readonly OutboxDraft[];
}

/**
 * Decides a change against the locked state of its conversation, in the order of ERR-3: repeat, owner of the id,
 * existing, unknown, membership, owner domain, epoch, local users, keys. Nobody is looked up before all up to the epoch passed.
 * @see docs/protocol.md [ERR-3] [API-3] [API-4] [API-5] [ID-3]
 */
export async function decideChange(context: ChangeContext, found: FoundConversation): Promise<ChangeDecision<ProtocolError>> {
  const { body, speaker } = context;
  const state = findSubject(body, speaker, found.state);
  if (found.repeat || isSettledLeave(body, state)) return { kind: 'duplicate' };
  const refusal = refuseByOwnership(context, state) ?? refuseByEpoch(context, state) ?? (await refuseByList(context, state, found));
  if (refusal !== null) return { kind: 'refuse', refusal };
  return { kind: 'apply', write: writeOf(context, state) };
}

/**
 * Finds what a change is about, given the conversation that the store found under its id: ids are kept per owner
 * domain, so a create passes over another owner's conversation, as does an addition by somebody who is not in that one.
 * @see docs/protocol.md [ID-3]
 */
export function findSubject(body: ChangeBody, speaker: Domain, found: ConversationState | null): ConversationState | null {
  if (found === null || found.ownerDomain === speaker) return found;
  const founds =
    body.action === 'create' ||
    (body.action === 'add_participant' && ownerDomainInId(body.conversationId) === null && !found.participants.includes(body.initiatorId));
  return founds ? null : found;
}

/** Gives whose conversation of an id is meant first: the speaker's own, though somebody who leaves means the one they are in. */
export function preferredOwnerOf(body: ChangeBody, speaker: Domain): Domain | null {
  return body.action === 'leave' ? null : speaker;
}

/**
 * Tells whether a leave asks for what a later epoch has done: the change that honours it may be faster than the leave
 * itself. Only their own removal is looked at, which the leaver's server was told of, not the epoch since.
 */
function isSettledLeave(body: ChangeBody, state: ConversationState | null): boolean {
  const removedAtEpoch = state?.actorRemovedAtEpoch ?? null;
  return body.action === 'leave' && body.epoch !== undefined && removedAtEpoch !== null && body.epoch < removedAtEpoch;
}

/**
 * Tells whether an addition brings this server back into a conversation that it has no member in any more. It heard
 * nothing of the changes since, so that its members and epoch say as little as if it had never known it. In Core, which
 * has no epoch to state, the last one stored goes on.
 */
function isReturn({ body, speaker, localDomain }: ChangeContext, state: ConversationState | null): boolean {
  return (
    body.action === 'add_participant' &&
    speaker !== localDomain &&
    state?.ownerDomain === speaker &&
    !state.participants.some((userId) => domainOf(userId) === localDomain)
  );
}

function refuseByOwnership(context: ChangeContext, state: ConversationState | null): ProtocolError | null {
  const { body, speaker } = context;
  const founding = body.action === 'create' || (body.action === 'add_participant' && state === null);
  if (founding) {
    const owner = ownerDomainInId(body.conversationId);
    if (owner !== null && owner !== domainOf(body.initiatorId)) return new ProtocolError('conversation_owner_mismatch');
    if (owner === null && isFullChange(body)) return new ProtocolError('invalid_body', { pointer: '/conversationId' });
    return state === null ? null : new ProtocolError('conversation_exists');
  }
  if (state === null) return new ProtocolError('unknown_conversation');
  if (isReturn(context, state)) return null;
  if (!state.participants.includes(body.initiatorId)) return new ProtocolError('not_a_member');
  return body.action === 'leave' || state.ownerDomain === speaker ? null : new ProtocolError('not_owner_domain');
}

function refuseByEpoch(context: ChangeContext, state: ConversationState | null): ProtocolError | null {
  const { body } = context;
  if (state !== null && body.epoch !== undefined && !followsOn(body.epoch, context, state)) return new ProtocolError('stale_epoch', { currentEpoch: state.epoch });
  return epochAfter(body, state) > MAX_EPOCH ? new ProtocolError('invalid_body', { pointer: '/epoch' }) : null;
}

function followsOn(epoch: number, context: ChangeContext, state: ConversationState): boolean {
  if (context.body.action === 'leave') return epoch === state.epoch;
  return isReturn(context, state) ? epoch > state.epoch : epoch === state.epoch + 1;
}

async function refuseByList(context: ChangeContext, state: ConversationState | null, { findStandings }: FoundConversation): Promise<ProtocolError | null> {
  const { body, localDomain } = context;
  // Who leaves takes nobody along: the list that they give is of no consequence.
  if (body.action === 'leave') return null;
  const standings = await findStandings(body.allParticipants.filter((userId) => domainOf(userId) === localDomain));
  return refuseByStandings([...standings.values()]) ?? refuseByKeys(context, state);
}

function refuseByStandings(standings: readonly AccountStanding[]): ProtocolError | null {
  if (standings.includes('unknown')) return new ProtocolError('unknown_user');
  return standings.includes('gone') ? new ProtocolError('user_gone') : null;
}

function refuseByKeys(context: ChangeContext, state: ConversationState | null): ProtocolError | null {
  const { body, needsKey } = context;
  const refuse = (member: string): ProtocolError => new ProtocolError('invalid_body', { pointer: `/${member}` });
  const before = new Set(state?.participants ?? []);
  if (!fitsMembers(context, state)) return refuse('allParticipants');
  const mine = body.allParticipants.filter(needsKey);
  if (body.action !== 'rotate_key' && mine.length === 0) return refuse('participantsToAdd');
  const withKey = new Set(body.participantsToAdd.map(({ userId }) => userId));
  if (![...withKey].every(needsKey)) return refuse('participantsToAdd');
  const onlyAdded = body.action === 'add_participant' && !isFullChange(body);
  // Founded by a Core add_participant, also anew: who is new is not known here, so the keys themselves say it.
  if (onlyAdded && (state === null || isReturn(context, state))) return withKey.size > 0 ? null : refuse('participantsToAdd');
  const expected = onlyAdded ? mine.filter((userId) => !before.has(userId)) : mine;
  const exact = expected.length === withKey.size && expected.every((userId) => withKey.has(userId));
  return exact ? null : refuse('participantsToAdd');
}

function fitsMembers(context: ChangeContext, state: ConversationState | null): boolean {
  const { body, speaker, localDomain } = context;
  const after = new Set(body.allParticipants);
  const before = new Set(state?.participants ?? []);
  if (body.action !== 'rotate_key') return isReturn(context, state) || after.isSupersetOf(before);
  // A rotation that crossed a leave on its way lists who left; refused, its server would never follow the epochs again.
  const crossed = speaker === localDomain ? [] : (state?.leftInEpoch ?? []);
  return after.isSubsetOf(before.union(new Set(crossed)));
}

function writeOf(context: ChangeContext, state: ConversationState | null): ChangeWrite {
  const { body, localDomain } = context;
  const before = state?.participants ?? [];
  const isLeave = body.action === 'leave';
  return {
    ownerDomain: state?.ownerDomain ?? domainOf(body.initiatorId),
    conversationId: body.conversationId,
    epoch: epochAfter(body, state),
    action: body.action,
    initiatorId: body.initiatorId,
    participantsAfter: isLeave ? before.filter((userId) => userId !== body.initiatorId) : body.allParticipants,
    sessionKeys: body.participantsToAdd.filter(({ userId }) => domainOf(userId) === localDomain),
    // A leaver states nothing of the members [API-3]: what came all the same is not shown to anybody.
    membership: isLeave ? null : (body.membership ?? null),
    membershipSignature: isLeave ? null : (body.membershipSignature ?? null),
    leaveSignature: body.action === 'leave' ? (body.leaveSignature ?? null) : null,
    timestamp: body.timestamp,
    contentHash: context.contentHash,
    deliveries: context.deliveriesFor(before),
    now: context.now,
    acceptedBy: !isLeave && domainOf(body.initiatorId) === localDomain ? [body.initiatorId] : [],
  };
}

function epochAfter(body: ChangeBody, state: ConversationState | null): number {
  if (body.epoch !== undefined) return body.epoch;
  if (state === null) return 1;
  return body.action === 'rotate_key' ? state.epoch + 1 : state.epoch;
}
