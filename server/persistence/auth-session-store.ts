import type { AuthSession, AuthSessionStore } from '../domain/ports.ts';
import type { Database } from './database.ts';
import type { Statement } from './sql.ts';
import { parseStoredUserId } from './stored-id.ts';

/** Every request of a browser asks this. */
const FIND: Statement = {
  name: 'auth_session_find',
  text: `
    SELECT id, user_id AS "userId", label, created_at AS "createdAt", last_seen_at AS "lastSeenAt", expires_at AS "expiresAt", revoked_at AS "revokedAt"
    FROM auth_sessions WHERE id = $1`,
};

const TOUCH: Statement = { name: 'auth_session_touch', text: 'UPDATE auth_sessions SET last_seen_at = $2::timestamptz WHERE id = $1' };

/** Creates the store of signed-in browsers on PostgreSQL. */
export function createPostgresAuthSessionStore({ prisma, sql }: Pick<Database, 'prisma' | 'sql'>): AuthSessionStore {
  return {
    async insert(session) {
      await prisma.authSession.create({ data: session });
    },
    async find(id) {
      const [row] = await sql.all<SessionRow>(FIND, [id]);
      return row === undefined ? null : toSession(row);
    },
    async listActive(userId, now) {
      const rows = await prisma.authSession.findMany({
        where: { userId, revokedAt: null, expiresAt: { gt: now } },
        orderBy: [{ lastSeenAt: 'desc' }, { id: 'asc' }],
      });
      return rows.map(toSession);
    },
    async touch(id, now) {
      await sql.count(TOUCH, [id, now]);
    },
    async revoke(userId, id, now) {
      const { count } = await prisma.authSession.updateMany({ where: { id, userId, revokedAt: null }, data: { revokedAt: now } });
      return count === 1;
    },
  };
}

interface SessionRow extends Omit<AuthSession, 'userId'> {
  readonly userId: string;
}

function toSession(row: SessionRow): AuthSession {
  return { ...row, userId: parseStoredUserId(row.userId) };
}
