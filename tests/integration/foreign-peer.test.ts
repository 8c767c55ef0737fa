import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIdentity, publicIdentityOf } from '../../e2ee/identity.ts';
import { webRandomBytes } from '../../e2ee/random.ts';
import { keyCommitment, unwrapSessionKey } from '../../e2ee/session-key.ts';
import { parseConversationId, parseUserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { openDatabaseReader } from '../support/database-reader.ts';
import type { DatabaseReader } from '../support/database-reader.ts';
import { registerPerson } from '../support/driver-client.ts';
import type { Person } from '../support/driver-client.ts';
import { eventually } from '../support/eventually.ts';
import { CONVERSATIONS, MESSAGES } from '../support/foreign-bodies.ts';
import { json, problem, startForeignServer } from '../support/foreign-server.ts';
import type { ForeignServer, ReceivedRequest } from '../support/foreign-server.ts';
import { sha256Base64 } from '../support/foreign-signer.ts';
import { exchange } from '../support/raw-exchange.ts';
import { PLAYGROUND_TIMEOUT_MS, startTestPlayground } from '../support/test-playground.ts';
import type { TestPlayground } from '../support/test-playground.ts';

const BOB = 'bob@d.test';
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
/** The second attempt comes 2.5 to 7.5 s after the first [DEL-2]. */
const RETRY_TIMEOUT_MS = 25_000;

const bob = createIdentity({ userId: parseUserId(BOB), keyVersion: 1, createdAt: formatTimestamp(new Date()), random: webRandomBytes });

let foreign: ForeignServer;
let ground: TestPlayground;
let database: DatabaseReader;
let alice: Person;
let conversationId: string;

beforeAll(async () => {
  foreign = await startForeignServer('d.test');
  ground = await startTestPlayground({ domains: ['a.test'], peers: [foreign] });
  foreign.useCertificate(await ground.authority.issue('d.test'));
  foreign.answer(serveBob);
  const { databaseUrl, driverUrl } = await ground.instance('a.test');
  database = await openDatabaseReader(databaseUrl);
  alice = await registerPerson(driverUrl, 'alice');
  conversationId = await alice.open(BOB);
}, PLAYGROUND_TIMEOUT_MS);

afterAll(async () => {
  await database?.end();
  await ground?.stop();
  await foreign?.stop();
});

function serveBob({ method, target, body }: ReceivedRequest) {
  if (target === `/federation/v1/users/${BOB}/public_key`) return json(200, publicIdentityOf(bob));
  if (method === 'GET') return problem(404, 'unknown_user');
  const sent: unknown = JSON.parse(body);
  if (target === MESSAGES) return json(202, { status: 'accepted', messageId: field(sent, 'messageId') });
  if (target === CONVERSATIONS) return json(201, { status: 'created', conversationId: field(sent, 'conversationId') });
  return null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

const sentTo = (target: string): readonly ReceivedRequest[] => foreign.received.filter((request) => request.target === target);

/** The attempts to deliver one message. */
const attemptsFor = (messageId: string): readonly ReceivedRequest[] => sentTo(MESSAGES).filter(({ body }) => body.includes(messageId));

function parametersOf({ headers }: ReceivedRequest): Readonly<Record<string, string>> {
  const header = String(headers['x-federation-signature']);
  expect(header).toMatch(/^(?:[A-Za-z]+="[^"]*"(?:, *)?){6}$/);
  return Object.fromEntries([...header.matchAll(/([A-Za-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
}

async function stateOf(messageId: string): Promise<string | undefined> {
  return (await alice.messages(conversationId)).find((message) => message.messageId === messageId)?.state;
}

const expectState = (messageId: string, state: string, timeoutMs?: number): Promise<void> =>
  eventually(async () => expect(await stateOf(messageId)).toBe(state), timeoutMs);

/** What the outbox holds of a message, nothing once it has arrived, and why its peer is left alone. */
async function outboxOf(messageId: string): Promise<object | undefined> {
  const rows = await database.query(
    `SELECT destination, state, last_error_code, CASE WHEN peers.next_attempt_at IS NOT NULL THEN last_failure_reason END AS held_for
     FROM outbox_items JOIN messages USING (conversation_key, position) JOIN peers ON domain = destination WHERE message_id = $1`,
    [messageId],
  );
  return rows[0];
}

test('[DISC-1] the foreign server was found by its SRV record', () => {
  const asked = ground.playground.dns.queries.map(({ name, type }) => `${type} ${name}`);
  expect(asked).toContain('SRV _securechat-s2s._tcp.d.test');
  expect(asked).toContain('A s2s.d.test');
});

test('[SIG-1] [SIG-2] every request is signed as the text says, by the key that its domain publishes', async () => {
  const { s2s } = await ground.instance('a.test');
  const place = { ...s2s, tls: { servername: 'a.test', ca: ground.authority.certificatePem } };
  const document = JSON.parse((await exchange(place, { method: 'GET', target: '/.well-known/securechat-federation-key' })).body);
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_ED25519, Buffer.from(document.publicKey, 'base64')]), format: 'der', type: 'spki' });
  await expectState(await alice.send(conversationId, 'signed'), 'stored');
  expect(foreign.received.map(({ method, target }) => `${method} ${target}`)).toEqual(
    expect.arrayContaining([`GET /federation/v1/users/${BOB}/public_key`, `POST ${CONVERSATIONS}`, `POST ${MESSAGES}`]),
  );
  const nonces = new Set<string>();
  for (const request of foreign.received) {
    const { keyId, kid, destination, created, nonce = '', signature = '', ...others } = parametersOf(request);
    expect(others).toEqual({});
    expect({ keyId, kid, destination }).toEqual({ keyId: 'a.test', kid: document.keys[0].kid, destination: 'd.test' });
    expect(created).toMatch(/^\d{10}$/);
    expect(Math.abs(Number(created) * 1_000 - Date.now())).toBeLessThan(60_000);
    expect(nonce).toMatch(/^[A-Za-z0-9_-]{21}[AQgw]$/);
    nonces.add(nonce);
    const lines = ['securechat-s2s-v1', request.method, request.target, keyId, destination, kid, created, nonce, sha256Base64(request.body)];
    expect(verify(null, Buffer.from(lines.join('\n')), publicKey, Buffer.from(signature, 'base64'))).toBe(true);
    expect(request.headerNames.filter((name) => name === 'x-federation-signature')).toHaveLength(1);
  }
  expect(nonces.size).toBe(foreign.received.length);
});

test('[DISC-4] [DISC-5] it calls the domain by its name and asks for no encoding, no cookie, no redirect', () => {
  for (const { method, headers, headerNames } of foreign.received) {
    expect(headers.host).toBe(`d.test:${foreign.port}`);
    expect(headerNames.filter((name) => ['cookie', 'authorization', 'user-agent', 'referer'].includes(name))).toEqual([]);
    expect(headers['accept-encoding'] ?? 'identity').toBe('identity');
    if (method !== 'GET') expect(headers['content-type']).toBe('application/json');
  }
});

test('[API-3] the founding request has the members of the text and a key that only Bob opens', async () => {
  const [founding] = sentTo(CONVERSATIONS);
  const body = JSON.parse(founding?.body ?? '');
  expect(Object.keys(body).toSorted()).toEqual([
    'action', 'allParticipants', 'conversationId', 'epoch', 'initiatorId', 'membership', 'membershipSignature', 'participantsToAdd', 'timestamp',
  ]);
  expect(body).toMatchObject({ conversationId, action: 'create', epoch: 1, initiatorId: alice.userId, allParticipants: [alice.userId, BOB] });
  expect(body.participantsToAdd).toEqual([{ userId: BOB, encryptedSessionKey: expect.any(String) }]);
  const sessionKey = unwrapSessionKey({ encryptedSessionKey: body.participantsToAdd[0].encryptedSessionKey, recipientSecretKey: bob.secretKey });
  if (sessionKey === null) throw new Error('Bob cannot open his key');
  expect(await keyCommitment({ conversationId: parseConversationId(conversationId), epoch: 1, sessionKey })).toBe(body.membership.keyCommitment);
});

test('[API-2] a message has the members of the text and nothing that can be read', async () => {
  const messageId = await alice.send(conversationId, 'for your eyes only');
  await expectState(messageId, 'stored');
  expect(await outboxOf(messageId)).toBeUndefined();
  const [request, ...more] = attemptsFor(messageId);
  expect(more).toEqual([]);
  const body = JSON.parse(request?.body ?? '');
  expect(Object.keys(body).toSorted()).toEqual(['conversationId', 'messageId', 'payload', 'recipientServerDomain', 'senderId', 'timestamp']);
  expect(body).toMatchObject({ conversationId, messageId, senderId: alice.userId, recipientServerDomain: 'd.test' });
  expect(Object.keys(body.payload).toSorted()).toEqual(['associatedData', 'authTag', 'ciphertext', 'nonce', 'signature']);
  expect(body.payload.associatedData).toMatchObject({ v: 1, alg: 'A256GCM', conversationId, messageId, senderId: alice.userId, timestamp: body.timestamp });
  expect(request?.body).not.toContain('eyes only');
});

test('[DEL-2] a 503 is retried with the same body, signed anew', async () => {
  let refusals = 0;
  foreign.answer(({ target }) => (target === MESSAGES && refusals++ === 0 ? problem(503, 'unavailable') : null));
  const messageId = await alice.send(conversationId, 'try again');
  await eventually(async () => expect(await outboxOf(messageId)).toEqual({ destination: 'd.test', state: 'queued', last_error_code: 'unavailable', held_for: null }));
  expect(await stateOf(messageId)).toBe('stored_own');
  await expectState(messageId, 'stored', RETRY_TIMEOUT_MS);
  const [first, second, ...more] = attemptsFor(messageId);
  if (first === undefined || second === undefined) throw new Error('there were not two attempts');
  expect(more).toEqual([]);
  expect(second.body).toBe(first.body);
  expect(parametersOf(second)['nonce']).not.toBe(parametersOf(first)['nonce']);
  expect(Number(parametersOf(second)['created'])).toBeGreaterThan(Number(parametersOf(first)['created']));
});

test('[ERR-4] a refusal for good is shown as failed and not tried again, and the next message goes out', async () => {
  let refusals = 0;
  foreign.answer(({ target }) => (target === MESSAGES && refusals++ === 0 ? problem(403, 'not_accepting') : null));
  const refused = await alice.send(conversationId, 'unwelcome');
  await expectState(refused, 'failed');
  expect(await outboxOf(refused)).toEqual({ destination: 'd.test', state: 'failed', last_error_code: 'not_accepting', held_for: null });
  await expectState(await alice.send(conversationId, 'welcome'), 'stored');
  expect(attemptsFor(refused)).toHaveLength(1);
});

test('[DISC-4] a certificate for another name gets no byte of a request; the message waits and says why', async () => {
  foreign.useCertificate(await ground.authority.issue('e.test', 's2s.d.test'));
  const bytes = foreign.receivedBytes();
  const messageId = await alice.send(conversationId, 'not for e.test');
  await eventually(async () => expect(await outboxOf(messageId)).toEqual({ destination: 'd.test', state: 'queued', last_error_code: null, held_for: 'tls_failed' }));
  expect(await stateOf(messageId)).toBe('stored_own');
  expect(attemptsFor(messageId)).toEqual([]);
  expect(foreign.receivedBytes()).toBe(bytes);

  foreign.useCertificate(await ground.authority.issue('d.test'));
  await expectState(messageId, 'stored', RETRY_TIMEOUT_MS);
});
