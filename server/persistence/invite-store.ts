import type { InviteStore } from '../domain/accounts/invites.ts';
import type { PrismaClient } from './generated/client.ts';

/** Creates the store of invitations on PostgreSQL. */
export function createPrismaInviteStore(prisma: PrismaClient): InviteStore {
  return {
    async insert(invite) {
      await prisma.invite.create({ data: invite });
    },
    async spend(hash, userId, now) {
      // A person whose registration was cut short after this may come back with the same code.
      const { count } = await prisma.invite.updateMany({
        where: { hash, expiresAt: { gt: now }, OR: [{ spentBy: null }, { spentBy: userId }] },
        data: { spentBy: userId, spentAt: now },
      });
      return count === 1;
    },
  };
}
