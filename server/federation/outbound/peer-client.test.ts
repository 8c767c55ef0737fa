import { createHash, verify } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { canonicalRequest } from '../../../protocol/canonical-string.ts';
import type { GuardedAnswer } from '../discovery/guarded-request.ts';
import { answered, arrangeClient, B, MESSAGE, ownPublicKey, problem, signatureOf } from './testing/arrange-client.ts';
import { knownPeer } from './testing/memory-peer-keys.ts';

describe('createPeerClient', () => {
  it('[SIG-2] signs the request as it is sent', async () => {
    const { client, sent } = arrangeClient([answered(202, { status: 'accepted' })]);
    expect(await client.send(MESSAGE)).toEqual({ kind: 'success', status: 202, json: { status: 'accepted' } });
    const request = sent[0];
    expect(request).toMatchObject({ poolKey: 'b.test', host: 'one.b.test', port: 1, serverName: 'b.test', method: 'POST', target: MESSAGE.target });
    expect(request?.headers['content-type']).toBe('application/json');
    expect(request?.maxAnswerBytes).toBe(1_048_576);
    expect(Buffer.from(request?.body ?? []).toString('utf8')).toBe(MESSAGE.body);
    const { signature, ...fields } = signatureOf(request);
    expect(fields).toEqual({ keyId: 'a.test', kid: 'k1', destination: 'b.test', created: 1_777_629_600, nonce: 'AQEBAQEBAQEBAQEBAQEBAQ' });
    const bodySha256 = createHash('sha256').update(request?.body ?? '').digest('base64');
    const input = canonicalRequest({ ...fields, method: 'POST', target: MESSAGE.target, bodySha256 });
    expect(verify(null, Buffer.from(input), ownPublicKey, signature)).toBe(true);
  });

  it('[SIG-11] a GET has neither body nor media type, and hashes the empty string', async () => {
    const { client, sent } = arrangeClient([answered(200, {})]);
    await client.send({ destination: B, method: 'GET', target: '/federation/v1/users/bob@b.test/public_key' });
    const { signature, ...fields } = signatureOf(sent[0]);
    expect(sent[0]?.body).toBeUndefined();
    expect(sent[0]?.headers).not.toHaveProperty('content-type');
    const input = canonicalRequest({ ...fields, method: 'GET', target: '/federation/v1/users/bob@b.test/public_key', bodySha256: createHash('sha256').digest('base64') });
    expect(verify(null, Buffer.from(input), ownPublicKey, signature)).toBe(true);
  });

  it.each([
    { reason: 'dns_failure', expected: 'dns_failure' },
    { reason: 'address_refused', expected: 'connect_failed' },
    { reason: 'connect_failed', expected: 'connect_failed' },
    { reason: 'tls_failed', expected: 'tls_failed' },
    { reason: 'timeout', expected: 'timeout' },
  ] as const)('[DISC-2] the next target is tried after $reason, freshly signed', async ({ reason, expected }) => {
    const notSent: GuardedAnswer = { kind: 'not_sent', reason, detail: 'X' };
    const { client, sent } = arrangeClient([notSent, answered(202, {})]);
    expect((await client.send(MESSAGE)).kind).toBe('success');
    expect(sent.map(({ host }) => host)).toEqual(['one.b.test', 'two.b.test']);
    expect(signatureOf(sent[0]).nonce).not.toBe(signatureOf(sent[1]).nonce);
    expect(await arrangeClient([notSent]).client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: expected });
  });

  it.each(['timeout', 'reset', 'too_large', 'encoded', 'redirect', 'malformed'] as const)(
    '[DISC-2] no other target is tried once bytes were sent (%s)',
    async (reason) => {
      const { client, sent } = arrangeClient([{ kind: 'broken', reason, detail: 'X' }]);
      expect(await client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: reason === 'timeout' ? 'timeout' : 'bad_answer' });
      expect(sent.length).toBe(1);
    },
  );

  it('a kept connection that was closed meanwhile is replaced once, and the request signed anew', async () => {
    const stale: GuardedAnswer = { kind: 'broken', reason: 'stale_connection', detail: 'ECONNRESET' };
    const { client, sent } = arrangeClient([stale, answered(202, {})]);
    expect((await client.send(MESSAGE)).kind).toBe('success');
    expect(sent.map(({ host }) => host)).toEqual(['one.b.test', 'one.b.test']);
    expect(signatureOf(sent[0]).nonce).not.toBe(signatureOf(sent[1]).nonce);
    const always = arrangeClient([stale]);
    expect(await always.client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason: 'bad_answer' });
    expect(always.sent.length).toBe(2);
  });

  it.each([
    { resolution: { kind: 'no_federation' }, reason: 'peer_does_not_federate' },
    { resolution: { kind: 'failure', reason: 'no_such_domain', detail: 'nxdomain' }, reason: 'no_such_domain' },
    { resolution: { kind: 'failure', reason: 'dns_failure', detail: 'servfail' }, reason: 'dns_failure' },
    { resolution: { kind: 'failure', reason: 'key_document_unavailable', detail: '' }, reason: 'key_document_unavailable' },
  ] as const)('[DISC-1] discovery can end in $reason, nothing sent', async ({ resolution, reason }) => {
    const { client, sent } = arrangeClient([answered(202, {})], { resolution });
    expect(await client.send(MESSAGE)).toMatchObject({ kind: 'unreachable', reason });
    expect(sent).toEqual([]);
  });

  it.each([
    { detail: 'status 500', reason: 'key_document_unavailable' },
    { detail: 'tls_failed: CERT_HAS_EXPIRED', reason: 'tls_failed' },
    { detail: 'address_refused: loopback', reason: 'connect_failed' },
    { detail: 'dns_failure: servfail', reason: 'dns_failure' },
    { detail: 'timeout: no connection in time', reason: 'timeout' },
  ] as const)('[KEY-2] nothing is sent to a peer of whom no document was ever had ($detail)', async ({ detail, reason }) => {
    const { client, sent } = arrangeClient([answered(202, {})], { description: { kind: 'unavailable', detail } });
    expect(await client.send(MESSAGE)).toEqual({ kind: 'unreachable', reason, detail, retryAfterSeconds: null });
    expect(sent).toEqual([]);
  });

  it('[DISC-1] [DISC-2] nobody asks for the document of a domain that is not to be called', async () => {
    for (const resolution of [{ kind: 'no_federation' }, { kind: 'failure', reason: 'no_such_domain', detail: '' }] as const) {
      const { client, asked } = arrangeClient([answered(202, {})], { resolution });
      await client.send(MESSAGE);
      expect(await client.isCore(B)).toBe(false);
      expect(asked).toEqual([]);
    }
  });

  it.each([
    { name: 'a Core peer', description: knownPeer('core'), isCore: true },
    { name: 'a Full peer', description: knownPeer('full'), isCore: false },
    { name: 'an unknown peer', description: { kind: 'unavailable', detail: '' }, isCore: false },
  ] as const)('tells what $name speaks', async ({ description, isCore }) => {
    expect(await arrangeClient([answered(202, {})], { description }).client.isCore(B)).toBe(isCore);
  });

  it.each(['not_a_member', 'unknown_user', 'message_id_conflict', 'invalid_body'] as const)('[ERR-4] a problem document with %s is permanent', async (code) => {
    expect(await arrangeClient([problem(code)]).client.send(MESSAGE)).toMatchObject({ kind: 'refused', code, permanent: true });
  });

  it.each(['unknown_conversation', 'internal_error', 'unavailable', 'rate_limited', 'unknown_key', 'domain_blocked', 'not_found'] as const)(
    '[ERR-4] a problem document with %s is not permanent',
    async (code) => {
      expect(await arrangeClient([problem(code)]).client.send(MESSAGE)).toMatchObject({ kind: 'refused', code, permanent: false });
    },
  );

  it.each([
    { name: 'another media type', answer: problem('not_a_member', { 'content-type': 'application/json' }) },
    { name: 'a page', answer: answered(403, '<html>') },
    { name: 'another status', answer: problem('not_a_member', {}, 404) },
    { name: 'a code of no registry', answer: answered(403, { code: 'toString' }, { 'content-type': 'application/problem+json' }) },
  ])('[ERR-4] a refusal with $name never ends the attempts', async ({ answer }) => {
    expect(await arrangeClient([answer]).client.send(MESSAGE)).toMatchObject({ kind: 'refused', code: null, permanent: false });
  });

  it.each([429, 502, 503, 504])('[ERR-4] a bare %i means that the peer itself is away', async (status) => {
    const answer = answered(status, 'down', { 'retry-after': '120' });
    expect(await arrangeClient([answer]).client.send(MESSAGE)).toEqual({ kind: 'unreachable', reason: 'bad_answer', detail: `status ${status}`, retryAfterSeconds: 120 });
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
    expect(await arrangeClient([problem('rate_limited', { 'retry-after': value })]).client.send(MESSAGE)).toMatchObject({ retryAfterSeconds: expected });
  });

  it('[ERR-4] after 421 the peer is looked up anew and asked once more', async () => {
    const moved = arrangeClient([problem('misdirected'), answered(202, {})]);
    expect((await moved.client.send(MESSAGE)).kind).toBe('success');
    expect(moved.forgotten).toEqual(['b.test']);
    expect(moved.asked).toEqual(['describe b.test', 'refetch b.test', 'describe b.test']);
    const wrong = arrangeClient([problem('misdirected')]);
    expect(await wrong.client.send(MESSAGE)).toMatchObject({ kind: 'refused', code: 'misdirected', permanent: true });
    expect(wrong.sent.length).toBe(2);
  });

  it('[ERR-4] a body over the limit is never sent, one at the limit is', async () => {
    const { client, sent } = arrangeClient([answered(202, {})]);
    expect(await client.send({ ...MESSAGE, body: 'a'.repeat(262_145) })).toMatchObject({ kind: 'refused', code: 'body_too_large', permanent: true });
    expect(sent).toEqual([]);
    expect((await client.send({ ...MESSAGE, body: 'a'.repeat(262_144) })).kind).toBe('success');
  });

  it('[KEY-2] a body over the peer’s own limit is never sent, one at the limit is', async () => {
    const { client, sent } = arrangeClient([answered(202, {})], { description: knownPeer('core', { maxBodyBytes: 1_000 }) });
    expect(await client.send({ ...MESSAGE, body: 'a'.repeat(1_001) })).toMatchObject({ kind: 'refused', code: 'body_too_large', permanent: true });
    expect(sent).toEqual([]);
    expect((await client.send({ ...MESSAGE, body: 'a'.repeat(1_000) })).kind).toBe('success');
  });

  it('[SIG-11] a peer that claims to take more gets no more than the text allows', async () => {
    const { client } = arrangeClient([answered(202, {})], { description: knownPeer('core', { maxBodyBytes: 10_000_000 }) });
    expect(await client.send({ ...MESSAGE, body: 'a'.repeat(262_145) })).toMatchObject({ kind: 'refused', code: 'body_too_large', permanent: true });
  });

  it('[KEY-2] a conversation of more members than the peer takes is never sent, one of as many is', async () => {
    const { client, sent } = arrangeClient([answered(202, {})], { description: knownPeer('core', { maxParticipants: 2 }) });
    const change = (...allParticipants: readonly string[]) => ({ ...MESSAGE, target: '/federation/v1/conversations', body: JSON.stringify({ allParticipants }) });
    expect(await client.send(change('a@a.test', 'b@b.test', 'c@b.test'))).toMatchObject({ kind: 'refused', code: 'body_too_large', permanent: true });
    expect(sent).toEqual([]);
    expect((await client.send(change('a@a.test', 'b@b.test'))).kind).toBe('success');
    expect((await client.send(MESSAGE)).kind).toBe('success');
  });

  it('[SIG-3] a target that no peer accepts is never sent', async () => {
    const { client, sent } = arrangeClient([answered(202, {})]);
    expect(await client.send({ ...MESSAGE, target: '/federation/v1/messages?x' })).toMatchObject({ kind: 'refused', code: 'bad_request_target' });
    expect(sent).toEqual([]);
  });

  it('a success whose body is no JSON is a success', async () => {
    expect(await arrangeClient([{ kind: 'answer', status: 202, headers: {}, body: new Uint8Array() }]).client.send(MESSAGE)).toEqual({ kind: 'success', status: 202, json: null });
  });
});
