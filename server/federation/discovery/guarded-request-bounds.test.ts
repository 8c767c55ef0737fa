import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { DnsAnswer, DnsClient } from './dns-client.ts';
import { createEgressGuard } from './egress-guard.ts';
import { createGuardedRequest } from './guarded-request.ts';
import type { GuardedAnswer, GuardedRequestInput } from './guarded-request.ts';
import { createTestAuthority } from './testing/certificates.ts';
import type { TestAuthority, TestCertificate } from './testing/certificates.ts';
import { startTlsPeer } from './testing/tls-peer.ts';

let authority: TestAuthority;
let good: TestCertificate;

beforeAll(async () => {
  authority = await createTestAuthority();
  good = await authority.issue('b.test');
});

afterEach(() => {
  vi.useRealTimers();
});

const answerOk: RequestListener = (_, response) => response.end('{}');

/** Gives one address after the other, the last one for ever, and counts the lookups. */
function dnsOf(...addresses: readonly string[]): DnsClient & { readonly lookups: () => number } {
  let asked = 0;
  return {
    lookups: () => asked,
    query: async (_, type): Promise<DnsAnswer<never>> => {
      const address = addresses[Math.min(asked >> 1, addresses.length - 1)] ?? '';
      asked += 1;
      const isHere = (type === 'AAAA') === address.includes(':');
      // The records of an address are texts, which the type of the stub cannot say.
      return isHere ? { kind: 'records', records: [address] as never, ttlSeconds: 0, authenticated: false } : { kind: 'nodata', ttlSeconds: null };
    },
  };
}

function arrange(dns: DnsClient = dnsOf('127.0.0.1')) {
  return createGuardedRequest({ dns, egressGuard: createEgressGuard({ testRanges: ['127.0.0.0/8', '::1/128'] }), caPem: authority.pem, testConnect: new Map() });
}

function toB(port: number, fields: Partial<GuardedRequestInput> = {}): GuardedRequestInput {
  return { poolKey: 'b.test', host: 'b.test', port, serverName: 'b.test', method: 'GET', target: '/federation/v1/x', headers: {}, maxAnswerBytes: 1_000, ...fields };
}

function reasonOf(answer: GuardedAnswer): string {
  return answer.kind === 'answer' ? `answer ${answer.status}` : `${answer.kind} ${answer.reason}`;
}

describe('createGuardedRequest, its bounds', () => {
  it('[DISC-4] HTTP/1.1 is the only protocol that is offered', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (request, response) => response.end(request.httpVersion), protocols: ['h2', 'http/1.1'] });
    const answer = await arrange()(toB(peer.port));
    expect(answer.kind === 'answer' && Buffer.from(answer.body).toString()).toBe('1.1');
    expect(peer.handshakes).toEqual([{ protocol: 'http/1.1', resumed: false }]);
  });

  it('[DISC-4] a server that speaks HTTP/2 alone gets no byte of a request', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk, protocols: ['h2'] });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe('not_sent tls_failed');
    expect(peer.receivedBytes).toBe(0);
  });

  it('[DISC-7] a server that speaks plain HTTP gets no byte of a request', async () => {
    let received = Buffer.alloc(0);
    const plain = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
      });
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const address = plain.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(reasonOf(await arrange()(toB(port, { headers: { 'x-federation-signature': 'secret' } })))).toBe('not_sent tls_failed');
    // What came is the beginning of a handshake (RFC 8446 section 5.1), nothing of HTTP.
    expect(received[0]).toBe(0x16);
    expect(received.toString('latin1')).not.toMatch(/HTTP|federation|secret/);
    plain.close();
  });

  it('[DISC-4] a server without ALPN is taken at HTTP/1.1, and other bytes from it are no answer', async () => {
    const plain = createTlsServer({ ...good }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')));
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const address = plain.address();
    const answer = await arrange()(toB(typeof address === 'object' && address !== null ? address.port : 0));
    expect(reasonOf(answer)).toBe('broken malformed');
    plain.close();
  });

  it('[DISC-4] a peer is reached by IPv6', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: answerOk, address: '::1' });
    expect(reasonOf(await arrange(dnsOf('::1'))(toB(peer.port)))).toBe('answer 200');
    expect(reasonOf(await arrange(dnsOf('127.0.0.9'))(toB(peer.port, { host: '::1' })))).toBe('answer 200');
    expect(peer.serverNames).toEqual(['b.test', 'b.test']);
    expect(peer.requests[0]?.host).toBe(`b.test:${peer.port}`);
  });

  it('[DISC-5] a cookie is neither kept nor sent, and no encoding is asked for', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (_, response) => response.setHeader('set-cookie', 'seen=1; Path=/').end('{}') });
    const request = arrange();
    await request(toB(peer.port));
    await request(toB(peer.port));
    expect(peer.headers.map(({ cookie, 'accept-encoding': encoding }) => ({ cookie, encoding }))).toEqual([
      { cookie: undefined, encoding: 'identity' },
      { cookie: undefined, encoding: 'identity' },
    ]);
  });

  it.each(['gzip, chunked', 'chunked', 'Chunked'])('[DISC-5] of transfer codings only chunked is taken (%s)', async (coding) => {
    await using peer = await startTlsPeer({
      certificate: good,
      answer: (request) => request.socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
    });
    expect(reasonOf(await arrange()(toB(peer.port)))).toBe(coding.includes('gzip') ? 'broken encoded' : 'answer 200');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('[DISC-5] no %s session is taken up again, neither by another domain nor by the same', async (maxVersion) => {
    await using peer = await startTlsPeer({ certificate: good, maxVersion, answer: (_, response) => response.setHeader('connection', 'close').end('{}') });
    const request = arrange();
    for (const poolKey of ['b.test', 'b.test', 'c.test']) await request(toB(peer.port, { poolKey }));
    expect(peer.handshakes.map(({ resumed }) => resumed)).toEqual([false, false, false]);
  });

  it('[SIG-1] a header on two lines cannot be taken for one', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (_, response) => response.setHeader('x-one', 'a="1"').setHeader('x-two', ['a="1"', 'b="2"']).end('{}') });
    expect(await arrange()(toB(peer.port))).toMatchObject({ headers: { 'x-one': 'a="1"', 'x-two': 'a="1",\nb="2"' } });
  });

  it('[DISC-3] addresses are looked up for each connection', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (_, response) => response.setHeader('connection', 'close').end('{}') });
    const dns = dnsOf('127.0.0.1');
    const request = arrange(dns);
    await request(toB(peer.port));
    expect(dns.lookups()).toBe(2);
    await request(toB(peer.port));
    expect(dns.lookups()).toBe(4);
  });

  it('[DISC-6] a name that is rebound to a private address between two connections is refused', async () => {
    await using peer = await startTlsPeer({ certificate: good, answer: (_, response) => response.setHeader('connection', 'close').end('{}') });
    const request = arrange(dnsOf('127.0.0.1', '10.0.0.1'));
    expect(reasonOf(await request(toB(peer.port)))).toBe('answer 200');
    expect(reasonOf(await request(toB(peer.port)))).toBe('not_sent address_refused');
    expect(peer.connections).toBe(1);
  });

  it('[DISC-5] a connection has 10 s', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const outcomes: GuardedAnswer[] = [];
    const asked = arrange()(toB(port)).then((answer) => outcomes.push(answer));
    await once(silent, 'connection');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    await asked;
    expect(outcomes.map(reasonOf)).toEqual(['not_sent timeout']);
    silent.close();
  });

  it('[DISC-5] a whole exchange has 30 s', async () => {
    const reached = Promise.withResolvers<void>();
    await using peer = await startTlsPeer({ certificate: good, answer: () => reached.resolve() });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const outcomes: GuardedAnswer[] = [];
    const asked = arrange()(toB(peer.port)).then((answer) => outcomes.push(answer));
    await reached.promise;
    await vi.advanceTimersByTimeAsync(29_999);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect(outcomes.map(reasonOf)).toEqual(['broken timeout']);
  });
});
