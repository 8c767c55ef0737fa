import { findParticipant } from '../../e2ee/membership-rules.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import type { SystemLineView } from '../model.ts';
import type { ChangeWire } from '../trpc/wire.ts';
import { leaversAt } from './leaves.ts';
import type { VerifiedLeave } from './leaves.ts';
import type { MembershipChain, VerifiedChange } from './membership-chain.ts';

/** Tells the changes of a conversation: the verified ones, leaves among them, the refused ones, and those whose key breaks the commitment. */
export function systemLinesOf(
  chain: MembershipChain,
  broken: readonly VerifiedChange[],
  self: UserId,
): readonly SystemLineView[] {
  const isUnsigned = chain.verified.length === 0 && chain.refused.every(({ membership }) => membership === null);
  const refusedKind = isUnsigned ? 'unverified' : 'refused_change';
  return [
    ...chain.verified.map((verified) => verifiedLine(verified, chain, self)),
    ...chain.leaves.verified.map((leave) => leaveLine(leave, chain)),
    ...[...chain.refused, ...chain.leaves.refused].map((change) => changeLine(refusedKind, change, [])),
    ...broken.map(({ change }) => changeLine('refused_change', change, [])),
  ].sort((a, b) => a.afterPosition - b.afterPosition || a.epoch - b.epoch);
}

/** Whoever left has a line of their own: the statement that leaves them out then only renews the key. */
function verifiedLine({ statement, previous, change }: VerifiedChange, chain: MembershipChain, self: UserId): SystemLineView {
  if (previous === null) {
    const others = idsOf(statement).filter((userId) => userId !== statement.actor);
    // The first statement seen of a running conversation tells that we joined, not who else did.
    return statement.epoch === 1 ? changeLine('created', change, others) : changeLine('added', change, [self]);
  }
  const added = idsOf(statement).filter((userId) => findParticipant(previous, userId) === null);
  if (added.length > 0) return changeLine('added', change, added);
  const leavers = leaversAt(previous.epoch, chain.leaves.verified, chain.statements);
  const removed = idsOf(previous).filter((userId) => findParticipant(statement, userId) === null && !leavers.has(userId));
  return changeLine(removed.length > 0 ? 'removed' : 'rotated', change, removed);
}

function leaveLine({ userId, epoch, change }: VerifiedLeave, { statements }: MembershipChain): SystemLineView {
  const statement = statements.get(epoch);
  const isOwner = statement !== undefined && findParticipant(statement, userId)?.role === 'owner';
  return changeLine(isOwner ? 'owner_left' : 'left', change, []);
}

function changeLine(kind: SystemLineView['kind'], change: ChangeWire, subjectIds: readonly UserId[]): SystemLineView {
  const { epoch, initiatorId, timestamp, afterPosition } = change;
  return { kind, epoch, actorId: initiatorId, subjectIds, at: new Date(timestamp), afterPosition };
}

function idsOf({ participants }: MembershipStatement): readonly UserId[] {
  return participants.map(({ userId }) => userId);
}
