import type { AuthSession, AuthSessionStore } from '../domain/ports.ts';
import type { PrismaClient } from './generated/client.ts';
import type { AuthSessionModel } from './generated/models.ts';
import { parseStoredUserId } from './stored-id.ts';

/** Creates the store of signed-in browsers on PostgreSQL. */
export function createPrismaAuthSessionStore(prisma: PrismaClient): AuthSessionStore {
  return {
    async insert(session) {
      await prisma.authSession.create({ data: session });
    },
    async find(id) {
      const row = await prisma.authSession.findUnique({ where: { id } });
      return row === null ? null : toSession(row);
    },
    async listActive(userId, now) {
      const rows = await prisma.authSession.findMany({
        where: { userId, revokedAt: null, expiresAt: { gt: now } },
        orderBy: [{ lastSeenAt: 'desc' }, { id: 'asc' }],
      });
      return rows.map(toSession);
    },
    async touch(id, now) {
      await prisma.authSession.updateMany({ where: { id }, data: { lastSeenAt: now } });
    },
    async revoke(userId, id, now) {
      const { count } = await prisma.authSession.updateMany({ where: { id, userId, revokedAt: null }, data: { revokedAt: now } });
      return count === 1;
    },
  };
}

function toSession(row: AuthSessionModel): AuthSession {
  return { ...row, userId: parseStoredUserId(row.userId) };
}
