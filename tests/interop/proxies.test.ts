import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES } from '../../protocol/limits.ts';
import { openDatabaseReader } from '../support/database-reader.ts';
import type { DatabaseReader } from '../support/database-reader.ts';
import { expectProblem } from '../support/expect-problem.ts';
import { CONVERSATIONS, foundingBody, MESSAGES, messageBody, newConversationId } from '../support/foreign-bodies.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import type { ForeignServer } from '../support/foreign-server.ts';
import { readAnswerSignature } from '../support/foreign-signer.ts';
import { startFrontProxy } from '../support/front-proxy.ts';
import type { FrontProxy, ProxyName } from '../support/front-proxy.ts';
import { describeInboundFull } from '../support/inbound-full-suite.ts';
import { describeInbound, foundConversation, signRequest } from '../support/inbound-suite.ts';
import type { Change } from '../support/inbound-suite.ts';
import { keepConnection } from '../support/kept-connection.ts';
import { exchange } from '../support/raw-exchange.ts';
import type { Place, RawAnswer, RawRequest } from '../support/raw-exchange.ts';
import { addAccount, startTestServer } from '../support/test-server.ts';
import type { TestServer } from '../support/test-server.ts';
import { exchangeOverWebSocket } from '../support/websocket-exchange.ts';

const START_TIMEOUT_MS = 240_000;
const ALICE = 'alice@a.test';
const BOB = 'bob@d.test';
const KEY_DOCUMENT = '/.well-known/securechat-federation-key';
const PUBLIC_KEY = `/federation/v1/users/${ALICE}/public_key`;
const BATCH = '/federation/v1/batch';
const PROXIES: readonly ProxyName[] = ['caddy', 'nginx'];
/** Fetches of unknown keys that one source may cause in a minute [API-10]. */
const KEY_FETCHES = 5;
/** Domains that each proxy's test of sources names once, all with nobody listening. */
const silentDomains = (name: ProxyName): readonly string[] => Array.from({ length: KEY_FETCHES + 2 }, (_, index) => `silent-${index}.${name}.test`);

let folder: string;
let foreign: ForeignServer;
let server: TestServer;
let database: DatabaseReader;
let authorityPem: string;
let conversationId: string;
/** The key document as the instance gives it to whom no proxy stands before. */
let keyDocument: RawAnswer;
const proxies = new Map<ProxyName, FrontProxy>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-proxies-'));
  const authority = await createCertificateAuthority();
  authorityPem = authority.certificatePem;
  const issue = async (domain: string) => {
    const { certificateChainPem: cert, privateKeyPem: key } = await authority.issue({ names: [domain] });
    return { cert, key };
  };
  await writeFile(join(folder, 'ca.pem'), authorityPem);
  foreign = await startForeignServer('d.test');
  foreign.useCertificate(await issue('d.test'));
  const silent = await startForeignServer('silent.test');
  await silent.stop();
  const nobody = PROXIES.flatMap(silentDomains).map((domain) => `${domain}=127.0.0.1:${silent.port}`);
  server = await startTestServer('a.test', {
    SECURECHAT_CA_FILE: join(folder, 'ca.pem'),
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_STATIC_PEERS: [`d.test=127.0.0.1:${foreign.port}`, ...nobody].join(','),
    SECURECHAT_TRUSTED_PROXIES: '127.0.0.1/32',
  });
  await addAccount(server, ALICE);
  database = await openDatabaseReader(server.database.url);
  const direct = { host: server.host, port: server.port };
  ({ conversationId } = await foundConversation({ send: (request) => exchange(direct, request), database, foreign }));
  keyDocument = await exchange(direct, { method: 'GET', target: KEY_DOCUMENT });
  const certificate = await issue('a.test');
  for (const name of PROXIES) {
    proxies.set(name, await startFrontProxy(name, { domain: 'a.test', certificate, authorityPem, upstreamPort: server.port }));
  }
}, START_TIMEOUT_MS);

afterAll(async () => {
  for (const proxy of proxies.values()) await proxy.stop();
  await database?.end();
  await server?.stop();
  await foreign?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Where peers reach a.test: by its name, through a proxy. */
function placeOf(name: ProxyName): Required<Place> {
  const proxy = proxies.get(name);
  if (proxy === undefined) throw new Error(`${name} does not run`);
  return { host: proxy.host, port: proxy.port, tls: { servername: 'a.test', ca: authorityPem } };
}

/** The key by which a.test signs, in base64. */
function ownPublicKey(): string {
  const { publicKey }: { publicKey: string } = JSON.parse(keyDocument.body);
  return publicKey;
}

const message = (): Record<string, unknown> => messageBody({ conversationId, senderId: BOB, recipientServerDomain: 'a.test' });
const signed = ({ body = message(), ...change }: Change = {}): RawRequest => signRequest(foreign, { body, ...change });
const withHeaders = (request: RawRequest, ...more: readonly (readonly [string, string])[]): RawRequest => ({ ...request, headers: [...(request.headers ?? []), ...more] });
const ACCEPTS_ENCODINGS = ['Accept-Encoding', 'gzip, zstd, br'] as const;

/** A JSON object that is exactly this long, by an unknown member [API-10]. */
function padded(body: object, length: number): string {
  const empty = JSON.stringify({ ...body, padding: '' });
  return JSON.stringify({ ...body, padding: 'x'.repeat(length - empty.length) });
}

/** Asserts the answer to a request of ours with this nonce, down to the bytes that its signature covers. */
function expectAnswer(answer: RawAnswer, status: number, nonce: string): void {
  expect(answer).toMatchObject({ status });
  expect(answer.headers).not.toHaveProperty('content-encoding');
  expect(readAnswerSignature(answer, ownPublicKey())).toMatchObject({ keyId: 'a.test', destination: 'd.test', nonce, holds: true });
}

const newNonce = (): string => randomBytes(16).toString('base64url');

/** A conversation id with every character that one may have [ID-3]. */
const oddConversation = (): string => `${newConversationId('d.test').replace(':', '._~-AZaz09:d.test:')}`;

/** Every kind of request that a peer may make, with the status that it gets. */
const VALID: readonly (readonly [kind: string, status: number, make: () => Change])[] = [
  ['a message', 202, () => ({})],
  ['a founding request', 201, () => ({ target: CONVERSATIONS, body: foundingBody({ conversationId: newConversationId('d.test'), initiatorId: BOB, locals: [ALICE] }) })],
  ['a public key, with `@` in its path', 200, () => ({ method: 'GET', target: PUBLIC_KEY, body: '' })],
  ['a body of 262 144 bytes', 202, () => ({ body: padded(message(), MAX_BODY_BYTES) })],
  ['a media type in mixed case', 202, () => ({ mediaType: 'Application/JSON; charset=UTF-8' })],
  ['events', 202, () => ({ target: '/federation/v1/events', body: { events: [{ type: 'typing', conversationId, userId: BOB, timestamp: new Date().toISOString() }] } })],
  ['a hello', 202, () => ({ target: '/federation/v1/hello', body: {} })],
  ['a batch of 1 048 576 bytes', 200, () => ({ target: BATCH, body: padded({ items: [{ id: '1', method: 'POST', path: MESSAGES, body: message() }] }, MAX_BATCH_BODY_BYTES) })],
];

/** Spellings of `/federation/v1/messages` and its like that no proxy may turn into the path itself. */
const NOT_CANONICAL = [
  '/federation/v1/users/alice%40a.test/public_key',
  '/federation/v1/users/alice@a.test%2Fpublic_key',
  '/federation%2Fv1/messages',
  '/federation%2fv1%2fmessages',
  '/%66ederation/v1/messages',
  '/federation/v1/%2e%2e/v1/messages',
  '/federation/v1/messages%3Fx',
  '//federation/v1/messages',
  '/federation//v1/messages',
  '/federation/v1//messages',
  '/./federation/v1/messages',
  '/federation/v1/./messages',
  '/x/../federation/v1/messages',
  '/_next/../federation/v1/messages',
  '/federation/v1/users/../messages',
  '/federation/v1/messages/',
  '/federation/v1/messages?',
  '/federation/v1/messages?x=1',
  '/federation/v1/messages;v=1',
  '/federation/v1/messages#top',
  '/federation/v1\\messages',
];

describe.each(PROXIES)('[SIG-3] behind %s', (name) => {
  const send = (request: RawRequest): Promise<RawAnswer> => exchange(placeOf(name), request);

  test.each(VALID)('[SIG-2] %s verifies, and its answer comes back byte for byte and unencoded', async (_, status, make) => {
    const nonce = newNonce();
    expectAnswer(await send(withHeaders(signed({ nonce, ...make() }), ACCEPTS_ENCODINGS)), status, nonce);
  });

  test('[API-4] a rotation whose path holds `:`, `~` and every other character of an id verifies', async () => {
    const id = oddConversation();
    const body = foundingBody({ conversationId: id, initiatorId: BOB, locals: [ALICE] });
    expect(await send(signed({ target: CONVERSATIONS, body }))).toMatchObject({ status: 201 });
    const nonce = newNonce();
    const rotation = { ...body, action: 'rotate_key', timestamp: new Date().toISOString() };
    expectAnswer(await send(signed({ method: 'PUT', target: `${CONVERSATIONS}/${id}/session_key`, body: rotation, nonce })), 200, nonce);
  });

  test('[SIG-9] a refusal comes back as it was signed', async () => {
    const nonce = newNonce();
    const answer = await send(withHeaders(signed({ nonce, body: { ...message(), senderId: 'eve@d.test' } }), ACCEPTS_ENCODINGS));
    expectProblem(answer, 'not_a_member');
    expectAnswer(answer, 403, nonce);
  });

  test('[SIG-11] a chunked body verifies like one of stated length', async () => {
    const connection = keepConnection(placeOf(name));
    const nonce = newNonce();
    const body = padded(message(), MAX_BODY_BYTES);
    expectAnswer(await connection.sendChunked(signed({ nonce, body }), 10_000), 202, nonce);
    connection.close();
  });

  test('[DISC-4] requests of a kept connection verify one after the other, those after a refusal too', async () => {
    const connection = keepConnection(placeOf(name));
    const statuses: number[] = [];
    for (const change of [{}, { body: '{' }, { method: 'GET', target: PUBLIC_KEY, body: '' }, {}]) {
      const nonce = newNonce();
      const answer = await connection.send(signed({ nonce, ...change }));
      expectAnswer(answer, answer.status, nonce);
      expect(answer.reused).toBe(statuses.length > 0);
      statuses.push(answer.status);
    }
    connection.close();
    expect(statuses).toEqual([202, 400, 200, 202]);
  });

  test.each(NOT_CANONICAL)('[SIG-3] the target %s is refused, however well it is signed', async (target) => {
    const before = await database.counts();
    for (const method of ['POST', 'GET']) {
      const answer = await send(withHeaders(signed({ method, target }), ACCEPTS_ENCODINGS));
      expectProblem(answer, 'bad_request_target');
    }
    expect(await database.counts()).toEqual(before);
  });

  test.each(['/../federation/v1/messages', '/federation/v1/messages%00'])('[SIG-3] the target %s is refused, by the proxy or behind it', async (target) => {
    const before = await database.counts();
    expect(await send(signed({ target }))).toMatchObject({ status: 400 });
    expect(await database.counts()).toEqual(before);
  });

  test.each(['/FEDERATION/v1/messages', '/Federation/V1/messages', '/federation/v1/Messages'])('[SIG-3] %s is another path, and nobody answers there', async (target) => {
    expectProblem(await send(withHeaders(signed({ target }), ACCEPTS_ENCODINGS)), 'not_found');
  });

  test.each(['https', 'http'])('[SIG-3] the absolute form of %s, which a proxy has to shorten, no longer matches what was signed', async (scheme) => {
    const before = await database.counts();
    expectProblem(await send(signed({ target: `${scheme}://a.test${MESSAGES}` })), 'signature_invalid');
    expect(await database.counts()).toEqual(before);
  });

  test('[KEY-2] the key document passes unencoded, byte for byte, with how long it may be kept', async () => {
    const answer = await send({ method: 'GET', target: KEY_DOCUMENT, headers: [ACCEPTS_ENCODINGS] });
    const { 'content-type': mediaType, 'cache-control': lifetime } = keyDocument.headers;
    expect(answer).toMatchObject({ status: 200, body: keyDocument.body, headers: { 'content-type': mediaType, 'cache-control': lifetime } });
    expect(lifetime).toMatch(/\bmax-age=[1-9]\d*$/);
    expect(answer.headers).not.toHaveProperty('content-encoding');
  });

  test('[API-10] the source is what the proxy sees, not what a client writes of itself', async () => {
    const [first = '', ...others] = PROXIES.indexOf(name) === 0 ? ['127.0.0.5', '127.0.0.6'] : ['127.0.0.7', '127.0.0.8'];
    const domains = silentDomains(name);
    const codes: unknown[] = [];
    for (const [index, keyId] of domains.entries()) {
      // The last one comes from another address, which has fetches of its own left.
      const from = index === domains.length - 1 ? (others[0] ?? '') : first;
      const connection = keepConnection(placeOf(name), from);
      const spoofed = withHeaders(signed({ keyId }), ['X-Forwarded-For', `198.51.100.${index}`], ['X-Real-IP', `198.51.100.${index}`], ['Forwarded', `for=198.51.100.${index}`]);
      codes.push(JSON.parse((await connection.send(spoofed)).body).code);
      connection.close();
    }
    expect(codes).toEqual([...Array.from({ length: KEY_FETCHES }, () => 'key_unavailable'), 'rate_limited', 'key_unavailable']);
  });

  test('a socket of a browser passes in both directions', async () => {
    // `40` asks to be let in; the word of the instance comes back, and it has to do with who is signed in.
    const answer = await exchangeOverWebSocket(placeOf(name), { target: '/socket.io/?EIO=4&transport=websocket', text: '40', until: /^4[04]/ });
    expect(answer).toBe('44{"message":"unauthorized"}');
  });

  test.each(['/metrics', '/readyz'])('what is for the operator alone is not to be had: %s', async (target) => {
    expect(await send({ method: 'GET', target })).toMatchObject({ status: 404 });
  });
});

describe.each(PROXIES)('[SIG-10] requests are received by every rule behind %s', (name) => {
  const mount = () => ({ send: (request: RawRequest) => exchange(placeOf(name), request), database, foreign, conversationId, publicKeyBase64: ownPublicKey() });
  describeInbound(mount, { seesRequestLine: false });
  describeInboundFull(mount);
});
