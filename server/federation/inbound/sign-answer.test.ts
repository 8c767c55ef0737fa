import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { canonicalResponse } from '../../../protocol/canonical-string.ts';
import { BATCH_TARGET, CONVERSATIONS_TARGET, EVENTS_TARGET, HELLO_TARGET, mediaTarget, MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import { parseSignatureHeader } from '../../../protocol/signature-header.ts';
import { makeKeys } from '../keys/testing/peer-documents.ts';
import type { FederationAnswer, FederationRequest } from './federation-exchange.ts';
import { changeBodyOf, codeOf, createFixture, eventOf, messageBodyOf, OURS, PEER } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

const NONCE = 'AAECAwQFBgcICQoLDA0ODw';
const BOB_TARGET = '/federation/v1/users/bob@b.test/public_key';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

const headerOf = (answer: FederationAnswer): string | undefined => answer.headers['x-federation-signature'];

/** Tells whether the answer is signed as the text says, over the bytes that are written. */
function isSigned(answer: FederationAnswer, nonce = NONCE): boolean {
  const { keyId, destination, kid, created, nonce: signedNonce, signature } = parseSignatureHeader(headerOf(answer) ?? '');
  expect([keyId, destination, kid, created, signedNonce]).toEqual([
    OURS, PEER, fixture.ownKeys.current().kid, Math.floor(fixture.clock.now().getTime() / 1_000), nonce,
  ]);
  const bodySha256 = createHash('sha256').update(Buffer.from(answer.body, 'utf8')).digest('base64');
  const text = canonicalResponse({ status: answer.status, keyId, destination, kid, created, nonce: signedNonce, bodySha256 });
  return fixture.ed25519.verify({ publicKey: Buffer.from(fixture.ownKeys.current().publicKey, 'base64'), message: Buffer.from(text), signature });
}

describe('an answer to an authenticated request', () => {
  it.each<[string, number, { method?: string; target: string; body?: object }]>([
    ['a message', 202, { target: MESSAGES_TARGET, body: messageBodyOf() }],
    ['a change', 201, { target: CONVERSATIONS_TARGET, body: changeBodyOf('create') }],
    ['a batch', 200, { target: BATCH_TARGET, body: { items: [{ id: 'é', method: 'POST', path: MESSAGES_TARGET, body: messageBodyOf() }] } }],
    ['events', 202, { target: EVENTS_TARGET, body: { events: [eventOf('typing')] } }],
    ['a hello', 202, { target: HELLO_TARGET, body: {} }],
    ['a public key', 200, { method: 'GET', target: BOB_TARGET }],
    ['media', 404, { method: 'GET', target: mediaTarget('AAECAwQFBgcICQoLDA0ODw') }],
  ])('[SIG-8] to %s is signed, with status %i', async (_, status, { body, ...request }) => {
    const answer = await fixture.handle(fixture.signed({ ...request, nonce: NONCE, ...(body !== undefined && { body: JSON.stringify(body) }) }));
    expect(answer.status).toBe(status);
    expect(isSigned(answer)).toBe(true);
  });

  it.each<[string, number, { target?: string; body: string }]>([
    ['invalid_json', 400, { body: '{' }],
    ['invalid_body', 400, { body: '{}' }],
    ['invalid_body', 400, { target: BATCH_TARGET, body: '{}' }],
  ])('[SIG-8] that is %s is signed, with status %i', async (code, status, request) => {
    const answer = await fixture.handle(fixture.signed({ ...request, nonce: NONCE }));
    expect([codeOf(answer), answer.status, isSigned(answer)]).toEqual([code, status, true]);
  });

  it.each([
    ['sender_domain_mismatch', 403], ['unknown_conversation', 404], ['stale_epoch', 409], ['user_gone', 410], ['misdirected', 421], ['unavailable', 503],
  ] as const)('[SIG-8] by which the verb refuses as %s is signed, with status %i', async (code, status) => {
    fixture.refusals.error = new ProtocolError(code);
    const answer = await fixture.handle(fixture.signed({ nonce: NONCE }));
    expect([codeOf(answer), answer.status, isSigned(answer)]).toEqual([code, status, true]);
  });

  it('[SIG-8] that nobody foresaw is signed, with status 500', async () => {
    fixture.refusals.error = new Error('gone');
    const answer = await fixture.handle(fixture.signed({ nonce: NONCE }));
    expect([codeOf(answer), isSigned(answer)]).toEqual(['internal_error', true]);
  });

  it('[SIG-8] that asks to slow down is signed, with status 429', async () => {
    fixture = await createFixture({ rateLimits: { requestBurst: 0 } });
    const answer = await fixture.handle(fixture.signed({ nonce: NONCE }));
    expect([codeOf(answer), answer.headers['retry-after'] === undefined, isSigned(answer)]).toEqual(['rate_limited', false, true]);
  });

  it('[SIG-8] is not verified with another status, body or nonce', async () => {
    const answer = await fixture.handle(fixture.signed({ nonce: NONCE }));
    expect(isSigned(answer)).toBe(true);
    expect(isSigned({ ...answer, status: 200 })).toBe(false);
    expect(isSigned({ ...answer, body: `${answer.body} ` })).toBe(false);
    const other = { ...answer, headers: { 'x-federation-signature': headerOf(answer)?.replace(NONCE, 'AQECAwQFBgcICQoLDA0ODw') ?? '' } };
    expect(isSigned(other, 'AQECAwQFBgcICQoLDA0ODw')).toBe(false);
  });

  it('[SIG-8] has the time of the answer, not of the request', async () => {
    const answer = await fixture.handle(fixture.signed({ nonce: NONCE, createdOffset: -299 }));
    expect(isSigned(answer)).toBe(true);
  });

  it('[SIG-8] [SIG-9] that cannot be signed is a failure without a signature, which its reader tries again', async () => {
    fixture.ownKeys.current = () => {
      throw new Error('the key file is gone');
    };
    const answer = await fixture.handle(fixture.signed());
    expect([codeOf(answer), headerOf(answer)]).toEqual(['internal_error', undefined]);
    expect(answer.body).not.toContain('file');
  });
});

describe('an answer to a request that is not authenticated', () => {
  const spoilt: readonly [code: string, request: (fixture: Fixture) => FederationRequest | Promise<FederationRequest>][] = [
    ['bad_request_target', ({ signed }) => signed({ target: `${MESSAGES_TARGET}/` })],
    ['not_found', ({ signed }) => signed({ target: '/federation/v1/nothing' })],
    ['method_not_allowed', ({ signed }) => signed({ method: 'HEAD', target: BOB_TARGET })],
    ['unsupported_media_type', ({ signed }) => ({ ...signed(), headers: signed().headers.slice(1) })],
    ['body_too_large', ({ signed }) => ({ ...signed(), body: 'too_large' })],
    ['signature_missing', ({ signed }) => ({ ...signed(), headers: signed().headers.slice(0, 1) })],
    ['signature_malformed', async ({ signed }) => signed({ keys: await makeKeys(OURS) })],
    ['misdirected', ({ signed }) => signed({ destination: parseDomain('c.test') })],
    ['timestamp_out_of_window', ({ signed }) => signed({ createdOffset: 301 })],
    ['unknown_key', ({ signed }) => signed({ kid: 'other' })],
    ['key_unavailable', async ({ signed }) => signed({ keys: await makeKeys(parseDomain('gone.test')) })],
    ['signature_invalid', ({ signed }) => signed({ signedTarget: CONVERSATIONS_TARGET })],
  ];

  it.each(spoilt)('[SIG-8] but refused as %s carries no signature', async (code, request) => {
    const answer = await fixture.handle(await request(fixture));
    expect([codeOf(answer), headerOf(answer)]).toEqual([code, undefined]);
  });

  it('[SIG-8] but blocked carries no signature', async () => {
    fixture.blocked.add(PEER);
    const answer = await fixture.handle(fixture.signed());
    expect([codeOf(answer), headerOf(answer)]).toEqual(['domain_blocked', undefined]);
  });

  it('[SIG-8] but repeated carries no signature: the nonce is that of another request', async () => {
    const request = fixture.signed();
    expect(headerOf(await fixture.handle(request))).toBeDefined();
    const answer = await fixture.handle(request);
    expect([codeOf(answer), headerOf(answer)]).toEqual(['replay_detected', undefined]);
  });

  it('[SIG-8] [SIG-5] because its nonce could not be stored carries no signature', async () => {
    fixture.nonces.fails = true;
    const answer = await fixture.handle(fixture.signed());
    expect([codeOf(answer), headerOf(answer)]).toEqual(['unavailable', undefined]);
  });
});
