import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPostgresAuthSessionStore } from '../../persistence/auth-session-store.ts';
import type { AuthSessionStore } from '../ports.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { FakeClock } from '../testing/fake-clock.ts';
import { alice, dave } from '../testing/people.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { createAuthSessions } from './auth-sessions.ts';
import type { AuthSessions } from './auth-sessions.ts';

const THIRTY_DAYS_MS = 30 * 86_400_000;

let stores: TestStores;
let store: AuthSessionStore;
let clock: FakeClock;
let revoked: string[];
let touched: string[];
let sessions: AuthSessions;

beforeAll(async () => {
  stores = await openStores();
  await stores.addAccounts(alice, dave);
  store = createPostgresAuthSessionStore(stores.database);
});
beforeEach(async () => {
  await stores.prisma.authSession.deleteMany();
  clock = createFakeClock();
  [revoked, touched] = [[], []];
  const touch: AuthSessionStore['touch'] = async (id, now) => {
    touched.push(id);
    await store.touch(id, now);
  };
  sessions = createAuthSessions({ store: { ...store, touch }, clock, randomBytes, onRevoked: (id) => revoked.push(id) });
});
afterAll(() => stores.stop());

test('a session is found by its id, which nobody guesses', async () => {
  const { id } = await sessions.start(alice, 'Firefox · Linux');
  expect(id).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(await sessions.check(id)).toMatchObject({ id, userId: alice, label: 'Firefox · Linux' });
  expect(await sessions.check(randomBytes(24).toString('base64url'))).toBeNull();
});

test('a revoked session ends at once and its sockets are told', async () => {
  const { id } = await sessions.start(alice, '');
  await sessions.revoke(alice, id);
  expect(await sessions.check(id)).toBeNull();
  expect(await sessions.list(alice)).toEqual([]);
  expect(revoked).toEqual([id]);
});

test("another person's session cannot be revoked, nor one twice, and no socket is touched by trying", async () => {
  const { id } = await sessions.start(alice, '');
  await expect(sessions.revoke(dave, id)).rejects.toMatchObject({ name: 'DomainError', code: 'unknown_session' });
  expect(await sessions.check(id)).not.toBeNull();
  await sessions.revoke(alice, id);
  await expect(sessions.revoke(alice, id)).rejects.toMatchObject({ code: 'unknown_session' });
  expect(revoked).toEqual([id]);
});

test('a session lasts thirty days and not a moment longer', async () => {
  const { id } = await sessions.start(alice, '');
  clock.advance(THIRTY_DAYS_MS - 1);
  expect(await sessions.check(id)).not.toBeNull();
  clock.advance(1);
  expect(await sessions.check(id)).toBeNull();
  expect(await sessions.list(alice)).toEqual([]);
});

test('that a browser was seen is written at most once a minute', async () => {
  const { id } = await sessions.start(alice, '');
  clock.advance(60_000);
  await sessions.check(id);
  expect(touched).toEqual([]);
  clock.advance(1);
  await sessions.check(id);
  await sessions.check(id);
  expect(touched).toEqual([id]);
  expect((await sessions.list(alice))[0]?.lastSeenAt).toEqual(clock.now());
});

test('the list holds the live sessions of one person, the last seen first', async () => {
  const old = await sessions.start(alice, 'old');
  clock.advance(1_000);
  const fresh = await sessions.start(alice, 'fresh');
  await sessions.start(dave, 'of somebody else');
  expect((await sessions.list(alice)).map(({ id }) => id)).toEqual([fresh.id, old.id]);
});
