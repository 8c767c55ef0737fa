import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNodeChatClient } from '../../client/headless/node-chat-client.ts';
import type { ChatClient, DeliveryView } from '../../client/model.ts';
import { startFakeDns } from '../../conformance/fake-dns/fake-dns-server.ts';
import type { FakeDnsServer } from '../../conformance/fake-dns/fake-dns-server.ts';
import { discoveryRecords } from '../../conformance/launcher/playground-zone.ts';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import type { CertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { createIdentity, publicIdentityOf } from '../../e2ee/identity.ts';
import { webRandomBytes } from '../../e2ee/random.ts';
import { parseUserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { createSelfSigned } from '../../server/federation/discovery/testing/certificates.ts';
import { PASSWORD } from '../support/driver-client.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/expect-problem.ts';
import { CONVERSATIONS, MESSAGES } from '../support/foreign-bodies.ts';
import { json, problem, startForeignServer } from '../support/foreign-server.ts';
import type { ForeignServer, ReceivedRequest } from '../support/foreign-server.ts';
import { signRequest } from '../support/inbound-suite.ts';
import { exchange } from '../support/raw-exchange.ts';
import type { TlsCertificate } from '../support/test-authority.ts';
import { startTestServer } from '../support/test-server.ts';
import type { TestServer } from '../support/test-server.ts';

const START_TIMEOUT_MS = 240_000;
/** The second attempt comes 2.5 to 7.5 s after the first, the third 5 to 15 s later [DEL-2]. */
const RETRY_TIMEOUT_MS = 40_000;
const TEST_TIMEOUT_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Makes what a server of this domain must not get away with. */
type MakeCertificate = (domain: string) => Promise<TlsCertificate>;

let authority: CertificateAuthority;

async function issue(names: readonly [string, ...string[]], notAfter?: Date): Promise<TlsCertificate> {
  const { certificateChainPem: cert, privateKeyPem: key } = await authority.issue({ names, ...(notAfter === undefined ? {} : { notAfter }) });
  return { cert, key };
}

/** TLS 1.1 needs more than its version allowed: all its ciphers and hashes are below today's lowest level. */
const OLD_TLS = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
const NEW_TLS = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: undefined };

const FAULTS: readonly (readonly [fault: string, domain: string, make: MakeCertificate])[] = [
  ['an expired certificate', 'expired.test', (domain) => issue([domain], new Date(Date.now() - HOUR_MS))],
  ['a self-signed certificate', 'self-signed.test', createSelfSigned],
  ['a certificate of an authority that nobody trusts', 'untrusted.test', async (domain) => {
    const { certificateChainPem: cert, privateKeyPem: key } = await (await createCertificateAuthority()).issue({ names: [domain] });
    return { cert, key };
  }],
  ['a certificate for another name', 'other-name.test', () => issue(['elsewhere.test', 'www.other-name.test'])],
  ['a certificate for the SRV target alone, without `endpoints`', 'target-only.test', (domain) => issue([`s2s.${domain}`])],
  ['a certificate for its address', 'by-address.test', () => issue(['127.0.0.1'])],
  ['nothing newer than TLS 1.1', 'old-tls.test', async (domain) => ({ ...(await issue([domain])), ...OLD_TLS })],
];
/** Lists the target of its SRV record as an endpoint, so that the name of the target is checked. */
const LISTED = 'listed.test';
/** Is met for the first time with a certificate that is over. */
const STRANGER = 'stranger.test';

let folder: string;
let dns: FakeDnsServer;
let server: TestServer;
let client: ChatClient;
const peers = new Map<string, ForeignServer>();
const conversations = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-peer-tls-'));
  authority = await createCertificateAuthority();
  await writeFile(join(folder, 'ca.pem'), authority.certificatePem);
  for (const [, domain] of FAULTS) peers.set(domain, await startForeignServer(domain));
  peers.set(LISTED, await startForeignServer(LISTED, (port) => ({ endpoints: [`s2s.${LISTED}:${port}`] })));
  peers.set(STRANGER, await startForeignServer(STRANGER));
  dns = await startFakeDns({ records: [...peers.values()].flatMap(discoveryRecords) });
  server = await startTestServer('a.test', {
    SECURECHAT_CA_FILE: join(folder, 'ca.pem'),
    SECURECHAT_TEST_RANGES: '127.0.0.0/8',
    SECURECHAT_DNS_SERVERS: `${dns.host}:${dns.port}`,
    SECURECHAT_TEST_CONNECT: [...peers.values()].map(({ domain, host, port }) => `${domain}:443=${host}:${port}`).join(','),
  });
  client = createNodeChatClient(server.url);
  await client.account.register({ username: 'alice', password: PASSWORD });
  peerOf(LISTED).useCertificate(await issue([`s2s.${LISTED}`]), `s2s.${LISTED}`);
  for (const domain of [...FAULTS.map(([, one]) => one), LISTED]) await meet(domain);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await client?.account.signOut();
  await server?.stop();
  for (const peer of peers.values()) await peer.stop();
  await dns?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function peerOf(domain: string): ForeignServer {
  const peer = peers.get(domain);
  if (peer === undefined) throw new Error(`${domain} does not run`);
  return peer;
}

/** Opens a conversation with bob of a domain, whose server shows a right certificate and answers as it should. */
async function meet(domain: string): Promise<void> {
  const peer = peerOf(domain);
  peer.useCertificate(await issue([domain]));
  const userId = parseUserId(`bob@${domain}`);
  const identity = createIdentity({ userId, keyVersion: 1, createdAt: formatTimestamp(new Date()), random: webRandomBytes });
  peer.answer(({ target, body }) => {
    if (target === `/federation/v1/users/${userId}/public_key`) return json(200, publicIdentityOf(identity));
    const { messageId, conversationId }: { messageId?: string; conversationId?: string } = body === '' ? {} : JSON.parse(body);
    if (target === MESSAGES) return json(202, { status: 'accepted', messageId });
    return target === CONVERSATIONS ? json(201, { status: 'created', conversationId }) : problem(404, 'not_found');
  });
  const { conversationId } = await client.conversations.open([userId]);
  conversations.set(domain, conversationId);
  await expectDelivery(domain, await send(domain, 'hello'), { state: 'stored', errorCode: null });
}

const conversationWith = (domain: string): string => conversations.get(domain) ?? '';

async function send(domain: string, text: string): Promise<string> {
  return (await client.messages.send(conversationWith(domain), text, () => undefined)).messageId;
}

/** Waits until the author's own server tells her this of the way of a message: in time for a retry, if there has to be one. */
function expectDelivery(domain: string, messageId: string, expected: Partial<DeliveryView>): Promise<void> {
  return eventually(async () => {
    const { messages } = await client.messages.list(conversationWith(domain), { after: 0, limit: 100 });
    const deliveries = messages.find((message) => message.messageId === messageId)?.deliveries;
    expect(deliveries).toEqual([expect.objectContaining({ domain, ...expected })]);
  }, RETRY_TIMEOUT_MS);
}

/** The attempts at a message that came as far as the peer. */
const arrivedOf = (domain: string, messageId: string): readonly ReceivedRequest[] => peerOf(domain).received.filter(({ body }) => body.includes(messageId));

describe('[DISC-4] what a peer may not show', () => {
  const waiting = new Map<string, string>();

  test.each(FAULTS)('[DISC-4] %s gets no byte; the message is kept and its author told why (%s)', async (_, domain, make) => {
    const peer = peerOf(domain);
    peer.useCertificate(await make(domain));
    const bytes = peer.receivedBytes();
    const messageId = await send(domain, 'not for everybody');
    await expectDelivery(domain, messageId, { state: 'waiting', errorCode: 'tls_failed', nextAttemptAt: expect.any(Date) });
    expect(arrivedOf(domain, messageId)).toEqual([]);
    expect(peer.receivedBytes()).toBe(bytes);
    waiting.set(domain, messageId);
    if (domain === 'old-tls.test') expect(await negotiated(peer)).toBe('TLSv1.1');
    peer.useCertificate({ ...(await issue([domain])), ...NEW_TLS });
  });

  test.each(FAULTS)('[DEL-3] after %s a right one lets the message through, once (%s)', async (_, domain) => {
    const messageId = waiting.get(domain) ?? '';
    await expectDelivery(domain, messageId, { state: 'stored', errorCode: null, nextAttemptAt: null });
    expect(arrivedOf(domain, messageId).map(({ target }) => target)).toEqual([MESSAGES]);
  }, TEST_TIMEOUT_MS);
});

describe('[DISC-4] a target that the key document lists', () => {
  test('[DISC-4] is called by its own name, which its certificate has to show', async () => {
    const messageId = await send(LISTED, 'for the target');
    await expectDelivery(LISTED, messageId, { state: 'stored' });
    expect(arrivedOf(LISTED, messageId)[0]?.headers.host).toBe(`s2s.${LISTED}:${peerOf(LISTED).port}`);
  });

  test('[DISC-4] gets no byte with a certificate for the domain instead', async () => {
    const peer = peerOf(LISTED);
    peer.useCertificate(await issue([LISTED]), `s2s.${LISTED}`);
    // Kept connections were shown the certificate that held.
    peer.useCertificate(await issue([LISTED]));
    const bytes = peer.receivedBytes();
    const messageId = await send(LISTED, 'not for the domain');
    await expectDelivery(LISTED, messageId, { state: 'waiting', errorCode: 'tls_failed' });
    expect(peer.receivedBytes()).toBe(bytes);
    peer.useCertificate(await issue([`s2s.${LISTED}`]), `s2s.${LISTED}`);
    await expectDelivery(LISTED, messageId, { state: 'stored' });
  }, TEST_TIMEOUT_MS);
});

test('[KEY-3] a stranger with an expired certificate is not asked for his key, and his request waits for one', async () => {
  const peer = peerOf(STRANGER);
  peer.useCertificate(await issue([STRANGER], new Date(Date.now() - HOUR_MS)));
  const request = signRequest(peer, { keyId: STRANGER, body: {} });
  const { retryAfterSeconds } = expectProblem(await exchange({ host: server.host, port: server.port }, request), 'key_unavailable');
  expect(retryAfterSeconds).toBe(60);
  expect(await client.contacts.lookup(`bob@${STRANGER}`)).toEqual({ kind: 'server_silent', domain: STRANGER });
  expect(peer.receivedBytes()).toBe(0);
});

/** The version that a client gets who takes any: the peer was there, and not spoken to for its age. */
function negotiated({ host, port, domain }: ForeignServer): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: domain, ca: authority.certificatePem, minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
