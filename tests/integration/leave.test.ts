import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPlaintext } from '../../e2ee/message-sealing.ts';
import { unwrapSessionKey } from '../../e2ee/session-key.ts';
import { parseConversationId } from '../../protocol/ids.ts';
import { openDatabaseReader } from '../support/database-reader.ts';
import type { DatabaseReader } from '../support/database-reader.ts';
import { PASSWORD, registerPerson } from '../support/driver-client.ts';
import type { Person } from '../support/driver-client.ts';
import { eventually } from '../support/eventually.ts';
import { createKnownClient } from '../support/known-client.ts';
import type { KnownClient } from '../support/known-client.ts';
import { readMeantFor } from '../support/meant-for.ts';
import type { MeantFor } from '../support/meant-for.ts';
import { PLAYGROUND_TIMEOUT_MS, startTestPlayground } from '../support/test-playground.ts';
import type { TestPlayground } from '../support/test-playground.ts';

const TOGETHER = ['Alice to all', 'Carol to all'] as const;
const WITHOUT_CAROL = ['Alice after the leave', 'Bob after the leave'] as const;
const BACK = 'Alice to all, Carol again';

let ground: TestPlayground;
let alice: Person;
let bob: Person;
/** Runs in the driver of c.test. */
let carol: Person;
/** Carol's second device, here, so that her keys can be looked at. */
let device: KnownClient;
let databases: { readonly a: DatabaseReader; readonly b: DatabaseReader; readonly c: DatabaseReader };
let conversationId: string;

beforeAll(async () => {
  ground = await startTestPlayground({ domains: ['a.test', 'b.test', 'c.test'] });
  const [a, b, c] = await Promise.all([ground.instance('a.test'), ground.instance('b.test'), ground.instance('c.test')]);
  databases = { a: await openDatabaseReader(a.databaseUrl), b: await openDatabaseReader(b.databaseUrl), c: await openDatabaseReader(c.databaseUrl) };
  alice = await registerPerson(a.driverUrl, 'alice');
  bob = await registerPerson(b.driverUrl, 'bob');
  carol = await registerPerson(c.driverUrl, 'carol');
  device = createKnownClient(c.url);
  await device.client.account.signIn({ username: 'carol', password: PASSWORD });
  conversationId = await alice.open(bob.userId, carol.userId);
}, PLAYGROUND_TIMEOUT_MS);

afterAll(async () => {
  device?.client.close();
  for (const database of Object.values(databases ?? {})) await database.end();
  await ground?.stop();
});

/** Everything that c.test knows of conversations. */
async function conversationRowsOfC(): Promise<Readonly<Record<string, unknown>>> {
  const { conversations, participants, conversation_changes, wrapped_session_keys, messages } = await databases.c.dump();
  return { conversations, participants, conversation_changes, wrapped_session_keys, messages };
}

/** What a.test and b.test ever meant for c.test. */
const meantForC = (): Promise<readonly MeantFor[]> => Promise.all([databases.a, databases.b].map((database) => readMeantFor(database, 'c.test')));

/** For each message that a.test holds, in order: its epoch, and whether any key that c.test stored for Carol opens it. */
async function tryCarolsKeys(): Promise<readonly (readonly [epoch: number, opens: boolean])[]> {
  const { secretKey } = (await device.account()).contents.identity;
  const wrapped = await databases.c.query('SELECT epoch, encrypted_session_key AS key FROM wrapped_session_keys WHERE user_id = $1', [carol.userId]);
  const keys = wrapped.map(({ epoch, key }) => {
    const sessionKey = unwrapSessionKey({ encryptedSessionKey: key ?? '', recipientSecretKey: secretKey });
    if (sessionKey === null) throw new Error('Carol cannot open her own key');
    return { epoch: Number(epoch), sessionKey };
  });
  const stored = await databases.a.query('SELECT payload FROM messages ORDER BY position');
  return Promise.all(
    stored.map(async ({ payload }) => {
      const parsed = JSON.parse(payload ?? '');
      const epoch: number = parsed.associatedData.epoch;
      const sources = keys.flatMap((key) => [epoch, key.epoch].map((asEpoch) => ({ sessionKey: key.sessionKey, conversationId: parseConversationId(conversationId), epoch: asEpoch })));
      const opened = await Promise.all(sources.map((source) => openPlaintext(source, parsed)));
      return [epoch, opened.some((plaintext) => plaintext !== null)] as const;
    }),
  );
}

test('[E2E-3] before the leave all three read each other, and Carol’s key opens it all', async () => {
  await eventually(async () => expect(await carol.conversation(conversationId)).toMatchObject({ epoch: 1 }));
  await alice.send(conversationId, TOGETHER[0]);
  await eventually(async () => expect(await carol.texts(conversationId)).toEqual([TOGETHER[0]]));
  await carol.send(conversationId, TOGETHER[1]);
  for (const person of [alice, bob]) await eventually(async () => expect((await person.texts(conversationId)).toSorted()).toEqual(TOGETHER.toSorted()));
  expect(await tryCarolsKeys()).toEqual([[1, true], [1, true]]);
});

test('[E2E-6] [API-3] Carol leaves: she is out, and the owner’s client starts a new epoch by itself', async () => {
  await carol.leave(conversationId);
  expect(await carol.conversation(conversationId)).toMatchObject({ state: 'removed', epoch: 1, participants: [alice.userId, bob.userId] });
  for (const person of [alice, bob]) {
    await eventually(async () =>
      expect(await person.conversation(conversationId)).toMatchObject({ participants: [alice.userId, bob.userId], epoch: 2 }),
    );
  }
  const changesAt = (database: DatabaseReader) => database.query('SELECT epoch, action FROM conversation_changes ORDER BY id');
  const [created, left, rotated] = [{ epoch: '1', action: 'create' }, { epoch: '1', action: 'leave' }, { epoch: '2', action: 'rotate_key' }];
  expect(await changesAt(databases.a)).toEqual([created, left, rotated]);
  expect(await changesAt(databases.c)).toEqual([created, left]);
});

test('[DEL-1] what Alice and Bob write afterwards they read, and nothing of it ever goes to c.test', async () => {
  const settled = [1, 0].map((length) => ({ messages: expect.objectContaining({ length }), deliveries: [], receipts: [] }));
  await eventually(async () => expect(await meantForC()).toEqual(settled));
  const before = { rows: await conversationRowsOfC(), meant: await meantForC() };
  await alice.send(conversationId, WITHOUT_CAROL[0]);
  await eventually(async () => expect(await bob.texts(conversationId)).toContain(WITHOUT_CAROL[0]));
  await bob.send(conversationId, WITHOUT_CAROL[1]);
  await eventually(async () => expect(await alice.texts(conversationId)).toContain(WITHOUT_CAROL[1]));
  for (const person of [alice, bob]) expect((await person.texts(conversationId)).slice(-2)).toEqual(WITHOUT_CAROL);
  expect({ rows: await conversationRowsOfC(), meant: await meantForC() }).toEqual(before);
  expect((await carol.texts(conversationId)).toSorted()).toEqual(TOGETHER.toSorted());
});

test('[E2E-3] no key that Carol ever had opens a later message, even with the ciphertext in hand', async () => {
  expect(await tryCarolsKeys()).toEqual([[1, true], [1, true], [2, false], [2, false]]);
});

test('[API-2] Carol can write no more, nor leave twice: her own client refuses', async () => {
  const before = await databases.c.counts();
  await expect(carol.send(conversationId, 'Carol after her leave')).rejects.toThrow('not_a_member');
  await expect(carol.leave(conversationId)).rejects.toThrow('not_a_member');
  expect(await databases.c.counts()).toEqual(before);
});

test('[E2E-6] added again, Carol reads from then on and nothing of what came between', async () => {
  await alice.add(conversationId, carol.userId);
  await eventually(async () =>
    expect(await carol.conversation(conversationId)).toMatchObject({ participants: [alice.userId, bob.userId, carol.userId], epoch: 3 }),
  );
  await alice.send(conversationId, BACK);
  for (const person of [bob, carol]) await eventually(async () => expect(await person.texts(conversationId)).toContain(BACK));
  expect(await carol.texts(conversationId)).not.toEqual(expect.arrayContaining([expect.stringContaining('after the leave')]));
  expect(await tryCarolsKeys()).toEqual([[1, true], [1, true], [2, false], [2, false], [3, true]]);
});
