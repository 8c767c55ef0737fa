import { findParticipant } from '../../e2ee/membership-rules.ts';
import { domainOf, ownerDomainInId } from '../../protocol/ids.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import { ClientError } from '../client-error.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/**
 * Gives the statement that `self` may build upon. Throws `not_a_member`, `membership_frozen` where the owner has left,
 * whom no statement may leave out, or `not_permitted`: only an owner or admin, on the owner domain, starts epochs.
 * @see docs/protocol.md [API-5] [E2E-5] [E2E-6]
 */
export function assertMayChange(conversation: VerifiedConversation, self: UserId): MembershipStatement {
  const { head, standing, leavers } = conversation;
  if (standing !== 'member' || head === null) throw new ClientError('not_a_member');
  const { statement } = head;
  const owner = statement.participants.find(({ role }) => role === 'owner');
  if (owner !== undefined && leavers.has(owner.userId)) throw new ClientError('membership_frozen');
  const role = findParticipant(statement, self)?.role;
  const onOwnerDomain = ownerDomainInId(statement.conversationId) === domainOf(self);
  if (role === undefined || role === 'member' || !onOwnerDomain) throw new ClientError('not_permitted');
  return statement;
}

/** Tells whether `self` is to start the epoch that leaves out whoever left. @see docs/protocol.md [E2E-6] */
export function mayHonourLeaves(conversation: VerifiedConversation, self: UserId): boolean {
  if (conversation.leavers.size === 0) return false;
  try {
    assertMayChange(conversation, self);
    return true;
  } catch (thrown) {
    if (thrown instanceof ClientError) return false;
    throw thrown;
  }
}
