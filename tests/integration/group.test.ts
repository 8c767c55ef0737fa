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

const CAROL = 'carol@c.test';
const TOGETHER = ['Alice to all', 'Bob to all', 'Carol to all'] as const;
const WITHOUT_CAROL = ['Alice after the removal', 'Bob after the removal', 'Alice once more'] as const;

let ground: TestPlayground;
let alice: Person;
let bob: Person;
/** The same client that the driver runs, here, so that its keys can be looked at. */
let carol: KnownClient;
let databases: { readonly a: DatabaseReader; readonly b: DatabaseReader; readonly c: DatabaseReader };
let conversationId: string;

beforeAll(async () => {
  ground = await startTestPlayground({ domains: ['a.test', 'b.test', 'c.test'] });
  const [a, b, c] = await Promise.all([ground.instance('a.test'), ground.instance('b.test'), ground.instance('c.test')]);
  databases = { a: await openDatabaseReader(a.databaseUrl), b: await openDatabaseReader(b.databaseUrl), c: await openDatabaseReader(c.databaseUrl) };
  alice = await registerPerson(a.driverUrl, 'alice');
  bob = await registerPerson(b.driverUrl, 'bob');
  carol = createKnownClient(c.url);
  await carol.client.account.register({ username: 'carol', password: PASSWORD });
  conversationId = await alice.open(bob.userId, CAROL);
}, PLAYGROUND_TIMEOUT_MS);

afterAll(async () => {
  carol?.client.close();
  for (const database of Object.values(databases ?? {})) await database.end();
  await ground?.stop();
});

async function textsOfCarol(): Promise<readonly string[]> {
  const { messages } = await carol.client.messages.list(conversationId);
  return messages.map(({ body }) => (body.kind === 'text' ? body.text : `[${body.reason}]`));
}

/** Everything that c.test knows of conversations, as text. */
async function conversationRowsOfC(): Promise<Readonly<Record<string, unknown>>> {
  const { conversations, participants, conversation_changes, wrapped_session_keys, messages } = await databases.c.dump();
  return { conversations, participants, conversation_changes, wrapped_session_keys, messages };
}

/** What a.test and b.test ever meant for c.test. */
const meantForC = (): Promise<readonly MeantFor[]> => Promise.all([databases.a, databases.b].map((database) => readMeantFor(database, 'c.test')));

interface Opened {
  readonly epoch: number;
  readonly opensWithCarolsKey: boolean;
}

/** Tries every key that c.test ever stored for Carol on every message that a.test holds, as if of either's epoch. */
async function tryCarolsKeys(): Promise<readonly Opened[]> {
  const { secretKey } = (await carol.account()).contents.identity;
  const wrapped = await databases.c.query('SELECT epoch, encrypted_session_key FROM wrapped_session_keys WHERE user_id = $1', [CAROL]);
  const keys = wrapped.map(({ epoch, encrypted_session_key: encryptedSessionKey }) => {
    const sessionKey = unwrapSessionKey({ encryptedSessionKey: encryptedSessionKey ?? '', recipientSecretKey: secretKey });
    if (sessionKey === null) throw new Error('Carol cannot open her own key');
    return { epoch: Number(epoch), sessionKey };
  });
  expect(keys.length).toBeGreaterThan(0);
  const stored = await databases.a.query('SELECT payload FROM messages ORDER BY position');
  return Promise.all(
    stored.map(async ({ payload }) => {
      const parsed = JSON.parse(payload ?? '');
      const epoch: number = parsed.associatedData.epoch;
      const attempts = keys.flatMap((key) => [epoch, key.epoch].map((asEpoch) => ({ sessionKey: key.sessionKey, conversationId: parseConversationId(conversationId), epoch: asEpoch })));
      const results = await Promise.all(attempts.map((source) => openPlaintext(source, parsed)));
      return { epoch, opensWithCarolsKey: results.some((plaintext) => plaintext !== null) };
    }),
  );
}

test('[API-3] all three on three domains read what all three write', async () => {
  await eventually(async () => expect((await carol.client.conversations.get(conversationId)).participants).toHaveLength(3));
  await alice.send(conversationId, TOGETHER[0]);
  await eventually(async () => expect(await bob.texts(conversationId)).toEqual([TOGETHER[0]]));
  await bob.send(conversationId, TOGETHER[1]);
  await eventually(async () => expect(await textsOfCarol()).toHaveLength(2));
  await carol.client.messages.send(conversationId, TOGETHER[2]);
  for (const read of [() => alice.texts(conversationId), () => bob.texts(conversationId), textsOfCarol]) {
    await eventually(async () => expect((await read()).toSorted()).toEqual(TOGETHER.toSorted()));
  }
});

test('[E2E-3] while she is a member Carol’s key opens every message', async () => {
  const opened = await tryCarolsKeys();
  expect(opened).toEqual(TOGETHER.map(() => ({ epoch: 1, opensWithCarolsKey: true })));
});

test('[E2E-6] [API-4] removing Carol starts a new epoch that the others get a key for and she does not', async () => {
  await alice.remove(conversationId, CAROL);
  for (const person of [alice, bob]) {
    await eventually(async () =>
      expect(await person.conversation(conversationId)).toMatchObject({ participants: [alice.userId, bob.userId], epoch: 2 }),
    );
  }
  await eventually(async () => expect((await carol.client.conversations.get(conversationId)).standing).toBe('removed'));
  const keysAtC = await databases.c.query('SELECT epoch, user_id FROM wrapped_session_keys ORDER BY epoch');
  expect(keysAtC).toEqual([{ epoch: '1', user_id: CAROL }]);
});

test('[DEL-1] what Alice and Bob write afterwards never goes to c.test, and Carol sees nothing of it', async () => {
  // Carol's device tells its own server how far it is; it does so by itself, some time after it has read.
  await eventually(async () => expect(await databases.c.query('SELECT delivered_position FROM participants WHERE user_id = $1', [CAROL])).toEqual([{ delivered_position: String(TOGETHER.length) }]));
  const settled = [1, 1].map((length) => ({ messages: expect.objectContaining({ length }), deliveries: [], receipts: [] }));
  await eventually(async () => expect(await meantForC()).toEqual(settled));
  const before = { rows: await conversationRowsOfC(), meant: await meantForC() };

  await alice.send(conversationId, WITHOUT_CAROL[0]);
  await eventually(async () => expect(await bob.texts(conversationId)).toContain(WITHOUT_CAROL[0]));
  await bob.send(conversationId, WITHOUT_CAROL[1]);
  await eventually(async () => expect(await alice.texts(conversationId)).toContain(WITHOUT_CAROL[1]));
  await alice.send(conversationId, WITHOUT_CAROL[2]);
  await eventually(async () => expect(await bob.texts(conversationId)).toEqual(await alice.texts(conversationId)));
  expect((await bob.texts(conversationId)).slice(-3)).toEqual(WITHOUT_CAROL);
  // The senders' messages say it for all time to come: nothing was ever meant for c.test again.
  expect({ rows: await conversationRowsOfC(), meant: await meantForC() }).toEqual(before);
  expect((await textsOfCarol()).toSorted()).toEqual(TOGETHER.toSorted());
});

test('[E2E-3] no key that Carol ever had opens a later message, even with the ciphertext in hand', async () => {
  const opened = await tryCarolsKeys();
  expect(opened.filter(({ epoch }) => epoch === 2)).toEqual(WITHOUT_CAROL.map(() => ({ epoch: 2, opensWithCarolsKey: false })));
  expect(opened.filter(({ epoch }) => epoch === 1)).toEqual(TOGETHER.map(() => ({ epoch: 1, opensWithCarolsKey: true })));
});

test('[API-2] Carol can write no more: her own server refuses, and nothing leaves it', async () => {
  const before = await databases.c.counts();
  await expect(carol.client.messages.send(conversationId, 'Carol after the removal')).rejects.toMatchObject({ code: 'not_a_member' });
  expect(await databases.c.counts()).toEqual(before);
});
