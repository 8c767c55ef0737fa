import type { RequestListener } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';

import type { DnsAnswer, DnsClient } from './dns-client.ts';
import { createEgressGuard } from './egress-guard.ts';
import { createGuardedRequest } from './guarded-request.ts';
import type { GuardedAnswer, GuardedRequestInput } from './guarded-request.ts';
import type { PeerConnectorOptions } from './peer-connector.ts';
import { createSelfSigned, createTestAuthority } from './testing/certificates.ts';
import type { TestAuthority, TestCertificate } from './testing/certificates.ts';
import { startTlsPeer } from './testing/tls-peer.ts';

let authority: TestAuthority;
let good: TestCertificate;

beforeAll(async () => {
  authority = await createTestAuthority();
  good = await authority.issue('b.test');
});

const answerOk: RequestListener = (_, response) => response.setHeader('content-type', 'application/json').end('{"ok":true}');

function dnsOf(a: readonly string[], aaaa: readonly string[] = []): DnsClient {
  return {
    query: async (_, type): Promise<DnsAnswer<never>> => {
      const found = type === 'A' ? a : aaaa;
      // The records of an address are texts, which the type of the stub cannot say.
      return found.length === 0 ? { kind: 'nodata', ttlSeconds: null } : { kind: 'records', records: found as never, ttlSeconds: 0, authenticated: false };
    },
  };
}

function arrange(options: Partial<PeerConnectorOptions> = {}) {
  return createGuardedRequest({
    dns: dnsOf(['127.0.0.1']),
    egressGuard: createEgressGuard({ testRanges: ['127.0.0.0/8'] }),
    caPem: authority.pem,
    testConnect: new Map(),
    ...options,
  });
}

function toB(port: number, fields: Partial<GuardedRequestInput> = {}): GuardedRequestInput {
  return {
    poolKey: 'b.test', host: 'b.test', port, serverName: 'b.test', method: 'GET', target: '/federation/v1/users/bob@b.test/public_key',
    headers: {}, maxAnswerBytes: 1_000, connectTimeoutMs: 5_000, totalTimeoutMs: 5_000, ...fields,
  };
}

function reasonOf(answer: GuardedAnswer): string {
  return answer.kind === 'answer' ? `answer ${answer.status}` : `${answer.kind} ${answer.reason}`;
}

describe('createGuardedRequest', () => {
  it('[DISC-4] sends the target byte for byte under the name of the certificate', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    const answer = await arrange()(toB(peer.port, { method: 'POST', body: Buffer.from('{"a":1}'), headers: { 'content-type': 'application/json' } }));
    expect(answer).toMatchObject({ kind: 'answer', status: 200, headers: { 'content-type': 'application/json' } });
    expect(answer.kind === 'answer' && Buffer.from(answer.body).toString()).toBe('{"ok":true}');
    expect(peer.requests).toEqual([
      { method: 'POST', target: '/federation/v1/users/bob@b.test/public_key', host: `b.test:${peer.port}`, body: '{"a":1}' },
    ]);
    expect(peer.serverNames).toEqual(['b.test']);
  });

  it('[DISC-4] TLS 1.2 is spoken', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk, maxVersion: 'TLSv1.2' });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('answer 200');
  });

  it('[DISC-4] TLS 1.1 is refused', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk, maxVersion: 'TLSv1.1' });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('not_sent tls_failed');
  });

  it.each([
    { name: 'for another name', issue: () => authority.issue('c.test') },
    { name: 'that is over', issue: () => authority.issue('b.test', -60_000) },
    { name: 'that vouches for itself', issue: () => createSelfSigned('b.test') },
    { name: 'of an unknown authority', issue: async () => (await createTestAuthority()).issue('b.test') },
  ])('[DISC-4] no byte of a request reaches a server with a certificate $name', async ({ issue }) => {
    await using peer = await startTlsPeer({ certificate: await issue(), answer: answerOk });
    const answer = await arrange()(toB(peer.port, { method: 'POST', body: Buffer.from('secret') }));
    expect(reasonOf(answer)).toBe('not_sent tls_failed');
    expect(peer.connections).toBe(1);
    expect(peer.receivedBytes).toBe(0);
  });

  it('[DISC-4] the name checked is serverName, not the host dialled', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    const request = arrange();
    expect(reasonOf(await request(toB(peer.port, { host: 's2s.b.test' })))).toBe('answer 200');
    expect(reasonOf(await request(toB(peer.port, { serverName: 's2s.b.test' })))).toBe('not_sent tls_failed');
  });

  it('[DISC-6] a refused address is not connected to', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    const strict = arrange({ egressGuard: createEgressGuard({ testRanges: [] }) });
    expect(await strict(toB(peer.port))).toEqual({ kind: 'not_sent', reason: 'address_refused', detail: 'loopback' });
    expect(await strict(toB(peer.port, { host: '127.0.0.1' }))).toEqual({ kind: 'not_sent', reason: 'address_refused', detail: 'loopback' });
    const mapped = arrange({ dns: dnsOf([], ['::ffff:127.0.0.1']) });
    expect(await mapped(toB(peer.port))).toEqual({ kind: 'not_sent', reason: 'address_refused', detail: 'IPv4-mapped' });
    expect(peer.connections).toBe(0);
  });

  it('[DISC-6] refused addresses are left out, others are dialled', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    expect(reasonOf(await arrange({ dns: dnsOf(['10.0.0.1', '127.0.0.1']) })(toB(peer.port)))).toBe('answer 200');
  });

  it('the next address is tried when nobody listens on the first', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    expect(reasonOf(await arrange({ dns: dnsOf(['127.0.0.9', '127.0.0.1']) })(toB(peer.port)))).toBe('answer 200');
  });

  it('SECURECHAT_TEST_CONNECT replaces the place, not the names', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    const testConnect = new Map([['b.test:443', { address: '127.0.0.1', port: peer.port }]]);
    const answer = await arrange({ testConnect, dns: dnsOf([]) })(toB(443));
    expect(reasonOf(answer)).toBe('answer 200');
    expect(peer.requests[0]?.host).toBe('b.test');
    const guarded = await arrange({ testConnect, egressGuard: createEgressGuard({ testRanges: [] }) })(toB(443));
    expect(reasonOf(guarded)).toBe('not_sent address_refused');
    const other = await arrange({ testConnect })(toB(443, { serverName: 'c.test' }));
    expect(reasonOf(other)).toBe('not_sent tls_failed');
  });

  it('SECURECHAT_TEST_CONNECT takes every name below a wildcard, and not its parent', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    const testConnect = new Map([['*.test:443', { address: '127.0.0.1', port: peer.port }]]);
    expect(reasonOf(await arrange({ testConnect, dns: dnsOf([]) })(toB(443)))).toBe('answer 200');
    expect(reasonOf(await arrange({ testConnect, dns: dnsOf([]) })(toB(443, { host: 'test' })))).toBe('not_sent dns_failure');
  });

  it('a name without address is a DNS failure', async () => {
    expect(await arrange({ dns: dnsOf([]) })(toB(443))).toEqual({ kind: 'not_sent', reason: 'dns_failure', detail: 'nodata' });
  });

  it('a closed port is a connection failure', async () => {
    const peer = await startTlsPeer({ certificate: good, answer: answerOk });
    await peer[Symbol.asyncDispose]();
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('not_sent connect_failed');
  });

  it.each([301, 302, 304, 307, 308])('[DISC-5] status %i is not followed', async (status) => {
    await using peer = await startTlsPeer({ certificate: good, answer: (_, response) => response.writeHead(status, { location: '/elsewhere' }).end() });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('broken redirect');
    expect(peer.requests.length).toBe(1);
  });

  it('[DISC-5] an encoded answer is refused', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (_, response) => response.setHeader('content-encoding', 'gzip').end('x') });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('broken encoded');
  });

  it.each([
    { name: 'announced', answer: (length: number): RequestListener => (_, response) => response.setHeader('content-length', length).end('a'.repeat(length)) },
    { name: 'streamed', answer: (length: number): RequestListener => (_, response) => { response.write('a'); response.end('a'.repeat(length - 1)); } },
  ])('[DISC-5] an $name answer over the limit is refused, one at the limit taken', async ({ answer }) => {
    await using fits = await startTlsPeer({ certificate: good, answer: answer(1_000) });
    expect(reasonOf(await arrange()(toB(fits.port)))).toBe('answer 200');
    await using tooLarge = await startTlsPeer({ certificate: good, answer: answer(1_001) });
    expect(reasonOf(await arrange()(toB(tooLarge.port)))).toBe('broken too_large');
  });

  it('[DISC-5] an answer that drips is given up at the total time', async () => {
    let drip: NodeJS.Timeout | undefined;
    await using peer = await startTlsPeer({ certificate: good, answer: (_, response) => { drip = setInterval(() => response.write('a'), 20); } });
    const answer = await arrange()(toB(peer.port, { totalTimeoutMs: 300 }));
    clearInterval(drip);
    expect(reasonOf(answer)).toBe('broken timeout');
  });

  it('[DISC-5] a server that takes the connection and says nothing is given up at the time to connect', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer((socket) => void socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(reasonOf(await arrange()(toB(port, { connectTimeoutMs: 200 })))).toBe('not_sent timeout');
    silent.close();
  });

  it('a connection cut in the middle of an answer is a reset', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (request, response) => { response.setHeader('content-length', 10).write('a', () => request.socket.destroy()); } });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('broken reset');
  });

  it('[DISC-5] connections are kept for one peer and never shared with another', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk });
    const request = arrange();
    await request(toB(peer.port));
    await request(toB(peer.port));
    expect(peer.connections).toBe(1);
    await request(toB(peer.port, { poolKey: 'c.test' }));
    expect(peer.connections).toBe(2);
  });

  it('a kept connection that the peer cuts before any answer is told apart', async () => {
    let asked = 0;
    await using peer = await startTlsPeer({
      certificate: good,
      answer: (request, response) => (++asked === 2 ? request.socket.destroy() : answerOk(request, response)),
    });
    const request = arrange();
    await request(toB(peer.port));
    expect(reasonOf(await request(toB(peer.port)))).toBe('broken stale_connection');
    expect(reasonOf(await request(toB(peer.port)))).toBe('answer 200');
  });

  it('a fresh connection that the peer cuts before any answer is a reset', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (request) => request.socket.destroy() });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('broken reset');
  });

  it('plain HTTP behind the port is a TLS failure', async () => {
    const { createServer } = await import('node:http');
    const plain = createServer(answerOk);
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const address = plain.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(reasonOf(await arrange()(toB(port)))).toBe('not_sent tls_failed');
    plain.closeAllConnections();
    plain.close();
  });
});
