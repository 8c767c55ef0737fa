import { domainOf, ownerDomainInId } from '../protocol/ids.ts';
import type { UserId } from '../protocol/ids.ts';
import { membershipStatement } from '../protocol/schemas/membership-statement.ts';
import type { MembershipParticipant, MembershipStatement } from '../protocol/schemas/membership-statement.ts';
import { hasCanonicalForm } from './canonical-json.ts';

/** Why a statement breaks the rules, its signature aside. */
export type MembershipRuleBreach =
  | 'malformed'
  | 'not_owner_domain'
  | 'actor_not_allowed'
  | 'wrong_conversation'
  | 'wrong_epoch'
  | 'fork'
  | 'wrong_action'
  | 'role_change'
  | 'owner_removed';

/** Finds a participant in a statement, null where the user is none. */
export function findParticipant(statement: MembershipStatement, userId: UserId): MembershipParticipant | null {
  return statement.participants.find((participant) => participant.userId === userId) ?? null;
}

/**
 * Finds what is wrong with a statement taken alone: its shape (exactly one owner, nobody twice, `create` and no `prev`
 * exactly at epoch 1), an owner or admin away from the owner domain, an actor who may not act. Null: nothing.
 * @see docs/protocol.md [E2E-4] [E2E-5]
 */
function findStatementBreach(statement: MembershipStatement): MembershipRuleBreach | null {
  if (!membershipStatement.safeParse(statement).success || !hasCanonicalForm(statement)) return 'malformed';
  const ownerDomain = ownerDomainInId(statement.conversationId);
  const privileged = statement.participants.filter(isPrivileged);
  if (privileged.some(({ userId }) => domainOf(userId) !== ownerDomain)) return 'not_owner_domain';
  return null;
}

/** Finds what is wrong with the first statement that this client sees of a conversation. @see docs/protocol.md [E2E-5] */
export function findFirstBreach(statement: MembershipStatement): MembershipRuleBreach | null {
  const breach = findStatementBreach(statement);
  if (breach !== null) return breach;
  const actor = findParticipant(statement, statement.actor);
  const mayAct = actor !== null && (statement.epoch === 1 ? actor.role === 'owner' : isPrivileged(actor));
  return mayAct ? null : 'actor_not_allowed';
}

/**
 * Finds what is wrong with `next` as the successor of a verified statement whose hash is `previousHash`.
 * @see docs/protocol.md [E2E-5]
 */
export function findNextBreach(options: {
  readonly previous: MembershipStatement;
  readonly previousHash: string;
  readonly next: MembershipStatement;
}): MembershipRuleBreach | null {
  const { previous, previousHash, next } = options;
  const breach = findStatementBreach(next);
  if (breach !== null) return breach;
  if (next.conversationId !== previous.conversationId) return 'wrong_conversation';
  if (next.epoch !== previous.epoch + 1) return 'wrong_epoch';
  if (next.prev !== previousHash) return 'fork';
  const actor = findParticipant(previous, next.actor);
  if (actor === null || !isPrivileged(actor)) return 'actor_not_allowed';
  return findChangeBreach(previous, next, actor);
}

function findChangeBreach(
  previous: MembershipStatement,
  next: MembershipStatement,
  actor: MembershipParticipant,
): MembershipRuleBreach | null {
  const added = next.participants.filter(({ userId }) => findParticipant(previous, userId) === null);
  // A rotation goes to servers that had a member before: one that adds would reach nobody new.
  if (next.action === 'rotate_key' && added.length > 0) return 'wrong_action';
  const owner = previous.participants.find(({ role }) => role === 'owner');
  if (owner === undefined || findParticipant(next, owner.userId) === null) return 'owner_removed';
  // Somebody new who comes with a role has been given it by the actor.
  const rolesChange = next.participants.some(
    ({ userId, role }) => role !== (findParticipant(previous, userId)?.role ?? 'member'),
  );
  return rolesChange && actor.role !== 'owner' ? 'role_change' : null;
}

function isPrivileged({ role }: MembershipParticipant): boolean {
  return role === 'owner' || role === 'admin';
}
