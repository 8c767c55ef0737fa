import type { RequestListener } from 'node:http';

import pino from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';

import { parseSignatureHeader } from '../../../protocol/signature-header.ts';
import type { DnsAnswer, DnsClient } from '../discovery/dns-client.ts';
import { createEgressGuard } from '../discovery/egress-guard.ts';
import { createGuardedRequest } from '../discovery/guarded-request.ts';
import { createPeerResolver } from '../discovery/resolve-peer.ts';
import { createTestAuthority } from '../discovery/testing/certificates.ts';
import type { TestAuthority, TestCertificate } from '../discovery/testing/certificates.ts';
import { startTlsPeer } from '../discovery/testing/tls-peer.ts';
import { createStrictEd25519 } from '../keys/strict-ed25519.ts';
import { createPeerClient } from './peer-client.ts';
import { A, B, MESSAGE, NOW, ownKeys } from './testing/arrange-client.ts';
import { createMemoryPeerKeys, knownPeer } from './testing/memory-peer-keys.ts';
import { createSigningPeer } from './testing/signing-peer.ts';

let authority: TestAuthority;
let forDomain: TestCertificate;
let forTarget: TestCertificate;

beforeAll(async () => {
  authority = await createTestAuthority();
  forDomain = await authority.issue('b.test');
  forTarget = await authority.issue('one.b.test');
});

const peer = createSigningPeer();
const NOT_SIGNED: RequestListener = (_, response) => response.writeHead(202).end('{}');

/** Signs its answer to the request, and writes the header as `lines` of it says. */
function signing(lines: (value: string) => readonly string[]): RequestListener {
  return (request, response) => {
    const { nonce, created } = parseSignatureHeader(String(request.headers['x-federation-signature']));
    const body = Buffer.from('{}');
    response.setHeader('x-federation-signature', lines(peer.signAnswer({ keyId: B, destination: A, created, nonce, status: 202, body })));
    response.writeHead(202).end(body);
  };
}

interface Place {
  readonly port: number;
  readonly target?: string;
}

/** Arranges a client that finds b.test at these places, in this order, all of them on this machine. */
function arrange(places: readonly Place[], { profile = 'core', endpoints = [] }: { profile?: 'core' | 'full'; endpoints?: readonly string[] } = {}) {
  const records = places.map(({ port, target = 'one.b.test' }, priority) => ({ priority, weight: 0, port, target }));
  const dns: DnsClient = {
    query: async (_, type): Promise<DnsAnswer<never>> => {
      const found = { SRV: records, A: ['127.0.0.1'], AAAA: [], TXT: [] }[type];
      // Records of each type have their own form, which the type of the stub cannot say.
      return found.length === 0 ? { kind: 'nodata', ttlSeconds: null } : { kind: 'records', records: found as never, ttlSeconds: 60, authenticated: false };
    },
  };
  const clock = { now: () => NOW };
  return createPeerClient({
    resolver: createPeerResolver({ dns, staticPeers: new Map(), findEndpoints: async () => endpoints, random: () => 0.5, clock }),
    peerKeys: createMemoryPeerKeys({ description: knownPeer(profile), keys: [peer] }).peerKeys,
    ed25519: createStrictEd25519(),
    guardedRequest: createGuardedRequest({ dns, egressGuard: createEgressGuard({ testRanges: ['127.0.0.0/8'] }), caPem: authority.pem, testConnect: new Map() }),
    ownKeys,
    clock,
    randomBytes: (length) => new Uint8Array(length).fill(7),
    logger: pino({ enabled: false }),
  });
}

describe('createPeerClient, over TLS', () => {
  it('[DISC-2] the next target is tried after a certificate of another name, and that one got no byte', async () => {
    await using wrong = await startTlsPeer({ certificate: forTarget, answer: NOT_SIGNED });
    await using right = await startTlsPeer({ certificate: forDomain, answer: NOT_SIGNED });
    expect((await arrange([wrong, right]).send(MESSAGE)).kind).toBe('success');
    expect([wrong.connections, wrong.receivedBytes, right.requests.length]).toEqual([1, 0, 1]);
  });

  it('[DISC-2] no other target is tried once a request was taken, whatever became of it', async () => {
    await using first = await startTlsPeer({ certificate: forDomain, answer: (request) => request.socket.destroy() });
    await using second = await startTlsPeer({ certificate: forDomain, answer: NOT_SIGNED });
    expect(await arrange([first, second]).send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: 'bad_answer' });
    expect([first.requests.length, second.connections]).toEqual([1, 0]);
  });

  it('[DISC-4] a certificate for the target counts only where the key document lists target and port', async () => {
    await using target = await startTlsPeer({ certificate: forTarget, answer: NOT_SIGNED });
    expect(await arrange([target]).send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: 'tls_failed' });
    expect(await arrange([target], { endpoints: [`one.b.test:${target.port + 1}`] }).send(MESSAGE)).toMatchObject({ reason: 'tls_failed' });
    expect(target.receivedBytes).toBe(0);
    expect((await arrange([target], { endpoints: [`one.b.test:${target.port}`] }).send(MESSAGE)).kind).toBe('success');
    expect(target.serverNames.at(-1)).toBe('one.b.test');
    expect(target.requests[0]?.host).toBe(`one.b.test:${target.port}`);
  });

  it('[DISC-4] where the key document lists the target, the domain’s own certificate does not count for it', async () => {
    await using target = await startTlsPeer({ certificate: forDomain, answer: NOT_SIGNED });
    expect(await arrange([target], { endpoints: [`one.b.test:${target.port}`] }).send(MESSAGE)).toMatchObject({ reason: 'tls_failed' });
    expect((await arrange([target]).send(MESSAGE)).kind).toBe('success');
  });

  it('[SIG-9] exactly one header is read: twice the same, or one on two lines, is none', async () => {
    const answers = [
      { lines: (value: string) => [value], kind: 'success' },
      { lines: (value: string) => [value, value], kind: 'unreachable' },
      { lines: (value: string) => value.split(/,(?=nonce)/), kind: 'unreachable' },
    ];
    for (const { lines, kind } of answers) {
      await using full = await startTlsPeer({ certificate: forDomain, answer: signing(lines) });
      expect((await arrange([full], { profile: 'full' }).send(MESSAGE)).kind).toBe(kind);
    }
  });

  it('[SIG-9] [DISC-5] an answer of a Full peer that is encoded or leads elsewhere is a passing failure like any other', async () => {
    for (const answer of [
      { status: 202, headers: { 'content-encoding': 'gzip' } },
      { status: 307, headers: { location: '/elsewhere' } },
    ]) {
      await using full = await startTlsPeer({ certificate: forDomain, answer: (_, response) => response.writeHead(answer.status, answer.headers).end('x') });
      expect(await arrange([full], { profile: 'full' }).send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: 'bad_answer' });
      expect(full.requests.length).toBe(1);
    }
  });
});
