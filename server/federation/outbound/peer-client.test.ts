import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';

import pino from 'pino';
import { describe, expect, it } from 'vitest';

import { canonicalRequest } from '../../../protocol/canonical-string.ts';
import { problemDocument, ProtocolError } from '../../../protocol/errors.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { parseDomain, parseKeyId } from '../../../protocol/ids.ts';
import { parseSignatureHeader } from '../../../protocol/signature-header.ts';
import type { GuardedAnswer, GuardedRequestInput } from '../discovery/guarded-request.ts';
import type { PeerResolution } from '../discovery/resolve-peer.ts';
import { createPeerClient } from './peer-client.ts';
import type { PeerRequest } from './peer-client.ts';
import type { RequestSigner } from './sign-request.ts';

const A = parseDomain('a.test');
const B = parseDomain('b.test');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const ownKeys: RequestSigner = { domain: A, kid: parseKeyId('k1'), sign: (input) => sign(null, Buffer.from(input), privateKey).toString('base64') };
const NOW = new Date('2026-05-01T10:00:00.900Z');
const MESSAGE: PeerRequest = { destination: B, method: 'POST', target: '/federation/v1/messages', body: '{"é":1}' };
const TWO_TARGETS: PeerResolution = {
  kind: 'targets',
  targets: [
    { host: 'one.b.test', port: 1, serverName: 'b.test' },
    { host: 'two.b.test', port: 2, serverName: 'b.test' },
  ],
};

function answered(status: number, json: unknown, headers: Record<string, string> = {}): GuardedAnswer {
  return { kind: 'answer', status, headers, body: Buffer.from(JSON.stringify(json)) };
}

function problem(code: ErrorCode, headers: Record<string, string> = {}, status?: number): GuardedAnswer {
  const document = problemDocument(new ProtocolError(code), '0123456789abcdef');
  return answered(status ?? Number(document['status']), document, { 'content-type': 'application/problem+json; charset=utf-8', ...headers });
}

/** A client whose network gives the answers in order, the last one for ever. */
function arrange(answers: readonly [GuardedAnswer, ...GuardedAnswer[]], resolution: PeerResolution = TWO_TARGETS) {
  const sent: GuardedRequestInput[] = [];
  const forgotten: string[] = [];
  let nonces = 0;
  const client = createPeerClient({
    resolver: { resolve: async () => resolution, forget: (domain) => void forgotten.push(domain) },
    guardedRequest: async (request) => {
      sent.push(request);
      return answers[sent.length - 1] ?? answers[answers.length - 1] ?? answers[0];
    },
    ownKeys,
    clock: { now: () => NOW },
    randomBytes: (length) => new Uint8Array(length).fill(++nonces),
    logger: pino({ enabled: false }),
  });
  return { client, sent, forgotten };
}

function signatureOf(request: GuardedRequestInput | undefined) {
  return parseSignatureHeader(request?.headers['x-federation-signature'] ?? '');
}

describe('createPeerClient', () => {
  it('[SIG-2] signs the request as it is sent', async () => {
    const { client, sent } = arrange([answered(202, { status: 'accepted' })]);
    expect(await client.send(MESSAGE)).toEqual({ kind: 'success', status: 202, json: { status: 'accepted' } });
    const request = sent[0];
    expect(request).toMatchObject({ poolKey: 'b.test', host: 'one.b.test', port: 1, serverName: 'b.test', method: 'POST', target: MESSAGE.target });
    expect(request?.headers['content-type']).toBe('application/json');
    expect(Buffer.from(request?.body ?? []).toString('utf8')).toBe(MESSAGE.body);
    const { signature, ...fields } = signatureOf(request);
    expect(fields).toEqual({ keyId: 'a.test', kid: 'k1', destination: 'b.test', created: 1_777_629_600, nonce: 'AQEBAQEBAQEBAQEBAQEBAQ' });
    const bodySha256 = createHash('sha256').update(request?.body ?? '').digest('base64');
    const input = canonicalRequest({ ...fields, method: 'POST', target: MESSAGE.target, bodySha256 });
    expect(verify(null, Buffer.from(input), publicKey, signature)).toBe(true);
  });

  it('[SIG-11] a GET has neither body nor media type, and hashes the empty string', async () => {
    const { client, sent } = arrange([answered(200, {})]);
    await client.send({ destination: B, method: 'GET', target: '/federation/v1/users/bob@b.test/public_key' });
    const { signature, ...fields } = signatureOf(sent[0]);
    expect(sent[0]?.body).toBeUndefined();
    expect(sent[0]?.headers).not.toHaveProperty('content-type');
    const input = canonicalRequest({ ...fields, method: 'GET', target: '/federation/v1/users/bob@b.test/public_key', bodySha256: createHash('sha256').digest('base64') });
    expect(verify(null, Buffer.from(input), publicKey, signature)).toBe(true);
  });

  it.each([
    { reason: 'dns_failure', expected: 'dns_failure' },
    { reason: 'address_refused', expected: 'connect_failed' },
    { reason: 'connect_failed', expected: 'connect_failed' },
    { reason: 'tls_failed', expected: 'tls_failed' },
    { reason: 'timeout', expected: 'timeout' },
  ] as const)('[DISC-2] the next target is tried after $reason, freshly signed', async ({ reason, expected }) => {
    const notSent: GuardedAnswer = { kind: 'not_sent', reason, detail: 'X' };
    const { client, sent } = arrange([notSent, answered(202, {})]);
    expect((await client.send(MESSAGE)).kind).toBe('success');
    expect(sent.map(({ host }) => host)).toEqual(['one.b.test', 'two.b.test']);
    expect(signatureOf(sent[0]).nonce).not.toBe(signatureOf(sent[1]).nonce);
    expect(await arrange([notSent]).client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: expected });
  });

  it.each(['timeout', 'reset', 'too_large', 'encoded', 'redirect', 'malformed'] as const)(
    '[DISC-2] no other target is tried once bytes were sent (%s)',
    async (reason) => {
      const { client, sent } = arrange([{ kind: 'broken', reason, detail: 'X' }]);
      expect(await client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: reason === 'timeout' ? 'timeout' : 'bad_answer' });
      expect(sent.length).toBe(1);
    },
  );

  it('a kept connection that was closed meanwhile is replaced once, and the request signed anew', async () => {
    const stale: GuardedAnswer = { kind: 'broken', reason: 'stale_connection', detail: 'ECONNRESET' };
    const { client, sent } = arrange([stale, answered(202, {})]);
    expect((await client.send(MESSAGE)).kind).toBe('success');
    expect(sent.map(({ host }) => host)).toEqual(['one.b.test', 'one.b.test']);
    expect(signatureOf(sent[0]).nonce).not.toBe(signatureOf(sent[1]).nonce);
    const always = arrange([stale]);
    expect(await always.client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: 'bad_answer' });
    expect(always.sent.length).toBe(2);
  });

  it.each([
    { resolution: { kind: 'no_federation' }, reason: 'peer_does_not_federate' },
    { resolution: { kind: 'failure', reason: 'no_such_domain', detail: 'nxdomain' }, reason: 'no_such_domain' },
    { resolution: { kind: 'failure', reason: 'dns_failure', detail: 'servfail' }, reason: 'dns_failure' },
    { resolution: { kind: 'failure', reason: 'key_document_unavailable', detail: '' }, reason: 'connect_failed' },
  ] as const)('[DISC-1] discovery can end in $reason, nothing sent', async ({ resolution, reason }) => {
    const { client, sent } = arrange([answered(202, {})], resolution);
    expect(await client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason });
    expect(sent).toEqual([]);
  });

  it.each(['not_a_member', 'unknown_user', 'message_id_conflict', 'invalid_body'] as const)('[ERR-4] a problem document with %s is permanent', async (code) => {
    expect(await arrange([problem(code)]).client.send(MESSAGE)).toMatchObject({ kind: 'refused', code, permanent: true });
  });

  it.each(['unknown_conversation', 'internal_error', 'unavailable', 'rate_limited', 'unknown_key', 'domain_blocked', 'not_found'] as const)(
    '[ERR-4] a problem document with %s is not permanent',
    async (code) => {
      expect(await arrange([problem(code)]).client.send(MESSAGE)).toMatchObject({ kind: 'refused', code, permanent: false });
    },
  );

  it.each([
    { name: 'another media type', answer: problem('not_a_member', { 'content-type': 'application/json' }) },
    { name: 'a page', answer: answered(403, '<html>') },
    { name: 'another status', answer: problem('not_a_member', {}, 404) },
    { name: 'a code of no registry', answer: answered(403, { code: 'toString' }, { 'content-type': 'application/problem+json' }) },
  ])('[ERR-4] a refusal with $name never ends the attempts', async ({ answer }) => {
    expect(await arrange([answer]).client.send(MESSAGE)).toMatchObject({ kind: 'refused', code: null, permanent: false });
  });

  it.each([429, 502, 503, 504])('[ERR-4] a bare %i means that the peer itself is away', async (status) => {
    const answer = answered(status, 'down', { 'retry-after': '120' });
    expect(await arrange([answer]).client.send(MESSAGE)).toEqual({ kind: 'unreachable', reason: 'bad_answer', detail: `status ${status}`, retryAfterSeconds: 120 });
  });

  it.each([
    { value: '1', expected: 1 },
    { value: '86400', expected: 86_400 },
    { value: '86401', expected: 86_400 },
    { value: '0', expected: null },
    { value: '-5', expected: null },
    { value: '1.5', expected: null },
    { value: 'Fri, 01 May 2026 10:00:00 GMT', expected: null },
  ])('[ERR-4] Retry-After $value is read as $expected', async ({ value, expected }) => {
    expect(await arrange([problem('rate_limited', { 'retry-after': value })]).client.send(MESSAGE)).toMatchObject({ retryAfterSeconds: expected });
  });

  it('[ERR-4] after 421 the peer is looked up anew and asked once more', async () => {
    const moved = arrange([problem('misdirected'), answered(202, {})]);
    expect((await moved.client.send(MESSAGE)).kind).toBe('success');
    expect(moved.forgotten).toEqual(['b.test']);
    const wrong = arrange([problem('misdirected')]);
    expect(await wrong.client.send(MESSAGE)).toMatchObject({ kind: 'refused', code: 'misdirected', permanent: true });
    expect(wrong.sent.length).toBe(2);
  });

  it('[ERR-4] a body over the limit is never sent, one at the limit is', async () => {
    const { client, sent } = arrange([answered(202, {})]);
    expect(await client.send({ ...MESSAGE, body: 'a'.repeat(262_145) })).toMatchObject({ kind: 'refused', code: 'body_too_large', permanent: true });
    expect(sent).toEqual([]);
    expect((await client.send({ ...MESSAGE, body: 'a'.repeat(262_144) })).kind).toBe('success');
  });

  it('[SIG-3] a target that no peer accepts is never sent', async () => {
    const { client, sent } = arrange([answered(202, {})]);
    expect(await client.send({ ...MESSAGE, target: '/federation/v1/messages?x' })).toMatchObject({ kind: 'refused', code: 'bad_request_target' });
    expect(sent).toEqual([]);
  });

  it('a success whose body is no JSON is a success', async () => {
    expect(await arrange([{ kind: 'answer', status: 202, headers: {}, body: new Uint8Array() }]).client.send(MESSAGE)).toEqual({ kind: 'success', status: 202, json: null });
  });
});
