import type { Account, AccountStore, SealedVault } from '../domain/ports.ts';
import type { PrismaClient } from './generated/client.ts';
import type { AccountModel } from './generated/models.ts';
import { isUniqueViolation } from './prisma-error.ts';
import { parseStoredUserId } from './stored-id.ts';
import { parseStoredHashing, parseStoredIdentity } from './stored-json.ts';

/** Creates the store of accounts and their vaults on PostgreSQL. */
export function createPrismaAccountStore(prisma: PrismaClient): AccountStore {
  return {
    async insert(account, vault) {
      try {
        await prisma.account.create({
          data: {
            userId: account.userId,
            passwordHashing: JSON.stringify(account.passwordHashing),
            authVerifier: account.authVerifier,
            publicIdentity: JSON.stringify(account.publicIdentity),
            createdAt: account.createdAt,
            deactivatedAt: account.deactivatedAt,
            vault: { create: { ...vaultColumns(vault), updatedAt: account.createdAt } },
          },
        });
        return true;
      } catch (error) {
        if (isUniqueViolation(error)) return false;
        throw error;
      }
    },
    async find(userId) {
      const row = await prisma.account.findUnique({ where: { userId } });
      return row === null ? null : toAccount(row);
    },
    async replaceIdentity(userId, identity) {
      await prisma.account.updateMany({ where: { userId }, data: { publicIdentity: JSON.stringify(identity) } });
    },
    async findVault(userId) {
      const row = await prisma.vault.findUnique({ where: { userId } });
      return row === null ? null : vaultColumns(row);
    },
    async replaceVault(userId, vault, now) {
      const { count } = await prisma.vault.updateMany({
        where: { userId, counter: vault.counter - 1 },
        data: { ...vaultColumns(vault), updatedAt: now },
      });
      return count === 1;
    },
  };
}

function vaultColumns(vault: SealedVault): SealedVault {
  return {
    counter: vault.counter,
    sealed: vault.sealed,
    wrappedByPassword: vault.wrappedByPassword,
    wrappedByRecovery: vault.wrappedByRecovery,
  };
}

function toAccount(row: AccountModel): Account {
  return {
    userId: parseStoredUserId(row.userId),
    passwordHashing: parseStoredHashing(row.passwordHashing),
    authVerifier: row.authVerifier,
    publicIdentity: parseStoredIdentity(row.publicIdentity),
    createdAt: row.createdAt,
    deactivatedAt: row.deactivatedAt,
  };
}
