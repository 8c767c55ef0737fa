import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChatClient, DeliveryView } from '../../client/model.ts';
import { eventually } from '../support/eventually.ts';
import { startFunctionPlatform } from '../support/function-platform.ts';
import type { FunctionPlatform } from '../support/function-platform.ts';
import { createKnownClient } from '../support/known-client.ts';

const START_TIMEOUT_MS = 300_000;
const TEST_TIMEOUT_MS = 240_000;
/** A queue that was held once or twice comes back after some seconds [DEL-2]. */
const RETRY_TIMEOUT_MS = 120_000;
/** A peer that is heard from again within so many seconds causes nothing more [API-9]. */
const HELLO_SECONDS = 5;

let platform: FunctionPlatform;
let alice: ChatClient;
let bob: ChatClient;
let conversationId: string;

beforeAll(async () => {
  platform = await startFunctionPlatform(['a.test', 'b.test']);
  alice = await register('alice', 'a.test');
  bob = await register('bob', 'b.test');
}, START_TIMEOUT_MS);

afterAll(async () => {
  alice?.close();
  bob?.close();
  await platform?.stop();
});

async function register(username: string, domain: string): Promise<ChatClient> {
  const { client } = createKnownClient(platform.instance(domain).url);
  await client.account.register({ username, password: 'correct horse battery staple' });
  return client;
}

/** What somebody can read of the conversation, in order. */
async function textsOf(client: ChatClient): Promise<readonly string[]> {
  const { messages } = await client.messages.list(conversationId);
  return messages.map(({ body }) => (body.kind === 'text' ? body.text : `[${body.reason}]`));
}

async function deliveryOf(text: string): Promise<DeliveryView | undefined> {
  const { messages } = await alice.messages.list(conversationId);
  return messages.find(({ body }) => body.kind === 'text' && body.text === text)?.deliveries[0];
}

/** Waits until the attempt behind the request itself has failed. */
async function expectHeldBack(text: string): Promise<void> {
  await eventually(async () => expect(await deliveryOf(text)).toMatchObject({ state: 'waiting', errorCode: expect.any(String) }));
}

describe('[DEL-5] two domains without a resident process', () => {
  test('people find each other, and what they write leaves behind the request that brought it', async () => {
    expect(await alice.contacts.lookup('bob@b.test')).toMatchObject({ kind: 'found' });
    ({ conversationId } = await alice.conversations.open(['bob@b.test']));
    await alice.messages.send(conversationId, 'hello');
    await eventually(async () => expect(await textsOf(bob)).toEqual(['hello']));
    await bob.messages.send(conversationId, 'hello yourself');
    await eventually(async () => expect(await textsOf(alice)).toEqual(['hello', 'hello yourself']));
    await eventually(async () => expect(await deliveryOf('hello')).toMatchObject({ state: 'stored' }));
  }, TEST_TIMEOUT_MS);

  test('what waits for a peer that was away leaves with the scheduled drain', async () => {
    await platform.instance('b.test').halt();
    await alice.messages.send(conversationId, 'while you were away');
    await expectHeldBack('while you were away');
    await platform.instance('b.test').start();
    await eventually(async () => {
      const answer = await platform.instance('a.test').callCron();
      expect(answer.status).toBe(200);
      expect(await textsOf(bob)).toEqual(['hello', 'hello yourself', 'while you were away']);
    }, RETRY_TIMEOUT_MS);
  }, TEST_TIMEOUT_MS);

  test('what waits for a peer leaves as soon as that one is heard from, without the scheduled drain', async () => {
    await platform.instance('b.test').halt();
    await alice.messages.send(conversationId, 'once more');
    await expectHeldBack('once more');
    await platform.instance('b.test').start();
    await eventually(async () => expect(await platform.instance('a.test').secondsSinceHeard('b.test')).toBeGreaterThan(HELLO_SECONDS));
    await bob.messages.send(conversationId, 'I am back');
    await eventually(async () => {
      const texts = await textsOf(bob);
      expect(texts).toHaveLength(5);
      expect(new Set(texts.slice(3))).toEqual(new Set(['I am back', 'once more']));
    });
  }, TEST_TIMEOUT_MS);

  test('the scheduled route is closed to who does not know its secret', async () => {
    expect((await fetch(`${platform.instance('a.test').url}/api/cron/deliver`)).status).toBe(401);
  });
});
