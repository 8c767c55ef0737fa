import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseUserId, parseUsername, usernameOf } from '../../../protocol/ids.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { createPrismaInviteStore } from '../../persistence/invite-store.ts';
import { createRateLimit } from '../rate-limit.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { FakeClock } from '../testing/fake-clock.ts';
import { accountOf, authSecretOf, bob, local, publicIdentityOf, registrationOf, strongHashing, vaultOf } from '../testing/people.ts';
import { openStores } from '../testing/stores.ts';
import type { TestStores } from '../testing/stores.ts';
import { createAccounts } from './accounts.ts';
import type { Accounts, AccountsOptions } from './accounts.ts';
import { createInvite } from './invites.ts';

const SEVEN_DAYS_MS = 7 * 86_400_000;

let stores: TestStores;
let invites: AccountsOptions['invites'];
let clock: FakeClock;
let accounts: Accounts;

beforeAll(async () => {
  stores = await openStores();
  invites = createPrismaInviteStore(stores.prisma);
});
beforeEach(() => {
  clock = createFakeClock();
  accounts = build();
});
afterAll(() => stores.stop());

function build(overrides: Partial<AccountsOptions> = {}): Accounts {
  const limit = () => createRateLimit({ perSecond: 1 / 60, burst: 3, clock });
  return createAccounts({
    store: stores.accounts,
    invites,
    localDomain: local,
    signup: 'open',
    decoySecret: 'a secret of the instance',
    clock,
    randomBytes,
    signupLimit: limit(),
    signInLimit: limit(),
    ...overrides,
  });
}

let people = 0;
function newPerson(): UserId {
  people += 1;
  return parseUserId(`person${people}@a.test`);
}

async function registered(): Promise<UserId> {
  const userId = newPerson();
  await build().register(registrationOf(userId));
  return userId;
}

const signIn = (userId: UserId, authSecret = authSecretOf(userId), sourceAddress = '192.0.2.1') =>
  accounts.authenticate({ username: usernameOf(userId), authSecret, sourceAddress });

describe('registering', () => {
  test('stores the account with its identity and vault, but neither password nor secret [E2E-11]', async () => {
    const userId = newPerson();
    expect(await accounts.register(registrationOf(userId))).toBe(userId);
    expect(await accounts.publicIdentity(userId)).toEqual(publicIdentityOf(userId));
    expect(await accounts.vault(userId)).toEqual(vaultOf(1));
    const stored = JSON.stringify(await stores.accounts.find(userId));
    expect(stored).not.toContain(Buffer.from(authSecretOf(userId)).toString('base64'));
  });

  test('a taken name is refused, also when two ask at once', async () => {
    const userId = await registered();
    await expect(accounts.register(registrationOf(userId))).rejects.toMatchObject({ code: 'username_taken' });
    const wanted = newPerson();
    const outcomes = await Promise.allSettled([accounts.register(registrationOf(wanted)), accounts.register(registrationOf(wanted))]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('is refused where sign-up is closed', async () => {
    const userId = newPerson();
    await expect(build({ signup: 'closed' }).register(registrationOf(userId))).rejects.toMatchObject({ code: 'signup_closed' });
    expect(await stores.accounts.find(userId)).toBeNull();
  });

  test.each([
    ['somebody else', publicIdentityOf(bob)],
    ['a key version other than the first', publicIdentityOf(parseUserId('eve@a.test'), 2)],
  ])('with an identity of %s is refused [E2E-1]', async (_whose, publicIdentity) => {
    const userId = parseUserId('eve@a.test');
    await expect(accounts.register(registrationOf(userId, { publicIdentity }))).rejects.toMatchObject({ code: 'identity_invalid' });
    expect(await stores.accounts.find(userId)).toBeNull();
  });

  test.each([
    ['too little memory', { memoryKiB: 19_455 }],
    ['one iteration', { iterations: 1 }],
    ['a short salt', { salt: 'AAAA' }],
    ['a salt that is no base64', { salt: 'not base64' }],
  ])('with Argon2id of %s is refused [E2E-11]', async (_fault, weak) => {
    const registration = registrationOf(newPerson(), { passwordHashing: { ...strongHashing, ...weak } });
    await expect(accounts.register(registration)).rejects.toMatchObject({ code: 'password_hashing_too_weak' });
  });

  test("with Argon2id at OWASP's floor is accepted [E2E-11]", async () => {
    const userId = newPerson();
    const passwordHashing = { ...strongHashing, memoryKiB: 19_456, iterations: 2 };
    expect(await accounts.register(registrationOf(userId, { passwordHashing }))).toBe(userId);
  });

  test('is limited per source, an IPv6 /64 being one, and free again after a while', async () => {
    const from = (sourceAddress: string) => accounts.register(registrationOf(newPerson(), { sourceAddress }));
    for (const host of ['::1', '::2', '::ffff']) await from(`2001:db8:0:1${host}`);
    await expect(from('2001:db8:0:1:a:b:c:d')).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 60 });
    await from('2001:db8:0:2::1');
    await from('192.0.2.7');
    clock.advance(60_000);
    await from('2001:db8:0:1::1');
    await expect(from('2001:db8:0:1::1')).rejects.toMatchObject({ code: 'rate_limited' });
  });
});

describe('registering by invitation', () => {
  const invited = async (): Promise<string> => (await createInvite({ invites, clock, randomBytes })).code;

  beforeEach(() => {
    accounts = build({ signup: 'invite' });
  });

  test('works once with an invitation, blanks around it included', async () => {
    const invite = await invited();
    const userId = newPerson();
    expect(await accounts.register(registrationOf(userId, { invite: ` ${invite}\n` }))).toBe(userId);
    await expect(accounts.register(registrationOf(newPerson(), { invite }))).rejects.toMatchObject({ code: 'invite_invalid' });
  });

  test('is refused without an invitation and with one made up', async () => {
    for (const invite of [null, '', 'made up']) {
      await expect(build({ signup: 'invite' }).register(registrationOf(newPerson(), { invite }))).rejects.toMatchObject({ code: 'invite_invalid' });
    }
  });

  test('works until seven days have passed, not after', async () => {
    const [early, late] = [await invited(), await invited()];
    clock.advance(SEVEN_DAYS_MS - 1);
    await accounts.register(registrationOf(newPerson(), { invite: early }));
    clock.advance(1);
    await expect(accounts.register(registrationOf(newPerson(), { invite: late }))).rejects.toMatchObject({ code: 'invite_invalid' });
  });

  test('a taken name does not cost the invitation', async () => {
    const taken = await registered();
    const invite = await invited();
    await expect(accounts.register(registrationOf(taken, { invite }))).rejects.toMatchObject({ code: 'username_taken' });
    const userId = newPerson();
    expect(await accounts.register(registrationOf(userId, { invite }))).toBe(userId);
  });

  test('of two people with one invitation at once one gets in', async () => {
    const invite = await invited();
    const outcomes = await Promise.allSettled([newPerson(), newPerson()].map((userId) => accounts.register(registrationOf(userId, { invite }))));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('the code is stored nowhere', async () => {
    const invite = await invited();
    expect(JSON.stringify(await stores.prisma.invite.findMany())).not.toContain(invite);
  });
});

describe('signing in', () => {
  test('with the right secret gives the user id, with another nothing', async () => {
    const userId = await registered();
    expect(await signIn(userId)).toBe(userId);
    expect(await signIn(userId, new Uint8Array(32))).toBeNull();
  });

  test('of an unknown name gives nothing, just as a wrong secret does', async () => {
    expect(await signIn(newPerson())).toBeNull();
  });

  test('of a deactivated account gives nothing', async () => {
    const userId = newPerson();
    const source = (await stores.accounts.find(await registered()))?.authVerifier ?? '';
    await stores.accounts.insert(accountOf(userId, { authVerifier: source, deactivatedAt: clock.now() }), vaultOf(1));
    expect(await signIn(userId, authSecretOf(parseUserId(`person${people - 1}@a.test`)))).toBeNull();
  });

  test('two accounts with one secret have different verifiers', async () => {
    const authSecret = new Uint8Array(32).fill(9);
    const [one, two] = [newPerson(), newPerson()];
    for (const userId of [one, two]) await accounts.register(registrationOf(userId, { authSecret }));
    expect((await stores.accounts.find(one))?.authVerifier).not.toBe((await stores.accounts.find(two))?.authVerifier);
  });

  test('is limited per source and name: guesses at one account neither lock another nor lock its owner out', async () => {
    const userId = await registered();
    const other = await registered();
    for (let guess = 0; guess < 3; guess += 1) await signIn(userId, new Uint8Array(32).fill(guess));
    await expect(signIn(userId)).rejects.toMatchObject({ name: 'DomainError', code: 'rate_limited', retryAfterSeconds: 60 });
    expect(await signIn(other)).toBe(other);
    expect(await signIn(userId, authSecretOf(userId), '192.0.2.2')).toBe(userId);
    clock.advance(60_000);
    expect(await signIn(userId)).toBe(userId);
  });
});

describe('the Argon2id parameters of a name [E2E-11]', () => {
  const hashingOf = (name: string, on = accounts) => on.passwordHashing(parseUsername(name));

  test('are those of the account', async () => {
    const userId = await registered();
    expect(await hashingOf(usernameOf(userId))).toEqual(strongHashing);
  });

  test('of an unknown name are made up, stable across restarts, and different by name and by instance', async () => {
    const made = await hashingOf('nobody');
    expect(await hashingOf('nobody', build())).toEqual(made);
    expect((await hashingOf('nobody2')).salt).not.toBe(made.salt);
    expect((await hashingOf('nobody', build({ decoySecret: 'another' }))).salt).not.toBe(made.salt);
    expect(Buffer.from(made.salt, 'base64')).toHaveLength(16);
  });

  test('of an unknown name look like those of an account down to the order of members', async () => {
    // Stored by a client that wrote the members in another order.
    const { salt, parallelism, iterations, memoryKiB, algorithm } = strongHashing;
    const userId = newPerson();
    await accounts.register(registrationOf(userId, { passwordHashing: { salt, parallelism, iterations, memoryKiB, algorithm } }));
    const stored = await hashingOf(usernameOf(userId));
    const made = await hashingOf('nobody');
    expect(JSON.stringify({ ...made, salt: '' })).toBe(JSON.stringify({ ...stored, salt: '' }));
  });
});

describe('identity and vault', () => {
  test('[API-1] the identity of another domain, of nobody and of somebody gone is refused', async () => {
    const gone = newPerson();
    await stores.accounts.insert(accountOf(gone, { deactivatedAt: clock.now() }), vaultOf(1));
    await expect(accounts.publicIdentity(bob)).rejects.toMatchObject({ code: 'misdirected' });
    await expect(accounts.publicIdentity(newPerson())).rejects.toMatchObject({ code: 'unknown_user' });
    await expect(accounts.publicIdentity(gone)).rejects.toMatchObject({ code: 'user_gone' });
  });

  test('a vault is replaced by the next counter only', async () => {
    const userId = await registered();
    for (const counter of [1, 3]) {
      await expect(accounts.saveVault(userId, vaultOf(counter))).rejects.toMatchObject({ code: 'vault_changed' });
    }
    await accounts.saveVault(userId, vaultOf(2));
    expect(await accounts.vault(userId)).toEqual(vaultOf(2));
  });

  test('of two browsers that save at once one is told to read again', async () => {
    const userId = await registered();
    const outcomes = await Promise.allSettled([accounts.saveVault(userId, vaultOf(2)), accounts.saveVault(userId, vaultOf(2))]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('a reset puts the next key version and its vault in place', async () => {
    const userId = await registered();
    const { resetIdentity } = accounts;
    await resetIdentity(userId, publicIdentityOf(userId, 2), vaultOf(2));
    expect(await accounts.publicIdentity(userId)).toEqual(publicIdentityOf(userId, 2));
    expect(await accounts.vault(userId)).toEqual(vaultOf(2));
  });

  test('a reset to another version, to another person or with an old vault changes nothing', async () => {
    const userId = await registered();
    const reset = (identity = publicIdentityOf(userId, 2), counter = 2) => accounts.resetIdentity(userId, identity, vaultOf(counter));
    await expect(reset(publicIdentityOf(userId, 1))).rejects.toMatchObject({ code: 'identity_invalid' });
    await expect(reset(publicIdentityOf(userId, 3))).rejects.toMatchObject({ code: 'identity_invalid' });
    await expect(reset(publicIdentityOf(bob, 2))).rejects.toMatchObject({ code: 'identity_invalid' });
    await expect(reset(undefined, 1)).rejects.toMatchObject({ code: 'vault_changed' });
    expect(await accounts.publicIdentity(userId)).toEqual(publicIdentityOf(userId));
    expect(await accounts.vault(userId)).toEqual(vaultOf(1));
  });
});
