import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseUserId } from '../../protocol/ids.ts';
import { parseTimestamp } from '../../protocol/timestamp.ts';
import type { Account, AccountStore, AuthSession, AuthSessionStore, PublicIdentity, SealedVault } from '../domain/ports.ts';
import { createPrismaAccountStore } from './account-store.ts';
import { createPostgresAuthSessionStore } from './auth-session-store.ts';
import { createPrismaInviteStore } from './invite-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, alice, dave, start } from './testing-fixtures.ts';

let db: TestDatabase;
let accounts: AccountStore;
let sessions: AuthSessionStore;

beforeAll(async () => {
  db = await createTestDatabase();
  accounts = createPrismaAccountStore(db.database.prisma);
  sessions = createPostgresAuthSessionStore(db.database);
});
afterAll(() => db.stop());

const vault: SealedVault = { counter: 1, sealed: 's', wrappedByPassword: 'p', wrappedByRecovery: 'r' };

function accountOf(userId: Account['userId']): Account {
  const publicIdentity: PublicIdentity = {
    userId, publicKey: 'pk', signingKey: 'sk', keyVersion: 1, createdAt: parseTimestamp('2026-03-01T10:00:00.000Z'), bindingSignature: 'b', previous: [],
  };
  return {
    userId, publicIdentity, authVerifier: 'v', createdAt: start, deactivatedAt: null,
    passwordHashing: { algorithm: 'argon2id', salt: 'salt', memoryKiB: 19456, iterations: 2, parallelism: 1 },
  };
}

test('an account comes back as it was stored, with its vault, and a name is given once', async () => {
  const userId = parseUserId('one@a.test');
  expect(await accounts.find(userId)).toBeNull();
  expect(await accounts.insert(accountOf(userId), vault)).toBe(true);
  expect(await accounts.insert(accountOf(userId), { ...vault, sealed: 'other' })).toBe(false);
  expect(await accounts.find(userId)).toEqual(accountOf(userId));
  expect(await accounts.findVault(userId)).toEqual(vault);
});

test('of ten registrations of one name at once one succeeds', async () => {
  const account = accountOf(parseUserId('many@a.test'));
  const results = await Promise.all(Array.from({ length: 10 }, () => accounts.insert(account, vault)));
  expect(results.filter(Boolean)).toHaveLength(1);
});

test('[E2E-11] a vault is replaced only by the one that follows it', async () => {
  const userId = parseUserId('vault@a.test');
  await accounts.insert(accountOf(userId), vault);
  expect(await accounts.replaceVault(userId, { ...vault, counter: 3 }, start)).toBe(false);
  const next = { ...vault, counter: 2, sealed: 'next' };
  const results = await Promise.all([accounts.replaceVault(userId, next, start), accounts.replaceVault(userId, next, start)]);
  expect(results.sort()).toEqual([false, true]);
  expect(await accounts.findVault(userId)).toEqual(next);
});

test('an identity is replaced', async () => {
  await accounts.insert(accountOf(dave), vault);
  const identity = { ...accountOf(dave).publicIdentity, keyVersion: 2 };
  await accounts.replaceIdentity(dave, identity);
  expect((await accounts.find(dave))?.publicIdentity).toEqual(identity);
});

test('a session is listed until it expires or its own user revokes it', async () => {
  await accounts.insert(accountOf(alice), vault);
  const session = (id: string, expiresAt: Date): AuthSession => ({ id, userId: alice, label: 'Firefox', createdAt: start, lastSeenAt: start, expiresAt, revokedAt: null });
  await sessions.insert(session('s1', after(100)));
  await sessions.insert(session('s2', after(200)));
  await sessions.touch('s2', after(50));
  const active = async (now: Date) => (await sessions.listActive(alice, now)).map(({ id }) => id);
  expect(await active(start)).toEqual(['s2', 's1']);
  expect(await active(after(100))).toEqual(['s2']);
  expect(await sessions.revoke(dave, 's1', start)).toBe(false);
  expect(await sessions.revoke(alice, 's1', start)).toBe(true);
  expect(await sessions.revoke(alice, 's1', start)).toBe(false);
  expect(await active(start)).toEqual(['s2']);
  expect(await sessions.find('s1')).toEqual({ ...session('s1', after(100)), revokedAt: start });
  expect(await sessions.find('s3')).toBeNull();
});

test('an invitation lets in one person, who may come back with it, and ends', async () => {
  const invites = createPrismaInviteStore(db.database.prisma);
  await invites.insert({ hash: 'h', createdAt: start, expiresAt: after(100) });
  expect(await invites.spend('other', alice, start)).toBe(false);
  expect(await invites.spend('h', alice, after(100))).toBe(false);
  expect((await Promise.all([invites.spend('h', alice, start), invites.spend('h', dave, start)])).filter(Boolean)).toHaveLength(1);
  const [spent] = await db.database.prisma.invite.findMany();
  expect(await invites.spend('h', spent?.spentBy === alice ? alice : dave, after(1))).toBe(true);
});
