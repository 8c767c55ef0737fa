import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { HELLO_TARGET, MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { parseSignatureHeader } from '../../../protocol/signature-header.ts';
import { makeKeys } from '../keys/testing/peer-documents.ts';
import type { FederationRequest } from './federation-exchange.ts';
import { codeOf, createFixture, OURS, PEER } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

const BOB_TARGET = '/federation/v1/users/bob@b.test/public_key';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

const fail = (): never => {
  throw new Error('an inner secret');
};
/** Header lines as fetch gives them: names in lower case and in order, values of one name joined. */
const joined = (request: FederationRequest): FederationRequest => ({
  ...request,
  headers: [...new Headers(request.headers.map(([name, value]): [string, string] => [name, value]))],
});
const twice = (request: FederationRequest, wanted: string): FederationRequest => ({
  ...request,
  headers: request.headers.flatMap((line) => (line[0] === wanted ? [line, line] : [line])),
});

describe('an exception before authentication', () => {
  it.each<[string, string, (fixture: Fixture) => void]>([
    ['local policy', 'unavailable', ({ isBlocked }) => (isBlocked.answer = async () => fail())],
    ['local policy at once', 'internal_error', ({ isBlocked }) => (isBlocked.answer = fail)],
    ['the store of keys', 'unavailable', ({ peers }) => (peers.find = async () => fail())],
    ['the fetch of a key', 'unavailable', ({ published }) => (published.get = fail)],
    ['the check of the signature', 'internal_error', ({ ed25519 }) => (ed25519.verify = fail)],
    ['the store of nonces', 'unavailable', ({ nonces }) => (nonces.accept = async () => fail())],
    ['the store of nonces at once', 'internal_error', ({ nonces }) => (nonces.accept = fail)],
    ['the clock', 'internal_error', ({ clock }) => (clock.now = fail)],
  ])('[SIG-10] in %s denies as %s, reaches no verb and leaves no trace but a line of log', async (_, code, breakIt) => {
    const request = fixture.signed();
    breakIt(fixture);
    expect(await fixture.outcomeOf(request)).toBe(code);
    expect(fixture.calls).toEqual([]);
    expect([fixture.peers.rows.size, fixture.nonces.spent.size, fixture.wakes.count]).toEqual([0, 0, 0]);
    expect(fixture.logLines).toHaveLength(1);
    expect(fixture.logLines.join('')).not.toContain(Buffer.from('marker-of-the-body').toString('base64'));
  });
});

describe('a body', () => {
  it('[SIG-2] [SIG-11] of a GET counts in the hash: one that is added or changed is refused, the signed one is served', async () => {
    const bare = fixture.signed({ method: 'GET', target: BOB_TARGET });
    expect(await fixture.outcomeOf({ ...bare, body: Buffer.from('x') })).toBe('signature_invalid');
    expect(await fixture.outcomeOf(bare)).toBe(200);
    const full = fixture.signed({ method: 'GET', target: BOB_TARGET, body: 'not {json' });
    expect(await fixture.outcomeOf({ ...full, body: new Uint8Array() })).toBe('signature_invalid');
    expect(await fixture.outcomeOf(full)).toBe(200);
  });

  it('[SIG-11] of a GET is bounded too, and has whatever media type and encoding', async () => {
    const full = fixture.signed({ method: 'GET', target: BOB_TARGET, body: new Uint8Array(262_144) });
    expect(await fixture.outcomeOf({ ...full, headers: [...full.headers, ['Content-Type', 'text/plain'], ['Content-Encoding', 'gzip']] })).toBe(200);
    expect(await fixture.outcomeOf(fixture.signed({ method: 'GET', target: BOB_TARGET, body: new Uint8Array(262_145) }))).toBe('body_too_large');
  });

  it('[SIG-2] that is empty is signed as the hash of the empty string', async () => {
    expect(createHash('sha256').update('').digest('base64')).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    expect(await fixture.outcomeOf(fixture.signed({ target: HELLO_TARGET, body: '' }))).toBe('invalid_json');
  });

  it('[SIG-2] is covered in its raw bytes: the same JSON written otherwise is refused', async () => {
    const request = fixture.signed({ target: HELLO_TARGET, body: '{}' });
    expect(await fixture.outcomeOf({ ...request, body: Buffer.from('{ }') })).toBe('signature_invalid');
    expect(await fixture.outcomeOf(request)).toBe(202);
  });
});

describe('header lines', () => {
  it('[SIG-1] are read the same where a platform gives them in lower case and sorted', async () => {
    expect(await fixture.outcomeOf(joined(fixture.signed()))).toBe(202);
  });

  it('[SIG-1] with the signature twice are refused, apart and joined to one', async () => {
    const request = twice(fixture.signed(), 'X-Federation-Signature');
    expect(await fixture.outcomeOf(request)).toBe('signature_malformed');
    expect(await fixture.outcomeOf(joined(request))).toBe('signature_malformed');
  });

  it('[SIG-1] with an empty signature beside the right one are refused, apart and joined', async () => {
    const request = fixture.signed();
    const empty: FederationRequest = { ...request, headers: [['X-Federation-Signature', ''], ...request.headers] };
    expect(await fixture.outcomeOf(empty)).toBe('signature_malformed');
    expect(await fixture.outcomeOf(joined(empty))).toBe('signature_malformed');
  });

  it('[SIG-11] with the media type twice are refused, apart and joined', async () => {
    const request = twice(fixture.signed(), 'Content-Type');
    expect(await fixture.outcomeOf(request)).toBe('unsupported_media_type');
    expect(await fixture.outcomeOf(joined(request))).toBe('unsupported_media_type');
  });

  it('[SIG-11] may quote the charset, which means the same (RFC 9110 section 5.6.6)', async () => {
    const request = fixture.signed();
    const quoted = request.headers.map(([name, value]): readonly [string, string] => [name, name === 'Content-Type' ? 'application/json; charset="utf-8"' : value]);
    expect(await fixture.outcomeOf({ ...request, headers: quoted })).toBe(202);
  });

  it('[DISC-4] say nothing by Host, Forwarded or a method override', async () => {
    const request = fixture.signed();
    const lines: FederationRequest['headers'] = [['Host', 'elsewhere.test:99'], ['X-Forwarded-Host', 'elsewhere.test'], ['X-HTTP-Method-Override', 'PUT']];
    expect(await fixture.outcomeOf({ ...request, headers: [...lines, ...request.headers] })).toBe(202);
  });
});

describe('a server of several domains', () => {
  const second = parseDomain('second.test');
  const askFor = (userId: string, destination: Domain) => fixture.handle(fixture.signed({ method: 'GET', target: `/federation/v1/users/${userId}/public_key`, destination }));
  beforeEach(async () => {
    fixture = await createFixture({ servedBesides: [second] });
  });

  it('[SIG-6] [API-1] is, for each request, the one that the request was meant for', async () => {
    expect((await askFor('bob@b.test', OURS)).status).toBe(200);
    expect((await askFor('bob@second.test', second)).status).toBe(200);
    expect(codeOf(await askFor('bob@b.test', second))).toBe('misdirected');
    expect(codeOf(await askFor('bob@second.test', OURS))).toBe('misdirected');
  });

  it('[SIG-8] answers as the one that the request was meant for', async () => {
    const answer = await askFor('bob@second.test', second);
    expect(parseSignatureHeader(answer.headers['x-federation-signature'] ?? '')).toMatchObject({ keyId: second, destination: PEER });
  });

  it('[SIG-6] takes no request that is signed as any of them', async () => {
    for (const domain of [OURS, second]) expect(await fixture.outcomeOf(fixture.signed({ keys: await makeKeys(domain) }))).toBe('signature_malformed');
  });
});

describe('every address under the prefix', () => {
  it.each([
    ['GET', BOB_TARGET], ['POST', MESSAGES_TARGET], ['POST', '/federation/v1/conversations'], ['PUT', '/federation/v1/conversations/c/session_key'],
    ['POST', '/federation/v1/batch'], ['POST', '/federation/v1/events'], ['POST', HELLO_TARGET], ['GET', '/federation/v1/media/AAECAwQFBgcICQoLDA0ODw'],
  ])('[SIG-10] is behind the check of the signature: %s %s', async (method, target) => {
    const request = fixture.signed({ method, target });
    expect(await fixture.outcomeOf({ ...request, headers: request.headers.filter(([name]) => name === 'Content-Type') })).toBe('signature_missing');
    expect(fixture.calls).toEqual([]);
  });
});
