import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNodeChatClient } from '../../client/headless/node-chat-client.ts';
import type { ChatClient } from '../../client/model.ts';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { createIdentity, publicIdentityOf } from '../../e2ee/identity.ts';
import { webRandomBytes } from '../../e2ee/random.ts';
import { parseUserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { PASSWORD } from '../support/driver-client.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/expect-problem.ts';
import { CONVERSATIONS, MESSAGES } from '../support/foreign-bodies.ts';
import { json, problem, startForeignServer } from '../support/foreign-server.ts';
import type { ForeignServer, ReceivedRequest } from '../support/foreign-server.ts';
import { createForeignKeys } from '../support/foreign-signer.ts';
import { signRequest } from '../support/inbound-suite.ts';
import { startNamed } from '../support/named-server.ts';
import type { NamedServer } from '../support/named-server.ts';
import { exchange } from '../support/raw-exchange.ts';
import { startTestServer } from '../support/test-server.ts';
import type { TestServer } from '../support/test-server.ts';

const START_TIMEOUT_MS = 240_000;
const BOB = parseUserId('bob@d.test');
const SRV = '_securechat-s2s._tcp';
const HELLO = '/federation/v1/hello';

const identity = createIdentity({ userId: BOB, keyVersion: 1, createdAt: formatTimestamp(new Date()), random: webRandomBytes });
/** The key of a domain that has no server, only records in DNS. */
const recordedKeys = createForeignKeys('recorded-1');

let folder: string;
let foreign: ForeignServer;
let authoritative: NamedServer;
let resolver: NamedServer;
let server: TestServer;
let client: ChatClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-named-delivery-'));
  const authority = await createCertificateAuthority();
  await writeFile(join(folder, 'ca.pem'), authority.certificatePem);
  foreign = await startForeignServer('d.test');
  const { certificateChainPem: cert, privateKeyPem: key } = await authority.issue({ names: ['d.test'] });
  foreign.useCertificate({ cert, key });
  foreign.answer(serveBob);
  const closed = await startForeignServer('silent.test');
  await closed.stop();
  authoritative = await startNamed({ zones: { test: zone({ open: foreign.port, closed: closed.port }) } });
  resolver = await startNamed({ forwardTo: authoritative.port });
  server = await startTestServer('a.test', {
    SECURECHAT_CA_FILE: join(folder, 'ca.pem'),
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_DNS_SERVERS: `${resolver.host}:${resolver.port}`,
    SECURECHAT_TEST_CONNECT: `d.test:443=${foreign.host}:${foreign.port},e.test:443=127.0.0.1:${closed.port}`,
    SECURECHAT_TXT_KEYS: 'always',
  });
  client = createNodeChatClient(server.url);
  await client.account.register({ username: 'alice', password: PASSWORD });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await client?.account.signOut();
  await server?.stop();
  await resolver?.stop();
  await authoritative?.stop();
  await foreign?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** d.test has a target where nobody is before the one where it lives; nowhere.test takes no part; e.test is known by its key alone. */
function zone(ports: { readonly open: number; readonly closed: number }): string {
  return `
$ORIGIN test.
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
${SRV}.d        CNAME ${SRV}.hosted
${SRV}.hosted   SRV 10 0 ${ports.closed} first.hosted
${SRV}.hosted   SRV 20 0 ${ports.open} second.hosted
first.hosted    A 127.0.0.1
second.hosted   CNAME machine
machine         A 127.0.0.1
${SRV}.nowhere  SRV 0 0 0 .
_securechat-s2s-key.e TXT "v=sc1; k=ed25519; kid=${recordedKeys.kid};" " p=${recordedKeys.publicKeyBase64}"
`;
}

function serveBob({ target, body }: ReceivedRequest) {
  if (target === `/federation/v1/users/${BOB}/public_key`) return json(200, publicIdentityOf(identity));
  const sent: { messageId?: string; conversationId?: string } = body === '' ? {} : JSON.parse(body);
  if (target === MESSAGES) return json(202, { status: 'accepted', messageId: sent.messageId });
  return target === CONVERSATIONS ? json(201, { status: 'created', conversationId: sent.conversationId }) : problem(404, 'not_found');
}

test('[DISC-1] [DISC-2] a message reaches a peer that named knows, at the second target where nobody is at the first', async () => {
  const { conversationId } = await client.conversations.open([BOB]);
  const { messageId } = await client.messages.send(conversationId, 'found by name', () => undefined);
  await eventually(async () => {
    const { messages } = await client.messages.list(conversationId, { after: 0, limit: 10 });
    expect(messages.find((message) => message.messageId === messageId)?.deliveries).toEqual([expect.objectContaining({ domain: 'd.test', state: 'stored' })]);
  });
  const arrived = foreign.received.filter(({ target, body }) => target === MESSAGES && body.includes(messageId));
  expect(arrived.map(({ headers }) => headers.host)).toEqual([`d.test:${foreign.port}`]);
  const asked = (await resolver.queries()).map(({ type, name }) => `${type} ${name}`);
  expect(asked.filter((question) => question === `SRV ${SRV}.d.test`)).toHaveLength(1);
  expect(asked).toEqual(expect.arrayContaining(['A first.hosted.test', 'A second.hosted.test', 'AAAA second.hosted.test']));
});

test('[DISC-2] a domain whose only target is `.` is told to take no part, and no more is asked of it', async () => {
  expect(await client.contacts.lookup('carol@nowhere.test')).toEqual({ kind: 'no_such_server', domain: 'nowhere.test' });
  const asked = (await resolver.queries()).filter(({ name }) => name.endsWith('nowhere.test')).map(({ type, name }) => `${type} ${name}`);
  expect(asked).toEqual([`SRV ${SRV}.nowhere.test`]);
});

test('[DISC-1] a domain that named does not know is told not to exist', async () => {
  expect(await client.contacts.lookup('carol@absent.test')).toEqual({ kind: 'no_such_server', domain: 'absent.test' });
});

test('[KEY-4] a request is believed by the key that named holds while the key document cannot be reached', async () => {
  const place = { host: server.host, port: server.port };
  const request = (keys: typeof recordedKeys) => signRequest(foreign, { keyId: 'e.test', keys, target: HELLO, body: {} });
  expect(await exchange(place, request(recordedKeys))).toMatchObject({ status: 202 });
  expectProblem(await exchange(place, request(createForeignKeys('unrecorded-1'))), 'key_unavailable');
});
