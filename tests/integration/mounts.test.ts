import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GET as answerCron } from '../../app/api/cron/deliver/route.ts';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { MAX_BODY_BYTES } from '../../protocol/limits.ts';
import { compose } from '../../server/compose.ts';
import type { Instance } from '../../server/compose.ts';
import { readConfig } from '../../server/config/read-config.ts';
import { createFederationMount } from '../../server/http/federation-mount.ts';
import { handleFederationRequest, handleKeyDocumentRequest } from '../../server/http/federation-route.ts';
import { listenForServers } from '../../server/http/web-listener.ts';
import type { Listener } from '../../server/http/web-listener.ts';
import { shareInstance } from '../../server/instance.ts';
import { createTestDatabase } from '../../server/persistence/testing-database.ts';
import type { TestDatabase } from '../../server/persistence/testing-database.ts';
import { openDatabaseReader } from '../support/database-reader.ts';
import type { DatabaseReader } from '../support/database-reader.ts';
import { CONVERSATIONS, foundingBody, MESSAGES, messageBody, newConversationId } from '../support/foreign-bodies.ts';
import { json, problem, startForeignServer } from '../support/foreign-server.ts';
import type { ForeignServer } from '../support/foreign-server.ts';
import { createForeignKeys, signatureHeader } from '../support/foreign-signer.ts';
import type { UnsignedRequest } from '../support/foreign-signer.ts';
import { describeInboundFull } from '../support/inbound-full-suite.ts';
import { describeInbound } from '../support/inbound-suite.ts';
import { exchange } from '../support/raw-exchange.ts';
import type { RawAnswer, RawRequest } from '../support/raw-exchange.ts';

const BOB = 'bob@d.test';
const ALICE = 'alice@a.test';
const CRON_SECRET = 'a secret of the scheduler';
const KEY_DOCUMENT = '/.well-known/securechat-federation-key';

let folder: string;
let foreign: ForeignServer;
let testDatabase: TestDatabase;
let instance: Instance;
let listener: Listener;
let database: DatabaseReader;
/** A conversation that both mounts' requests are about. */
const conversationId = newConversationId('d.test');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-mounts-'));
  foreign = await startForeignServer('d.test');
  testDatabase = await createTestDatabase();
  database = await openDatabaseReader(testDatabase.url);
  const authority = await createCertificateAuthority();
  const { certificateChainPem, privateKeyPem } = await authority.issue({ names: ['d.test'] });
  foreign.useCertificate({ cert: certificateChainPem, key: privateKeyPem });
  await writeFile(join(folder, 'ca.pem'), authority.certificatePem);
  const closed = await listenAndClose();
  const config = readConfig({
    SECURECHAT_DOMAIN: 'a.test',
    SECURECHAT_DATA_DIR: folder,
    DATABASE_URL: testDatabase.url,
    SECURECHAT_CA_FILE: join(folder, 'ca.pem'),
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_STATIC_PEERS: `d.test=127.0.0.1:${foreign.port},silent.test=127.0.0.1:${closed}`,
    CRON_SECRET,
  });
  const logger = pino({ level: 'silent' });
  instance = await compose({ config, logger, behindListener: false, migrationsDirectory: join(import.meta.dirname, '../../prisma/migrations') });
  listener = await listenForServers(createFederationMount(instance.federation, instance.sourceAddress), { host: '127.0.0.1', port: 0, tls: null, logger });
  await addAccount(ALICE);
  await found();
}, 60_000);

afterAll(async () => {
  await listener?.close();
  await database?.end();
  await instance?.stop();
  await testDatabase?.stop();
  await foreign?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function found(): Promise<void> {
  const body = foundingBody({ conversationId, initiatorId: BOB, locals: [ALICE] });
  expect(await throughListener(signed(CONVERSATIONS, { body }))).toMatchObject({ status: 201 });
}

/** A port that nobody listens on any more. */
async function listenAndClose(): Promise<number> {
  const server = await startForeignServer('silent.test');
  await server.stop();
  return server.port;
}

function ownPublicKey(): string {
  const { publicKey }: { publicKey: string } = JSON.parse(instance.federation.keyDocument('GET').body);
  return publicKey;
}

async function addAccount(userId: string): Promise<void> {
  const columns = '(user_id, password_hashing, auth_verifier, public_identity, created_at)';
  const identity = JSON.stringify({ userId, publicKey: Buffer.alloc(32, 9).toString('base64') });
  await testDatabase.database.pool.query(`INSERT INTO accounts ${columns} VALUES ($1, '{}', '', $2, now())`, [userId, identity]);
}

interface Change extends Partial<Omit<UnsignedRequest, 'body' | 'target'>> {
  readonly body?: string | object;
  readonly keys?: ForeignServer['keys'];
  readonly mediaType?: string;
}

function signed(target: string, { body = '', keys = foreign.keys, mediaType = 'application/json', ...change }: Change = {}): RawRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const request: UnsignedRequest = { method: text === '' ? 'GET' : 'POST', keyId: 'd.test', destination: 'a.test', ...change, target, body: text };
  const headers = [['Content-Type', mediaType], ['X-Federation-Signature', signatureHeader(request, keys)]] as const;
  return { method: request.method, target, headers, ...(text === '' ? {} : { body: text }) };
}

const message = (): object => messageBody({ conversationId, senderId: BOB, recipientServerDomain: 'a.test' });
const founding = (): object => foundingBody({ conversationId: newConversationId('d.test'), initiatorId: BOB, locals: [ALICE] });
const unsigned = (request: RawRequest): RawRequest => ({ ...request, headers: [['Content-Type', 'application/json']] });
const secondsAgo = (seconds: number): number => Math.floor(Date.now() / 1_000) - seconds;

function throughListener(request: RawRequest): Promise<RawAnswer> {
  return exchange({ host: '127.0.0.1', port: listener.port }, request);
}

function asRequest({ method, target, headers = [], body }: RawRequest): Request {
  return new Request(`https://a.test${target}`, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    ...(body === undefined || method === 'GET' ? {} : { body: Buffer.from(body) }),
  });
}

async function throughRoute(request: RawRequest): Promise<RawAnswer> {
  const response = await handleFederationRequest(asRequest(request), instance.federation, '127.0.0.1');
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

/** What two mounts must say alike: ids of requests and messages are of each request alone. */
function comparable({ status, headers, body }: RawAnswer): object {
  const { requestId, messageId, conversationId: _, serverTime, ...same } = JSON.parse(body === '' ? '{}' : body) as Record<string, unknown>;
  const names = ['content-type', 'cache-control', 'retry-after', 'allow'] as const;
  return {
    status,
    headers: Object.fromEntries(names.map((name) => [name, headers[name]])),
    has: { requestId: typeof requestId, messageId: typeof messageId, serverTime: typeof serverTime },
    same,
  };
}

/** Each makes a request of the same kind anew, with the status that it has to get. */
const KINDS: readonly (readonly [string, number, () => RawRequest])[] = [
  ['a founding request', 201, () => signed(CONVERSATIONS, { body: founding() })],
  ['a message', 202, () => signed(MESSAGES, { body: message() })],
  ['a public key', 200, () => signed(`/federation/v1/users/${ALICE}/public_key`)],
  ['an unsigned request', 401, () => unsigned(signed(MESSAGES, { body: message() }))],
  ['a malformed signature', 401, () => ({ ...signed(MESSAGES, { body: message() }), headers: [['Content-Type', 'application/json'], ['X-Federation-Signature', '']] })],
  ['another key', 401, () => signed(MESSAGES, { body: message(), keys: createForeignKeys(foreign.keys.kid) })],
  ['an unlisted key', 401, () => signed(MESSAGES, { body: message(), keys: createForeignKeys('another') })],
  ['another body than the signed one', 401, () => ({ ...signed(MESSAGES, { body: message() }), body: JSON.stringify(message()) })],
  ['an old request', 401, () => signed(MESSAGES, { body: message(), created: secondsAgo(310) })],
  ['another destination', 421, () => signed(MESSAGES, { body: message(), destination: 'b.test' })],
  ['a domain whose key cannot be had', 503, () => signed(MESSAGES, { body: message(), keyId: 'silent.test' })],
  ['a query', 400, () => signed(`${MESSAGES}?x=1`, { body: message() })],
  ['a trailing slash', 400, () => signed(`${MESSAGES}/`, { body: message() })],
  ['an encoded segment', 400, () => signed('/federation/v1/users/alice%40a.test/public_key')],
  ['an unknown path', 404, () => signed('/federation/v1/rumours')],
  ['a method that is not offered', 405, () => signed(MESSAGES, { method: 'PUT', body: message() })],
  ['another media type', 415, () => signed(MESSAGES, { body: message(), mediaType: 'text/plain' })],
  ['a body over the limit', 413, () => signed(MESSAGES, { body: { ...message(), padding: 'x'.repeat(MAX_BODY_BYTES) } })],
  ['no JSON', 400, () => signed(MESSAGES, { body: '{' })],
  ['a body of another form', 400, () => signed(MESSAGES, { body: { ...message(), senderId: 'Bob@d.test' } })],
  ['a sender of another domain', 403, () => signed(MESSAGES, { body: { ...message(), senderId: 'bob@e.test' } })],
  ['a sender who is not a member', 403, () => signed(MESSAGES, { body: { ...message(), senderId: 'eve@d.test' } })],
  ['an unknown user', 404, () => signed('/federation/v1/users/nobody@a.test/public_key')],
  ['an unknown conversation', 404, () => signed(MESSAGES, { body: { ...message(), conversationId: newConversationId('d.test') } })],
  ['a conversation that exists', 409, () => signed(CONVERSATIONS, { body: { ...founding(), conversationId } })],
];

describe('[SIG-10] the route of function platforms answers as the listener does', () => {
  test.each(KINDS)('to %s with %i', async (_, status, make) => {
    const [byListener, byRoute] = [await throughListener(make()), await throughRoute(make())];
    expect(byListener.status).toBe(status);
    expect(comparable(byRoute)).toEqual(comparable(byListener));
  });

  test('to a request that the other mount accepted before: it is a replay at both, and its content a duplicate', async () => {
    const first = signed(MESSAGES, { body: message() });
    expect(await throughListener(first)).toMatchObject({ status: 202 });
    const second = signed(MESSAGES, { body: message() });
    expect(await throughRoute(second)).toMatchObject({ status: 202 });
    const [replayed, crosswise] = [await throughRoute(first), await throughListener(second)];
    expect(JSON.parse(replayed.body)).toMatchObject({ status: 401, code: 'replay_detected' });
    expect(comparable(crosswise)).toEqual(comparable(replayed));
    const again = signed(MESSAGES, { body: first.body?.toString() ?? '' });
    expect(JSON.parse((await throughRoute(again)).body)).toMatchObject({ status: 'duplicate' });
  });

  test.each([['GET', 200], ['HEAD', 200], ['POST', 405]] as const)('[KEY-2] to %s of the key document with %i', async (method, status) => {
    const byListener = await throughListener({ method, target: KEY_DOCUMENT });
    const response = handleKeyDocumentRequest(new Request(`https://a.test${KEY_DOCUMENT}`, { method }), instance.federation);
    const byRoute: RawAnswer = { status: response.status, headers: Object.fromEntries(response.headers), body: method === 'HEAD' ? '' : await response.text() };
    expect(byListener.status).toBe(status);
    expect(comparable(byRoute)).toEqual(comparable(byListener));
  });
});

describe('[SIG-10] the listener receives requests by every rule', () => {
  describeInbound(() => ({ send: throughListener, database, foreign, conversationId }));
  describeInboundFull(() => ({ send: throughListener, database, foreign, conversationId, publicKeyBase64: ownPublicKey() }));
});

describe('[SIG-10] the route of function platforms receives requests by every rule that it can see', () => {
  describeInbound(() => ({ send: throughRoute, database, foreign, conversationId }), { seesRequestLine: false });
  describeInboundFull(() => ({ send: throughRoute, database, foreign, conversationId, publicKeyBase64: ownPublicKey() }));
});

describe('[DEL-5] the scheduled route', () => {
  const call = (authorization?: string): Promise<Response> =>
    answerCron(new Request('https://a.test/api/cron/deliver', authorization === undefined ? {} : { headers: { authorization } }));

  beforeAll(async () => {
    shareInstance(instance);
    const columns = 'destination, conversation_key, sender_id, method, target, body, next_attempt_at, created_at';
    const body = JSON.stringify({ note: 'queued for d.test' });
    await testDatabase.database.pool.query(
      `INSERT INTO outbox_items (${columns}) SELECT 'd.test', key, $1, 'POST', $2, $3, now(), now() FROM conversations WHERE id = $4`,
      [ALICE, MESSAGES, body, conversationId],
    );
  });

  test.each([
    ['without a bearer', undefined],
    ['with another bearer', 'Bearer a secret of somebody else'],
    ['with the secret but no scheme', CRON_SECRET],
    ['with an empty bearer', 'Bearer '],
  ])('is 401 %s and delivers nothing', async (_, authorization) => {
    expect((await call(authorization)).status).toBe(401);
    expect(foreign.received).toEqual([]);
  });

  test('delivers what is due with the right bearer, once', async () => {
    foreign.answer(({ body }) => (body.includes('queued for d.test') ? json(202, { status: 'accepted' }) : problem(404, 'not_found')));
    const answer = await call(`Bearer ${CRON_SECRET}`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ delivered: 1, retried: 0, failed: 0 });
    expect(foreign.received.map(({ method, target, body }) => [method, target, body])).toEqual([['POST', MESSAGES, '{"note":"queued for d.test"}']]);
    expect(await (await call(`Bearer ${CRON_SECRET}`)).json()).toEqual({ delivered: 0, retried: 0, failed: 0 });
  });

  test('is 404 where no secret is set', async () => {
    shareInstance({ ...instance, config: { ...instance.config, CRON_SECRET: null } });
    expect((await call(`Bearer ${CRON_SECRET}`)).status).toBe(404);
    expect((await call('Bearer null')).status).toBe(404);
  });
});
