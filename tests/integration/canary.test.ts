import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unwrapSessionKey } from '../../e2ee/session-key.ts';
import { openDatabaseReader } from '../support/database-reader.ts';
import { eventually } from '../support/eventually.ts';
import { createKnownClient } from '../support/known-client.ts';
import type { KnownClient } from '../support/known-client.ts';
import { startRecordingProxy } from '../support/recording-proxy.ts';
import type { RecordingProxy } from '../support/recording-proxy.ts';
import { findSecrets, secretOf } from '../support/secret-forms.ts';
import type { Secret } from '../support/secret-forms.ts';
import { PLAYGROUND_TIMEOUT_MS, startTestPlayground } from '../support/test-playground.ts';
import type { TestPlayground } from '../support/test-playground.ts';

const DOMAINS = ['a.test', 'b.test'] as const;
const marker = (what: string): string => `canary of the ${what} ${randomUUID()}`;
const ALICE = `alice-${randomUUID().slice(0, 8)}`;
const BOB = `bob-${randomUUID().slice(0, 8)}`;
const TEXTS = { first: marker('message'), reply: marker('reply'), label: marker('private label'), draft: marker('draft') };
const PASSWORDS = { alice: marker('password'), bob: marker('password') };

let ground: TestPlayground;
let proxies: readonly RecordingProxy[];
let alice: KnownClient;
let bob: KnownClient;
let dumps: string;
let secrets: readonly Secret[];
/** What the own server is given to check a password: in no database, log or wire between servers all the same. */
let credentials: readonly Secret[];

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'trace');
  ground = await startTestPlayground({ domains: DOMAINS });
  proxies = await Promise.all(DOMAINS.map(leadThroughProxy));
  const [a, b] = await Promise.all(DOMAINS.map((domain) => ground.instance(domain)));
  alice = createKnownClient(a?.url ?? '');
  bob = createKnownClient(b?.url ?? '');
  const recoveryKeys = await converse();
  dumps = JSON.stringify(await Promise.all([a, b].map((instance) => dumpOf(instance?.databaseUrl ?? ''))));
  secrets = [
    ...Object.entries(TEXTS).map(([name, text]) => secretOf(name, text)),
    ...Object.entries(PASSWORDS).map(([name, text]) => secretOf(`${name}'s password`, text)),
    ...(await keysOf('alice', alice)),
    ...(await keysOf('bob', bob)),
    ...recoveryKeys.flatMap((key, index) => [secretOf(`recovery key ${index}`, key), secretOf(`recovery key ${index} without dashes`, key.replaceAll('-', ''))]),
  ];
  credentials = [alice, bob].flatMap((one, index) => [
    secretOf(`authentication secret ${index}`, one.derived().authSecret),
    secretOf(`session cookie ${index}`, longestCookie(one)),
  ]);
}, PLAYGROUND_TIMEOUT_MS);

afterAll(async () => {
  vi.unstubAllEnvs();
  for (const one of [alice, bob]) one?.client.close();
  for (const proxy of proxies ?? []) await proxy.stop();
  await ground?.stop();
});

/** Puts a proxy into the way that DNS names, before anybody has asked for it. */
async function leadThroughProxy(domain: string): Promise<RecordingProxy> {
  const { s2s } = await ground.instance(domain);
  const proxy = await startRecordingProxy({ domain, target: s2s, authority: ground.authority });
  const { zone } = ground.playground.dns;
  const name = `_securechat-s2s._tcp.${domain}`;
  zone.remove(name, 'SRV');
  zone.add({ name, type: 'SRV', ttlSeconds: 60, priority: 0, weight: 0, port: proxy.port, target: `s2s.${domain}` });
  return proxy;
}

/** Both register, Alice writes, Bob answers; Alice keeps a label and a draft. Gives the recovery keys. */
async function converse(): Promise<readonly string[]> {
  const forAlice = await alice.client.account.register({ username: ALICE, password: PASSWORDS.alice });
  const forBob = await bob.client.account.register({ username: BOB, password: PASSWORDS.bob });
  const { conversationId } = await alice.client.conversations.open([forBob.userId], TEXTS.label);
  await alice.client.drafts.set(conversationId, TEXTS.draft);
  await alice.client.messages.send(conversationId, TEXTS.first);
  await eventually(async () => expect(await textsOf(bob, conversationId)).toEqual([TEXTS.first]));
  await bob.client.conversations.accept(conversationId);
  await bob.client.messages.send(conversationId, TEXTS.reply);
  await eventually(async () => expect(await textsOf(alice, conversationId)).toEqual([TEXTS.first, TEXTS.reply]));
  await alice.client.account.signOut();
  await alice.client.account.signIn({ username: ALICE, password: PASSWORDS.alice });
  expect((await alice.client.conversations.get(conversationId)).label).toBe(TEXTS.label);
  return [forAlice.recoveryKey, forBob.recoveryKey];
}

/** The session's is by far the longest. */
function longestCookie(known: KnownClient): string {
  const values = known.cookies().split('; ').map((cookie) => cookie.slice(cookie.indexOf('=') + 1));
  return values.reduce((longest, value) => (value.length > longest.length ? value : longest));
}

async function textsOf({ client }: KnownClient, conversationId: string): Promise<readonly string[]> {
  const { messages } = await client.messages.list(conversationId);
  return messages.map(({ body }) => (body.kind === 'text' ? body.text : `[${body.reason}]`));
}

async function dumpOf(databaseUrl: string): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof openDatabaseReader>>['dump']>>> {
  const database = await openDatabaseReader(databaseUrl);
  try {
    return await database.dump();
  } finally {
    await database.end();
  }
}

/** The keys that a person's client holds, and the session keys that its server stores wrapped for it. */
async function keysOf(name: string, known: KnownClient): Promise<readonly Secret[]> {
  const { vaultKey, contents, userId } = await known.account();
  const { secretKey, signingSecretKey } = contents.identity;
  const wrapped = [...dumps.matchAll(/"user_id":"([^"]+)","encrypted_session_key":"([^"]+)"/g)].filter(([, owner]) => owner === userId);
  const sessionKeys = wrapped.map(([, , encryptedSessionKey = '']) => unwrapSessionKey({ encryptedSessionKey, recipientSecretKey: secretKey }));
  expect(sessionKeys.length).toBeGreaterThan(0);
  return [
    secretOf(`${name}'s vault key`, vaultKey),
    secretOf(`${name}'s wrapping key`, known.derived().wrappingKey),
    secretOf(`${name}'s X25519 secret key`, secretKey),
    secretOf(`${name}'s Ed25519 seed`, signingSecretKey.subarray(0, 32)),
    ...sessionKeys.map((key, index) => secretOf(`${name}'s session key ${index}`, key ?? 'a session key that does not open')),
  ];
}

/** Everything that the processes of the playground wrote beside their databases: logs of servers, drivers and PostgreSQL. */
async function readLogs(): Promise<string> {
  const entries = await readdir(ground.directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.log'));
  const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
  return texts.join('\n');
}

const recorded = (): Buffer => Buffer.concat(proxies.map((proxy) => proxy.recorded()));

describe('[E2E-11] what must stay with the people', () => {
  test('is what the search was given: every text, password and key of both', () => {
    expect(secrets.length).toBeGreaterThanOrEqual(20);
    expect(secrets.map(({ name }) => name)).toEqual(expect.arrayContaining(["alice's session key 0", "bob's session key 0", "bob's Ed25519 seed"]));
  });

  test('is in no table of either database', () => {
    expect(findSecrets(dumps, [...secrets, ...credentials])).toEqual([]);
    expect(findSecrets(dumps, [secretOf('Alice', `${ALICE}@a.test`), secretOf('Bob', `${BOB}@b.test`)])).toEqual(['Alice', 'Bob']);
  });

  test('is in no log at the level trace', async () => {
    const logs = await readLogs();
    expect(findSecrets(logs, [...secrets, ...credentials])).toEqual([]);
    expect(logs).toContain('"level":20');
    expect(findSecrets(logs, [secretOf('a log line', 'federation request served')])).toEqual(['a log line']);
  });

  test('passes between the servers neither way, inside TLS', () => {
    const bytes = recorded();
    expect(findSecrets(bytes, [...secrets, ...credentials])).toEqual([]);
    const control = ['POST /federation/v1/conversations HTTP/1.1', 'POST /federation/v1/messages HTTP/1.1', `"senderId":"${BOB}@b.test"`, 'HTTP/1.1 202 Accepted'];
    expect(findSecrets(bytes, control.map((text) => secretOf(text, text)))).toEqual(control);
  });

  test('is in no request of a client to its own server, which gets the authentication secret alone', () => {
    const requests = `${alice.requests()}\n${bob.requests()}`;
    expect(findSecrets(requests, secrets)).toEqual([]);
    expect(findSecrets(requests, credentials)).toEqual(credentials.map(({ name }) => name));
    expect(findSecrets(requests, [secretOf('a call', '/api/trpc/messages.send'), secretOf('Bob', `${BOB}@b.test`)])).toEqual(['a call', 'Bob']);
  });
});

test('the search finds a text and a key in every form, also inside something that was encoded as a whole', () => {
  const key = Buffer.from(randomUUID());
  const secret = secretOf('planted', key);
  const inside = (before: string): Buffer => Buffer.concat([Buffer.from(before), key, Buffer.from('…')]);
  for (const before of ['', 'x', 'xy', '{"key":']) {
    for (const encoding of ['base64', 'base64url', 'hex', 'latin1'] as const) {
      const hidden = inside(before).toString(encoding);
      expect(findSecrets(hidden, [secretOf('planted', key.toString()), secret])).toContain('planted');
    }
  }
});
