import { randomBytes } from 'node:crypto';
import type { CredentialsConfig } from 'next-auth/providers/credentials';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseUserId, usernameOf } from '../../protocol/ids.ts';
import type { UserId } from '../../protocol/ids.ts';
import { createAccounts } from '../domain/accounts/accounts.ts';
import type { Accounts } from '../domain/accounts/accounts.ts';
import { createAuthSessions } from '../domain/accounts/auth-sessions.ts';
import type { AuthSessions } from '../domain/accounts/auth-sessions.ts';
import { createRateLimit } from '../domain/rate-limit.ts';
import { createFakeClock } from '../domain/testing/fake-clock.ts';
import { authSecretOf, local, registrationOf } from '../domain/testing/people.ts';
import { openStores } from '../domain/testing/stores.ts';
import type { TestStores } from '../domain/testing/stores.ts';
import { createPostgresAuthSessionStore } from '../persistence/auth-session-store.ts';
import { createPrismaInviteStore } from '../persistence/invite-store.ts';
import { createAuthOptions } from './auth-options.ts';
import { sessionCookies } from './session-cookie.ts';

const sourceHeader = 'x-source';
const secret = 'a secret that is long enough to seal';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

let stores: TestStores;
let accounts: Accounts;
let sessions: AuthSessions;
let options: ReturnType<typeof createAuthOptions>;

beforeAll(async () => {
  stores = await openStores();
});
beforeEach(() => {
  const clock = createFakeClock();
  const limit = (burst: number) => createRateLimit({ perSecond: 1 / 60, burst, clock });
  accounts = createAccounts({
    store: stores.accounts, invites: createPrismaInviteStore(stores.prisma), localDomain: local, signup: 'open', decoySecret: secret,
    clock, randomBytes, signupLimit: limit(100), signInLimit: limit(2),
  });
  sessions = createAuthSessions({ store: createPostgresAuthSessionStore(stores.database), clock, randomBytes, onRevoked: () => undefined });
  options = createAuthOptions({ accounts, sessions, secret, cookies: sessionCookies('a.test', new URL('https://a.test')), sourceHeader });
});
afterAll(() => stores.stop());

let people = 0;
async function registered(): Promise<UserId> {
  people += 1;
  const userId = parseUserId(`person${people}@a.test`);
  await accounts.register(registrationOf(userId));
  return userId;
}

const attemptOf = (userId: UserId, authSecret = authSecretOf(userId)) => ({ username: usernameOf(userId), authSecret: Buffer.from(authSecret).toString('base64') });

/** Calls what next-auth calls with the form of the sign-in. */
function authorize(credentials: object | undefined, headers: Readonly<Record<string, string>> = { 'user-agent': firefox }) {
  const [provider] = options.providers as readonly CredentialsConfig[];
  // next-auth keeps the function that was given in `options`.
  const given = provider?.options as Pick<CredentialsConfig, 'authorize'>;
  return given.authorize(credentials as Record<string, string> | undefined, { headers, body: {}, query: {}, method: 'POST' });
}

describe('signing in', () => {
  test('with the right secret starts a session that the cookie will name', async () => {
    const userId = await registered();
    const user = await authorize(attemptOf(userId));
    expect(user?.id).toBe(userId);
    expect(await sessions.check(user?.name ?? '')).toMatchObject({ userId, label: 'Firefox · Linux' });
  });

  test('with a wrong secret or an unknown name gives the same nothing, and no session', async () => {
    const userId = await registered();
    expect(await authorize(attemptOf(userId, new Uint8Array(32)))).toBeNull();
    expect(await authorize(attemptOf(parseUserId('nobody@a.test')))).toBeNull();
    expect(await sessions.list(userId)).toEqual([]);
  });

  test.each([
    ['nothing', undefined],
    ['an empty form', {}],
    ['no secret', { username: 'alice' }],
    ['no name', { authSecret: Buffer.alloc(32).toString('base64') }],
    ['a name with capitals', { username: 'Alice', authSecret: Buffer.alloc(32).toString('base64') }],
    ['a whole user id', { username: 'alice@a.test', authSecret: Buffer.alloc(32).toString('base64') }],
    ['a password in place of the secret', { username: 'alice', authSecret: 'correct horse battery staple' }],
    ['a secret of 31 bytes', { username: 'alice', authSecret: Buffer.alloc(31).toString('base64') }],
    ['fields that are no texts', { username: ['alice'], authSecret: { length: 32 } }],
  ])('with %s gives nothing', async (_what, credentials) => {
    expect(await authorize(credentials)).toBeNull();
  });

  test('too often from one source fails with the closed code alone', async () => {
    const userId = await registered();
    const from = (address: string) => authorize(attemptOf(userId, new Uint8Array(32)), { [sourceHeader]: address });
    await from('192.0.2.1');
    await from('192.0.2.1');
    await expect(from('192.0.2.1')).rejects.toThrow(/^rate_limited$/);
    expect(await from('192.0.2.2')).toBeNull();
  });

  test('while the database is away fails with a closed code alone', async () => {
    const broken = { ...accounts, authenticate: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.5:5432')) };
    options = createAuthOptions({ accounts: broken, sessions, secret, cookies: sessionCookies('a.test', new URL('https://a.test')), sourceHeader });
    await expect(authorize(attemptOf(parseUserId('alice@a.test')))).rejects.toThrow(/^unavailable$/);
  });

  test.each([
    [firefox, 'Firefox · Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0', 'Edge · Windows'],
    ['Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36', 'Chrome · Android'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/20.0 Mobile/15E148 Safari/604.1', 'Safari · iPhone'],
    ['curl/9.0', 'Other'],
  ])('names the browser without its version: %s', async (userAgent, label) => {
    const user = await authorize(attemptOf(await registered()), { 'user-agent': userAgent });
    expect((await sessions.check(user?.name ?? ''))?.label).toBe(label);
  });
});

describe('the cookie', () => {
  test('is for this host over https, out of reach of scripts', () => {
    const { sessionToken, csrfToken, callbackUrl } = options.cookies ?? {};
    for (const cookie of [sessionToken, csrfToken, callbackUrl]) {
      expect(cookie).toMatchObject({ name: expect.stringMatching(/^__Host-securechat\.a\.test\./), options: { httpOnly: true, sameSite: 'lax', path: '/', secure: true } });
    }
  });

  test('seals the user id and the session id, at sign-in and ever after', async () => {
    const user = { id: 'alice@a.test', name: 'the-session' };
    const token = { sub: 'alice@a.test', sessionId: 'the-session' };
    const jwt = options.callbacks?.jwt as ((asked: { token: object; user?: object }) => Promise<object>) | undefined;
    expect(await jwt?.({ token: {}, user })).toEqual(token);
    expect(await jwt?.({ token })).toEqual(token);
  });
});

describe('signing out', () => {
  const signOut = async (token: Record<string, unknown>) => options.events?.signOut?.({ token, session: { expires: '' } });

  test('ends the session of this browser, and no other', async () => {
    const userId = await registered();
    const [here, elsewhere] = [await sessions.start(userId, ''), await sessions.start(userId, '')];
    await signOut({ sub: userId, sessionId: here.id });
    expect((await sessions.list(userId)).map(({ id }) => id)).toEqual([elsewhere.id]);
  });

  test('twice, or without a session, is no fault', async () => {
    const userId = await registered();
    const { id } = await sessions.start(userId, '');
    await signOut({ sub: userId, sessionId: id });
    await signOut({ sub: userId, sessionId: id });
    await signOut({});
    expect(await sessions.list(userId)).toEqual([]);
  });
});
