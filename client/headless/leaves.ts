import { verifyLeave } from '../../e2ee/leave.ts';
import { findParticipant } from '../../e2ee/membership-rules.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import type { MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import type { ChangeWire } from '../trpc/wire.ts';

/** The verified statements of a conversation by epoch. */
export type StatementsByEpoch = ReadonlyMap<number, MembershipStatement>;

/** A leave that whoever left has signed. */
export interface VerifiedLeave {
  readonly userId: UserId;
  readonly epoch: number;
  readonly change: ChangeWire;
}

/** What became of the leaves that a server tells. A refused one takes nobody out: it may be the server's own doing. */
export interface SortedLeaves {
  readonly verified: readonly VerifiedLeave[];
  readonly refused: readonly ChangeWire[];
}

/**
 * Verifies leaves, each under the key that the statement of its epoch lists for whoever left.
 * @see docs/protocol.md [E2E-6]
 */
export async function verifyLeaves(
  leaves: readonly ChangeWire[],
  chain: { readonly conversationId: ConversationId; readonly statements: StatementsByEpoch },
): Promise<SortedLeaves> {
  const verified: VerifiedLeave[] = [];
  const refused: ChangeWire[] = [];
  for (const change of leaves) {
    const { initiatorId: userId, epoch, timestamp, leaveSignature: signature } = change;
    const statement = chain.statements.get(epoch);
    const signingKey = statement === undefined ? undefined : findParticipant(statement, userId)?.signingKey;
    const leave = { conversationId: chain.conversationId, userId, epoch, timestamp };
    const holds = signature !== null && signingKey !== undefined && (await verifyLeave({ leave, signature, signingKey }));
    if (holds) verified.push({ userId, epoch, change });
    else refused.push(change);
  }
  return { verified, refused };
}

/**
 * Finds who left and is listed all the same, as of an epoch. A leave stands until a statement leaves its author out,
 * so that one which crossed the statement of the next epoch on its way is honoured by the one after.
 * @see docs/protocol.md [E2E-6]
 */
export function leaversAt(epoch: number, left: readonly VerifiedLeave[], statements: StatementsByEpoch): ReadonlySet<UserId> {
  const isListedSince = (userId: UserId, from: number): boolean => {
    for (let at = from; at <= epoch; at += 1) {
      const statement = statements.get(at);
      if (statement === undefined || findParticipant(statement, userId) === null) return false;
    }
    return true;
  };
  const standing = left.filter((leave) => leave.epoch <= epoch && isListedSince(leave.userId, leave.epoch));
  return new Set(standing.map(({ userId }) => userId));
}
