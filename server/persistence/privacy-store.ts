import type { PrivacyStore } from '../domain/receipts/privacy.ts';
import type { PrismaClient } from './generated/client.ts';

/** Creates the store of what people let others see on PostgreSQL. */
export function createPrismaPrivacyStore(prisma: PrismaClient): PrivacyStore {
  return {
    async find(userId) {
      const account = await prisma.account.findUnique({ where: { userId }, select: { receipts: true, typing: true } });
      return account ?? { receipts: true, typing: true };
    },
    async save(userId, { receipts, typing }) {
      // That a request was accepted is no receipt: it still has to be told.
      await prisma.$executeRaw`
        WITH chosen AS (UPDATE accounts SET receipts = ${receipts}, typing = ${typing} WHERE user_id = ${userId}),
        kept AS (
          UPDATE receipt_dues SET delivered_after = delivered_up_to, read_after = read_up_to
          WHERE user_id = ${userId} AND NOT ${receipts} AND accepted_at IS NOT NULL)
        DELETE FROM receipt_dues WHERE user_id = ${userId} AND NOT ${receipts} AND accepted_at IS NULL`;
    },
  };
}
