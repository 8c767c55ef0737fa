import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabaseReader } from '../support/database-reader.ts';
import { registerPerson } from '../support/driver-client.ts';
import type { Person } from '../support/driver-client.ts';
import { eventually } from '../support/eventually.ts';
import { PLAYGROUND_TIMEOUT_MS, startTestPlayground } from '../support/test-playground.ts';
import type { TestPlayground } from '../support/test-playground.ts';

/** A queue that was held a few times comes back after up to half a minute [DEL-2]. */
const DELIVERY_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 150_000;
const FIRST_FIVE = [1, 2, 3, 4, 5].map((number) => `while b.test is down ${number}`);
const SECOND_FIVE = [1, 2, 3, 4, 5].map((number) => `before a.test dies ${number}`);

let ground: TestPlayground;
let alice: Person;
let bob: Person;
let conversationId: string;

beforeAll(async () => {
  ground = await startTestPlayground({ domains: ['a.test', 'b.test'] });
  alice = await registerPerson((await ground.instance('a.test')).driverUrl, 'alice');
  bob = await registerPerson((await ground.instance('b.test')).driverUrl, 'bob');
  conversationId = await alice.open(bob.userId);
  await alice.send(conversationId, 'hello');
  await expectBobReads(['hello']);
}, PLAYGROUND_TIMEOUT_MS);

afterAll(() => ground?.stop());

const expectBobReads = (texts: readonly string[], timeoutMs?: number): Promise<void> =>
  eventually(async () => expect(await bob.texts(conversationId)).toEqual(texts), timeoutMs);

/** The state of each of Alice's messages that has one of these texts, in the order of the timeline. */
async function statesOf(texts: readonly string[]): Promise<readonly string[]> {
  const messages = await alice.messages(conversationId);
  return messages.filter(({ text }) => text !== null && texts.includes(text)).map(({ state }) => state);
}

/** Waits until the first attempt after the outage began has failed, and sees that all messages still wait for b.test, which the whole queue does. */
async function expectWaitingForB(): Promise<void> {
  const { databaseUrl } = await ground.instance('a.test');
  const database = await openDatabaseReader(databaseUrl);
  try {
    await eventually(async () => {
      const waiting = await database.query('SELECT destination, state, attempts, next_attempt_at FROM outbox_items ORDER BY id');
      expect(waiting).toEqual(Array.from({ length: 5 }, () => ({ destination: 'b.test', state: 'queued', attempts: '0', next_attempt_at: null })));
      const held = await database.query('SELECT domain, last_failure_reason FROM peers WHERE next_attempt_at IS NOT NULL');
      expect(held).toEqual([{ domain: 'b.test', last_failure_reason: 'connect_failed' }]);
    });
  } finally {
    await database.end();
  }
}

async function sendAll(texts: readonly string[]): Promise<void> {
  for (const text of texts) await alice.send(conversationId, text);
}

async function databasePidOf(domain: string): Promise<number> {
  const place: { readonly pid: number } = JSON.parse(await readFile(join(ground.directory, domain, 'embedded-postgres.json'), 'utf8'));
  return place.pid;
}

/** The lines of a server's log at level error and above. */
async function errorsOf(domain: string): Promise<readonly string[]> {
  const { logFile } = await ground.instance(domain);
  const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
  return lines.filter((line) => (JSON.parse(line) as { level: number }).level >= 50);
}

test('[DEL-3] five messages sent while b.test is killed wait there, then arrive in order, once', async () => {
  await ground.playground.kill('b.test');
  await sendAll(FIRST_FIVE);
  await expectWaitingForB();
  expect(await statesOf(FIRST_FIVE)).toEqual(FIRST_FIVE.map(() => 'stored_own'));

  await ground.playground.restart('b.test');
  await expectBobReads(['hello', ...FIRST_FIVE], DELIVERY_TIMEOUT_MS);
  await eventually(async () => expect(await statesOf(FIRST_FIVE)).toEqual(FIRST_FIVE.map(() => 'stored')));
}, TEST_TIMEOUT_MS);

test('[DEL-1] five accepted messages outlive the killing of their own server while b.test is down', async () => {
  await ground.playground.kill('b.test');
  await sendAll(SECOND_FIVE);
  await ground.playground.kill('a.test');

  await Promise.all(['a.test', 'b.test'].map((domain) => ground.playground.restart(domain)));
  const everything = ['hello', ...FIRST_FIVE, ...SECOND_FIVE];
  await expectBobReads(everything, DELIVERY_TIMEOUT_MS);
  await eventually(async () => expect(await statesOf(SECOND_FIVE)).toEqual(SECOND_FIVE.map(() => 'stored')));
  expect(await alice.texts(conversationId)).toEqual(everything);
}, TEST_TIMEOUT_MS);

test('every kill left a database that the next start could use, and both servers still talk both ways', async () => {
  for (const domain of ['a.test', 'b.test']) {
    // Signal 0 asks whether the process is there.
    expect(process.kill(await databasePidOf(domain), 0)).toBe(true);
    expect(await errorsOf(domain)).toEqual([]);
  }
  await bob.send(conversationId, 'thanks');
  await eventually(async () => expect((await alice.texts(conversationId)).at(-1)).toBe('thanks'));
});
