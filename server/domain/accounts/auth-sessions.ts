import type { UserId } from '../../../protocol/ids.ts';
import { DomainError } from '../domain-error.ts';
import type { AuthSession, AuthSessionStore, Clock } from '../ports.ts';

const LIFETIME_MS = 30 * 86_400_000;
const ID_BYTES = 24;
/** Writing "last seen" more often than this tells nobody anything new. */
const TOUCH_AFTER_MS = 60_000;

/** Sessions of signed-in browsers: rows on the server, so that revoking one ends it at the next request. */
export interface AuthSessions {
  start(userId: UserId, label: string): Promise<AuthSession>;
  /** The session when it is neither revoked nor expired, else null. */
  check(id: string): Promise<AuthSession | null>;
  list(userId: UserId): Promise<readonly AuthSession[]>;
  /** @throws DomainError `unknown_session` */
  revoke(userId: UserId, id: string): Promise<void>;
}

/** Creates the verbs about signed-in browsers; `onRevoked` lets open sockets be closed at once. */
export function createAuthSessions(options: {
  readonly store: AuthSessionStore;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly onRevoked: (sessionId: string) => void;
}): AuthSessions {
  const { store, clock } = options;
  return {
    async start(userId, label) {
      const now = clock.now();
      const session: AuthSession = {
        id: Buffer.from(options.randomBytes(ID_BYTES)).toString('base64url'),
        userId,
        label,
        createdAt: now,
        lastSeenAt: now,
        expiresAt: new Date(now.getTime() + LIFETIME_MS),
        revokedAt: null,
      };
      await store.insert(session);
      return session;
    },

    async check(id) {
      const session = await store.find(id);
      const now = clock.now();
      if (session === null || session.revokedAt !== null || session.expiresAt <= now) return null;
      if (now.getTime() - session.lastSeenAt.getTime() > TOUCH_AFTER_MS) await store.touch(id, now);
      return session;
    },

    list: (userId) => store.listActive(userId, clock.now()),

    async revoke(userId, id) {
      if (!(await store.revoke(userId, id, clock.now()))) throw new DomainError('unknown_session');
      options.onRevoked(id);
    },
  };
}
