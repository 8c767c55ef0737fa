import { expect, test } from 'vitest';
import { createPeople, PASSWORD, textsOf } from './testing/people.ts';
import { createMemorySecretStore } from './memory-secret-store.ts';

const ALICE = 'alice@a.test';

test('[E2E-11] registering gives a user id and a recovery key of 13 groups of four', async () => {
  const people = createPeople();
  const answer = await people.device(ALICE).account.register({ username: 'Alice ', password: PASSWORD });
  expect(answer.userId).toBe(ALICE);
  expect(answer.recoveryKey).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){12}[0-9A-HJKMNP-TV-Z]{4}$/);
});

test('[E2E-11] neither password nor secret keys are in what the server is given', async () => {
  const people = createPeople();
  const store = createMemorySecretStore();
  const client = people.device(ALICE, store);
  await client.account.register({ username: 'alice', password: PASSWORD });
  const told = JSON.stringify(people.world.calls);
  const kept = new TextDecoder().decode((await store.get('account')) ?? new Uint8Array());
  const { vaultKey, contents } = JSON.parse(kept);
  for (const secret of [PASSWORD, vaultKey, contents.identity.secretKey, contents.identity.signingSeed]) {
    expect(secret.length).toBeGreaterThan(20);
    expect(told).not.toContain(secret);
  }
});

test('[E2E-11] a second device signs in with the password and has the same identity', async () => {
  const people = createPeople();
  const alice = await people.register(ALICE);
  await people.register('bob@b.test');
  const second = await people.signIn(ALICE);
  expect(await second.contacts.safetyNumber('bob@b.test')).toBe(await alice.contacts.safetyNumber('bob@b.test'));
});

test('a wrong password is refused', async () => {
  const people = createPeople();
  await people.register(ALICE);
  const signIn = people.device(ALICE).account.signIn({ username: 'alice', password: 'wrong horse' });
  await expect(signIn).rejects.toMatchObject({ code: 'wrong_credentials' });
});

test('a username that is taken, one that is none, and a short password are each refused by their name', async () => {
  const people = createPeople();
  await people.register(ALICE);
  const register = (username: string, password: string) => people.device(ALICE).account.register({ username, password });
  await expect(register('alice', PASSWORD)).rejects.toMatchObject({ code: 'username_taken' });
  await expect(register('al ice', PASSWORD)).rejects.toMatchObject({ code: 'username_invalid' });
  await expect(register('alicia', 'short')).rejects.toMatchObject({ code: 'password_too_short' });
});

test('[E2E-11] a server that asks for a cheap password hash is refused before anything is hashed for it', async () => {
  const people = createPeople();
  await people.register(ALICE);
  const account = [...people.world.accounts.values()][0];
  if (account === undefined) throw new Error('nobody registered');
  account.passwordHashing = { ...account.passwordHashing, memoryKiB: 8_192 };
  await expect(people.signIn(ALICE)).rejects.toMatchObject({ code: 'vault_refused', reason: 'password_hashing_too_weak' });
  expect(people.world.calls.filter(({ path }) => path === '/api/auth/callback/credentials')).toHaveLength(1);
});

test('[E2E-11] an altered vault and another person’s vault are refused', async () => {
  const people = createPeople();
  await people.register(ALICE);
  await people.register('bob@a.test');
  const [alice, bob] = [...people.world.accounts.values()];
  if (alice === undefined || bob === undefined) throw new Error('nobody registered');
  const genuine = alice.vault;
  const sealed = JSON.parse(genuine.sealed);
  const flipped = sealed.ciphertext.startsWith('A') ? 'B' : 'A';
  alice.vault = { ...genuine, sealed: JSON.stringify({ ...sealed, ciphertext: flipped + sealed.ciphertext.slice(1) }) };
  await expect(people.signIn(ALICE)).rejects.toMatchObject({ code: 'vault_refused', reason: 'altered' });
  alice.vault = { ...bob.vault, wrappedByPassword: genuine.wrappedByPassword };
  await expect(people.signIn(ALICE)).rejects.toMatchObject({ code: 'vault_refused', reason: 'foreign' });
  alice.vault = genuine;
  await expect(people.signIn(ALICE)).resolves.toBeDefined();
});

test('[E2E-11] a vault older than the one this device has seen is refused', async () => {
  const people = createPeople();
  const store = createMemorySecretStore();
  await people.register(ALICE);
  const account = people.world.accounts.values().next().value;
  const first = account?.vault;
  const client = await people.signIn(ALICE, store);
  await client.conversations.setLabel('c:a.test', 'Friends');
  if (account === undefined || first === undefined) throw new Error('nobody registered');
  const newest = account.vault;
  expect(newest.counter).toBe(2);
  account.vault = first;
  await expect(people.signIn(ALICE, store)).rejects.toMatchObject({ code: 'vault_refused', reason: 'older' });
  account.vault = newest;
  await expect(people.signIn(ALICE, store)).resolves.toBeDefined();
});

test('[E2E-1] a server that publishes another key than the vault holds is refused', async () => {
  const people = createPeople();
  await people.register(ALICE);
  await people.register('bob@a.test');
  const [alice, bob] = [...people.world.accounts.values()];
  if (alice === undefined || bob === undefined) throw new Error('nobody registered');
  alice.publicIdentity = { ...bob.publicIdentity, userId: alice.userId };
  await expect(people.signIn(ALICE)).rejects.toMatchObject({ code: 'vault_refused', reason: 'foreign' });
});

test('[E2E-11] two devices that save at the same time keep what both wrote', async () => {
  const people = createPeople();
  const one = await people.register(ALICE);
  const two = await people.signIn(ALICE);
  const bob = await people.register('bob@b.test');
  const first = await one.conversations.open(['bob@b.test']);
  await people.register('carol@c.test');
  const second = await bob.conversations.open([ALICE, 'carol@c.test']);
  await one.conversations.setLabel(first.conversationId, 'Bob');
  await two.conversations.setLabel(second.conversationId, 'Both');
  const third = await people.signIn(ALICE);
  const labels = (await third.conversations.list()).map(({ label }) => label);
  expect(labels.toSorted()).toEqual(['Bob', 'Both']);
});

test('sign-out leaves nothing on the device, and restore finds nobody', async () => {
  const people = createPeople();
  const store = createMemorySecretStore();
  await people.register(ALICE);
  const client = await people.signIn(ALICE, store);
  await client.drafts.set('c:a.test', 'half a thought');
  expect(await client.drafts.get('c:a.test')).toBe('half a thought');
  await client.account.signOut();
  expect(await store.get('account')).toBeNull();
  expect(await client.drafts.get('c:a.test')).toBe('');
  expect(await client.account.restore()).toBeNull();
  await expect(client.conversations.list()).rejects.toMatchObject({ code: 'signed_out' });
});

test('[E2E-1] after an identity reset history stays readable and the chat goes on, under another safety number', async () => {
  const people = createPeople();
  const alice = await people.register(ALICE);
  const bob = await people.register('bob@b.test');
  const { conversationId } = await alice.conversations.open(['bob@b.test']);
  await alice.messages.send(conversationId, 'before');
  const before = await alice.contacts.safetyNumber('bob@b.test');
  await bob.account.resetIdentity();
  expect(await textsOf(bob, conversationId)).toEqual(['before']);
  expect(await alice.contacts.safetyNumber('bob@b.test')).not.toBe(before);
  const { systemLines } = await alice.messages.list(conversationId);
  expect(systemLines.filter(({ kind }) => kind === 'key_reset').map(({ actorId }) => actorId)).toEqual(['bob@b.test']);
  await bob.messages.send(conversationId, 'still under the former key');
  await alice.conversations.rotate(conversationId);
  await bob.messages.send(conversationId, 'after');
  const all = ['before', 'still under the former key', 'after'];
  expect(await textsOf(alice, conversationId)).toEqual(all);
  expect(await textsOf(await people.signIn('bob@b.test'), conversationId)).toEqual(all);
});

test('[E2E-5] an owner who reset signs the next epoch with the key that the others know, and lists the new one', async () => {
  const people = createPeople();
  const alice = await people.register(ALICE);
  const bob = await people.register('bob@b.test');
  const { conversationId } = await alice.conversations.open(['bob@b.test']);
  await bob.conversations.get(conversationId);
  await alice.account.resetIdentity();
  await alice.conversations.rotate(conversationId);
  expect(await bob.conversations.get(conversationId)).toMatchObject({ standing: 'member', epoch: 2 });
  await alice.messages.send(conversationId, 'under the new key');
  people.clock.advance(5_000);
  expect(await textsOf(bob, conversationId)).toEqual(['under the new key']);
  expect((await bob.messages.list(conversationId)).systemLines.map(({ kind }) => kind)).toContain('key_reset');
});

test('a session that the server ended ends here too and wipes the device', async () => {
  const people = createPeople();
  const store = createMemorySecretStore();
  await people.register(ALICE);
  const client = await people.signIn(ALICE, store);
  // The first convergence ends with a look at the vault; after it nothing of the client is under way.
  const looksAtVault = () => people.world.calls.filter(({ path }) => path === 'account.vault').length;
  await expect.poll(looksAtVault).toBe(3);
  const ended = new Promise<void>((resolve) => client.subscribe(({ kind }) => kind === 'signed_out' && resolve()));
  people.world.sessions.clear();
  await expect(client.conversations.list()).rejects.toMatchObject({ code: 'signed_out' });
  await ended;
  expect(await store.get('account')).toBeNull();
  expect(client.account.current()).toBeNull();
});
