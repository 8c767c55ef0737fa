import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabaseReader } from '../support/database-reader.ts';
import { registerPerson } from '../support/driver-client.ts';
import type { Person } from '../support/driver-client.ts';
import { eventually } from '../support/eventually.ts';
import { exchange } from '../support/raw-exchange.ts';
import { PROJECT_ROOT, runCommand } from '../support/run-command.ts';
import { PLAYGROUND_TIMEOUT_MS, startTestPlayground } from '../support/test-playground.ts';
import type { TestPlayground } from '../support/test-playground.ts';

const MESSAGES_EACH_WAY = 1_000;
const BEFORE_ROTATION = 50;
/** Longer than the 60 s in which a peer asks for a document once [KEY-5], so that each side can learn the new key. */
const SIGN_AFTER_SECONDS = 66;
/** The traffic goes on at this pace for longer than that. */
const PACE_MS = 78;
const DELIVERY_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 300_000;
const DOMAINS = ['a.test', 'b.test'];

interface KeyDocument {
  readonly publicKey: string;
  readonly keys: readonly { readonly kid: string; readonly publicKey: string }[];
}

let ground: TestPlayground;
let alice: Person;
let bob: Person;
let conversationId: string;

beforeAll(async () => {
  ground = await startTestPlayground({ domains: DOMAINS });
  alice = await registerPerson((await ground.instance('a.test')).driverUrl, 'alice');
  bob = await registerPerson((await ground.instance('b.test')).driverUrl, 'bob');
  conversationId = await alice.open(bob.userId);
  await eventually(() => bob.conversation(conversationId));
}, PLAYGROUND_TIMEOUT_MS);

afterAll(() => ground?.stop());

const textsOf = (person: Person): readonly string[] =>
  Array.from({ length: MESSAGES_EACH_WAY }, (_, index) => `${person.userId} ${String(index).padStart(4, '0')}`);

async function sendAtPace(person: Person, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await Promise.all([person.send(conversationId, text), pause(PACE_MS)]);
  }
}

async function keyDocumentOf(domain: string): Promise<KeyDocument> {
  const { s2s } = await ground.instance(domain);
  const place = { ...s2s, tls: { servername: domain, ca: ground.authority.certificatePem } };
  const answer = await exchange(place, { method: 'GET', target: '/.well-known/securechat-federation-key' });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body);
}

async function rotate(domain: string): Promise<void> {
  const { code, stderr } = await runCommand(
    [join(PROJECT_ROOT, 'server/cli/securechat.mjs'), 'keys', 'rotate', '--sign-after', String(SIGN_AFTER_SECONDS), '--short-overlap', '--json'],
    { SECURECHAT_DOMAIN: domain, SECURECHAT_DATA_DIR: join(ground.directory, domain) },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
}

/** The kids that a server has accepted for another domain. */
async function kidsKnownTo(domain: string, peer: string): Promise<readonly string[]> {
  const { databaseUrl } = await ground.instance(domain);
  const database = await openDatabaseReader(databaseUrl);
  try {
    const [row] = await database.query('SELECT key_document FROM peers WHERE domain = $1', [peer]);
    const document: KeyDocument = JSON.parse(row?.['key_document'] ?? '{"publicKey":"","keys":[]}');
    return document.keys.map(({ kid }) => kid);
  } finally {
    await database.end();
  }
}

test(
  '[KEY-6] [DEL-3] both domains change their key during 1 000 messages each way: none is lost, none doubled, all in order',
  async () => {
    const before = await Promise.all(DOMAINS.map(keyDocumentOf));
    const people = [alice, bob];
    await Promise.all(people.map((person) => sendAtPace(person, textsOf(person).slice(0, BEFORE_ROTATION))));

    const running = people.map((person) => sendAtPace(person, textsOf(person).slice(BEFORE_ROTATION)));
    await Promise.all(DOMAINS.map(rotate));
    // The next key is listed before it signs.
    await eventually(async () => {
      for (const [index, document] of (await Promise.all(DOMAINS.map(keyDocumentOf))).entries()) {
        expect(document.keys).toHaveLength(2);
        expect(document.publicKey).toBe(before[index]?.publicKey);
      }
    });
    await Promise.all(running);

    for (const [index, document] of (await Promise.all(DOMAINS.map(keyDocumentOf))).entries()) {
      expect(document.publicKey).not.toBe(before[index]?.publicKey);
      expect(document.keys.map(({ publicKey }) => publicKey)).toContain(before[index]?.publicKey);
      const reader = DOMAINS[1 - index] ?? '';
      expect(await kidsKnownTo(reader, DOMAINS[index] ?? '')).toEqual(expect.arrayContaining(document.keys.map(({ kid }) => kid)));
    }
    for (const reader of people) {
      await eventually(async () => {
        const texts = await reader.texts(conversationId);
        for (const writer of people) expect(texts.filter((text) => text.startsWith(writer.userId))).toEqual(textsOf(writer));
        expect(texts).toHaveLength(2 * MESSAGES_EACH_WAY);
      }, DELIVERY_TIMEOUT_MS);
    }
  },
  TEST_TIMEOUT_MS,
);
