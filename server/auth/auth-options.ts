import type { NextAuthOptions } from 'next-auth';
import credentialsModule from 'next-auth/providers/credentials';
import { decodeBase64 } from '../../protocol/base64.ts';
import { parseUserId, parseUsername } from '../../protocol/ids.ts';
import type { Accounts } from '../domain/accounts/accounts.ts';
import type { AuthSessions } from '../domain/accounts/auth-sessions.ts';
import { DomainError } from '../domain/domain-error.ts';
import type { SessionCookies } from './session-cookie.ts';

/** next-auth ships CommonJS: Node hands the factory out under `default` once more, a bundler does not. */
const CredentialsProvider: typeof credentialsModule =
  'default' in credentialsModule ? (credentialsModule.default as typeof credentialsModule) : credentialsModule;

const SESSION_SECONDS = 30 * 86_400;
const AUTH_SECRET_BYTES = 32;

/**
 * Builds the next-auth configuration: the credentials are a username and the authentication secret that the browser
 * derived, never a password [E2E-11]. The cookie seals only the id of a session row, so that a session can be revoked.
 */
export function createAuthOptions(options: {
  readonly accounts: Accounts;
  readonly sessions: AuthSessions;
  readonly secret: string;
  readonly cookies: SessionCookies;
  /** The header that says where a sign-in comes from. */
  readonly sourceHeader: string;
}): NextAuthOptions {
  const { accounts, sessions, cookies } = options;
  const attributes = { httpOnly: true, sameSite: 'lax', path: '/', secure: cookies.secure } as const;
  return {
    secret: options.secret,
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
    pages: { signIn: '/sign-in', error: '/sign-in' },
    useSecureCookies: cookies.secure,
    cookies: {
      sessionToken: { name: cookies.session, options: attributes },
      csrfToken: { name: cookies.csrf, options: attributes },
      callbackUrl: { name: cookies.callbackUrl, options: attributes },
    },
    providers: [
      CredentialsProvider({
        name: 'SecureChat',
        credentials: { username: { type: 'text' }, authSecret: { type: 'text' } },
        async authorize(credentials, request) {
          const attempt = parseAttempt(credentials);
          if (attempt === null) return null;
          const sourceAddress = String(request.headers?.[options.sourceHeader] ?? 'unknown');
          const userId = await authenticate(accounts, { ...attempt, sourceAddress });
          if (userId === null) return null;
          const session = await sessions.start(userId, browserLabel(String(request.headers?.['user-agent'] ?? '')));
          return { id: userId, name: session.id };
        },
      }),
    ],
    callbacks: {
      // `user` is there at sign-in only; its name carries the id of the fresh session.
      jwt: ({ token, user }) => (user === undefined ? token : { sub: user.id, sessionId: user.name }),
      session: ({ session, token }) => ({ ...session, user: { name: token.sub ?? null } }),
    },
    events: {
      async signOut({ token }) {
        const { sub, sessionId } = token;
        if (typeof sub !== 'string' || typeof sessionId !== 'string') return;
        await revokeQuietly(sessions, sub, sessionId);
      },
    },
  };
}

type Attempt = Parameters<Accounts['authenticate']>[0];

function parseAttempt(credentials: { username: string; authSecret: string } | undefined): Omit<Attempt, 'sourceAddress'> | null {
  try {
    const authSecret = decodeBase64(credentials?.authSecret ?? '');
    if (authSecret.length !== AUTH_SECRET_BYTES) return null;
    return { username: parseUsername(credentials?.username ?? ''), authSecret };
  } catch {
    return null;
  }
}

async function authenticate(accounts: Accounts, attempt: Attempt) {
  try {
    return await accounts.authenticate(attempt);
  } catch (error) {
    // next-auth hands the message of an error to the browser: a closed code, nothing else.
    throw new Error(error instanceof DomainError ? error.code : 'unavailable', { cause: error });
  }
}

/** Signing out twice is no fault. */
async function revokeQuietly(sessions: AuthSessions, userId: string, sessionId: string): Promise<void> {
  try {
    await sessions.revoke(parseUserId(userId), sessionId);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
}

/** Names a browser for the list of signed-in browsers: family and system, no version. */
function browserLabel(userAgent: string): string {
  const browser = ['Firefox', 'Edg', 'Chrome', 'Safari'].find((name) => userAgent.includes(name)) ?? 'Other';
  const system = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'].find((name) => userAgent.includes(name));
  return `${browser === 'Edg' ? 'Edge' : browser}${system === undefined ? '' : ` · ${system}`}`;
}
