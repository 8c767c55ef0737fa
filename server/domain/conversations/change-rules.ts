import { ProtocolError } from '../../../protocol/errors.ts';
import { domainOf, ownerDomainInId } from '../../../protocol/ids.ts';
import type { Domain, UserId } from '../../../protocol/ids.ts';
import { isFullChange } from '../../../protocol/schemas/change-fields.ts';
import type { ConversationBody } from '../../../protocol/schemas/conversation-body.ts';
import type { SessionKeyBody } from '../../../protocol/schemas/session-key-body.ts';
import type { AccountStore, ChangeDecision, ChangeWrite, ConversationState, OutboxDraft } from '../ports.ts';

/** A change that servers act on; `leave` belongs to the Full profile and is refused by the routes. */
export type ChangeBody = (ConversationBody | SessionKeyBody) & { readonly action: ChangeWrite['action'] };

/** The last epoch that stores keep, a 32-bit number: a rotation every second would take 68 years to come here. */
const MAX_EPOCH = 2 ** 31 - 1;

/** What a local member of a change is to this server. */
export type LocalUserStanding = 'present' | 'unknown' | 'gone';

export interface ChangeContext {
  readonly body: ChangeBody;
  /** The domain that speaks: the origin of a request, or our own for a local person. */
  readonly speaker: Domain;
  readonly localDomain: Domain;
  readonly localUsers: ReadonlyMap<UserId, LocalUserStanding>;
  /** The users that this server must receive a key for: its own for a peer's change, everyone's for a local one. */
  readonly needsKey: (userId: UserId) => boolean;
  readonly contentHash: string;
  readonly now: Date;
  readonly deliveriesFor: (before: readonly UserId[]) => readonly OutboxDraft[];
}

/**
 * Decides a change against the locked state of its conversation, in the order of ERR-3: repeat, owner of the id,
 * existing, unknown, membership, owner domain, epoch, local users, keys.
 * @see docs/protocol.md [ERR-3] [API-3] [API-4] [API-5] [ID-3]
 */
export function decideChange(
  context: ChangeContext,
  found: { readonly state: ConversationState | null; readonly repeat: boolean },
): ChangeDecision<ProtocolError> {
  if (found.repeat) return { kind: 'duplicate' };
  const state = findSubject(context.body, context.speaker, found.state);
  const refusal =
    refuseByOwnership(context, state) ??
    refuseByEpoch(context.body, state) ??
    refuseByLocalUsers(context) ??
    refuseByKeys(context, state);
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

/** Looks up how each local member of a change stands, before the conversation is locked. */
export async function findLocalUsers(
  body: ChangeBody,
  options: { readonly localDomain: Domain; readonly accounts: Pick<AccountStore, 'find'> },
): Promise<ReadonlyMap<UserId, LocalUserStanding>> {
  const local = body.allParticipants.filter((userId) => domainOf(userId) === options.localDomain);
  const entries = local.map(async (userId): Promise<[UserId, LocalUserStanding]> => {
    const account = await options.accounts.find(userId);
    if (account === null) return [userId, 'unknown'];
    return [userId, account.deactivatedAt === null ? 'present' : 'gone'];
  });
  return new Map(await Promise.all(entries));
}

function refuseByOwnership({ body, speaker }: ChangeContext, state: ConversationState | null): ProtocolError | null {
  const founding = body.action === 'create' || (body.action === 'add_participant' && state === null);
  if (founding) {
    const owner = ownerDomainInId(body.conversationId);
    if (owner !== null && owner !== domainOf(body.initiatorId)) return new ProtocolError('conversation_owner_mismatch');
    if (owner === null && isFullChange(body)) return new ProtocolError('invalid_body', { pointer: '/conversationId' });
    return state === null ? null : new ProtocolError('conversation_exists');
  }
  if (state === null) return new ProtocolError('unknown_conversation');
  if (!state.participants.includes(body.initiatorId)) return new ProtocolError('not_a_member');
  return state.ownerDomain === speaker ? null : new ProtocolError('not_owner_domain');
}

function refuseByEpoch(body: ChangeBody, state: ConversationState | null): ProtocolError | null {
  const follows = state === null || body.epoch === undefined || body.epoch === state.epoch + 1;
  if (!follows) return new ProtocolError('stale_epoch', { currentEpoch: state.epoch });
  return epochAfter(body, state) > MAX_EPOCH ? new ProtocolError('invalid_body', { pointer: '/epoch' }) : null;
}

function refuseByLocalUsers({ localUsers }: ChangeContext): ProtocolError | null {
  const standings = [...localUsers.values()];
  if (standings.includes('unknown')) return new ProtocolError('unknown_user');
  return standings.includes('gone') ? new ProtocolError('user_gone') : null;
}

function refuseByKeys(context: ChangeContext, state: ConversationState | null): ProtocolError | null {
  const { body, needsKey } = context;
  const refuse = (member: string): ProtocolError => new ProtocolError('invalid_body', { pointer: `/${member}` });
  const before = new Set(state?.participants ?? []);
  const after = new Set(body.allParticipants);
  if (body.action === 'rotate_key' ? !after.isSubsetOf(before) : !after.isSupersetOf(before)) return refuse('allParticipants');
  const mine = body.allParticipants.filter(needsKey);
  if (body.action !== 'rotate_key' && mine.length === 0) return refuse('participantsToAdd');
  const withKey = new Set(body.participantsToAdd.map(({ userId }) => userId));
  if (![...withKey].every(needsKey)) return refuse('participantsToAdd');
  const onlyAdded = body.action === 'add_participant' && !isFullChange(body);
  // Founded by a Core add_participant: who is new is not known here, so the keys themselves say it.
  if (onlyAdded && state === null) return withKey.size > 0 ? null : refuse('participantsToAdd');
  const expected = onlyAdded ? mine.filter((userId) => !before.has(userId)) : mine;
  const exact = expected.length === withKey.size && expected.every((userId) => withKey.has(userId));
  return exact ? null : refuse('participantsToAdd');
}

function writeOf(context: ChangeContext, state: ConversationState | null): ChangeWrite {
  const { body, localDomain } = context;
  return {
    ownerDomain: state?.ownerDomain ?? domainOf(body.initiatorId),
    conversationId: body.conversationId,
    epoch: epochAfter(body, state),
    action: body.action,
    initiatorId: body.initiatorId,
    participantsAfter: body.allParticipants,
    sessionKeys: body.participantsToAdd.filter(({ userId }) => domainOf(userId) === localDomain),
    membership: body.membership ?? null,
    membershipSignature: body.membershipSignature ?? null,
    timestamp: body.timestamp,
    contentHash: context.contentHash,
    deliveries: context.deliveriesFor(state?.participants ?? []),
    now: context.now,
    acceptedBy: context.localUsers.has(body.initiatorId) ? [body.initiatorId] : [],
  };
}

function epochAfter(body: ChangeBody, state: ConversationState | null): number {
  if (body.epoch !== undefined) return body.epoch;
  if (state === null) return 1;
  return body.action === 'rotate_key' ? state.epoch + 1 : state.epoch;
}
