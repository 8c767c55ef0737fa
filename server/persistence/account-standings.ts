import type { UserId } from '../../protocol/ids.ts';
import type { AccountStanding } from '../domain/ports.ts';
import type { Prisma } from './generated/client.ts';

/** Reads how each of these people stands, in one query however many they are. */
export async function readStandings(
  transaction: Prisma.TransactionClient,
  userIds: readonly UserId[],
): Promise<ReadonlyMap<UserId, AccountStanding>> {
  if (userIds.length === 0) return new Map();
  const rows = await transaction.$queryRaw<{ readonly userId: string; readonly isGone: boolean }[]>`
    SELECT user_id AS "userId", deactivated_at IS NOT NULL AS "isGone" FROM accounts WHERE user_id = ANY(${[...userIds]}::text[])`;
  const known = new Map(rows.map(({ userId, isGone }) => [userId, isGone]));
  const standingOf = (userId: UserId): AccountStanding => {
    const isGone = known.get(userId);
    if (isGone === undefined) return 'unknown';
    return isGone ? 'gone' : 'active';
  };
  return new Map(userIds.map((userId) => [userId, standingOf(userId)]));
}
