import { beforeEach, describe, expect, it } from 'vitest';
import { CONVERSATIONS_TARGET, MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import { makeKeys, renameKey } from '../keys/testing/peer-documents.ts';
import type { FederationRequest } from './federation-exchange.ts';
import { codeOf, createFixture, OURS, PEER } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

const withHeader = (request: FederationRequest, name: string, value: string): FederationRequest => ({
  ...request,
  headers: [...request.headers, [name, value]],
});
const withSignatureText = (request: FederationRequest, change: (text: string) => string): FederationRequest => ({
  ...request,
  headers: request.headers.map(([name, value]) => [name, name === 'X-Federation-Signature' ? change(value) : value]),
});

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

describe('the signature', () => {
  it('[SIG-1] an unsigned request is refused', async () => {
    const request = fixture.signed();
    expect(await fixture.outcomeOf({ ...request, headers: [['Content-Type', 'application/json']] })).toBe('signature_missing');
    expect(await fixture.outcomeOf(request)).toBe(202);
  });

  it('[SIG-1] a repeated header is refused, in whatever case its names are', async () => {
    const request = fixture.signed();
    const [, value = ''] = request.headers[1] ?? [];
    expect(await fixture.outcomeOf(withHeader(request, 'x-federation-SIGNATURE', value))).toBe('signature_malformed');
  });

  it.each([
    ['an extra parameter', (text: string) => `${text},extra="1"`],
    ['a repeated parameter', (text: string) => `${text},nonce="AAAAAAAAAAAAAAAAAAAAAA"`],
    ['a missing parameter', (text: string) => text.replace(/,nonce="[^"]*"/, '')],
    ['an empty value', () => ''],
    ['a blank before the comma', (text: string) => text.replace(',', ' ,')],
    ['a domain in capitals', (text: string) => text.replace('a.test', 'A.test')],
  ])('[SIG-1] %s in the header is refused', async (_, change) => {
    expect(await fixture.outcomeOf(withSignatureText(fixture.signed(), change))).toBe('signature_malformed');
    expect(fixture.fetches).toEqual([]);
  });

  it('[SIG-1] parameters in another order with blanks after the commas are accepted', async () => {
    const reorder = (text: string): string => text.split(',').reverse().join(',  ');
    expect(await fixture.outcomeOf(withSignatureText(fixture.signed(), reorder))).toBe(202);
  });

  it('[SIG-6] a request signed as the domain that receives it is refused', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ keys: await makeKeys(OURS) }))).toBe('signature_malformed');
  });

  it('[SIG-2] one flipped byte of the body is refused', async () => {
    const request = fixture.signed();
    const body = Uint8Array.from(request.body === 'too_large' ? [] : request.body);
    body[20] = (body[20] ?? 0) ^ 1;
    expect(await fixture.outcomeOf({ ...request, body })).toBe('signature_invalid');
    expect(await fixture.outcomeOf(request)).toBe(202);
  });

  it('[SIG-2] a signature over another target or method is refused', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ signedTarget: CONVERSATIONS_TARGET }))).toBe('signature_invalid');
    const get = fixture.signed({ method: 'GET', target: MESSAGES_TARGET });
    expect(await fixture.outcomeOf({ ...get, method: 'POST', headers: [['Content-Type', 'application/json'], ...get.headers] })).toBe('signature_invalid');
  });

  it('[SIG-2] a signature by another key under the same kid is refused', async () => {
    const request = fixture.signed({ keys: await makeKeys(PEER), kid: fixture.peerOwnKeys.current().kid });
    expect(await fixture.outcomeOf(request)).toBe('signature_invalid');
  });

  it('[KEY-5] a kid that the document does not list is refused', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ keys: await makeKeys(PEER) }))).toBe('unknown_key');
  });

  it('[KEY-5] a key replaced under its kid is found by the one refetch', async () => {
    expect(await fixture.outcomeOf(fixture.signed())).toBe(202);
    fixture.clock.advance(61);
    const next = renameKey(await makeKeys(PEER), fixture.peerOwnKeys.current().kid);
    fixture.published.set(PEER, next);
    expect(await fixture.outcomeOf(fixture.signed({ keys: next }))).toBe(202);
    expect(fixture.fetches).toHaveLength(2);
  });

  it('[KEY-3] a document that cannot be fetched is 503 key_unavailable with Retry-After 60', async () => {
    const keys = await makeKeys(parseDomain('gone.test'));
    const answer = await fixture.handle(fixture.signed({ keys }));
    expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([503, 'key_unavailable', '60']);
    expect(JSON.parse(answer.body)).toMatchObject({ retryAfterSeconds: 60 });
  });

  it('[KEY-3] a key lookup that breaks denies with 503, never 500', async () => {
    fixture.peers.find = async () => {
      throw new Error('the database is gone');
    };
    expect(await fixture.outcomeOf(fixture.signed())).toBe('unavailable');
  });

  it.each([
    [-310, 'timestamp_out_of_window'],
    [-301, 'timestamp_out_of_window'],
    [-300, null],
    [300, null],
    [301, 'timestamp_out_of_window'],
  ])('[SIG-4] a request created %i s from now is answered with %s', async (createdOffset, code) => {
    const answer = await fixture.handle(fixture.signed({ createdOffset }));
    expect(codeOf(answer)).toBe(code);
    if (code !== null) expect(JSON.parse(answer.body)).toMatchObject({ serverTime: '2030-01-02T03:04:05.600Z' });
    expect(fixture.calls).toHaveLength(code === null ? 1 : 0);
  });

  it('[SIG-6] a request for another destination is refused without a key fetch', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ destination: parseDomain('c.test') }))).toBe('misdirected');
    expect(fixture.fetches).toEqual([]);
  });

  it('[ERR-3] a blocked domain is refused without a key fetch, and served once it is not', async () => {
    fixture.blocked.add(PEER);
    expect(await fixture.outcomeOf(fixture.signed())).toBe('domain_blocked');
    expect(fixture.fetches).toEqual([]);
    fixture.blocked.clear();
    expect(await fixture.outcomeOf(fixture.signed())).toBe(202);
  });
});
