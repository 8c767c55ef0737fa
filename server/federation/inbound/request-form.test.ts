import { beforeEach, describe, expect, it } from 'vitest';
import { BATCH_TARGET, EVENTS_TARGET, HELLO_TARGET, mediaTarget, MESSAGES_TARGET } from '../../../protocol/endpoints.ts';
import type { FederationRequest } from './federation-exchange.ts';
import { codeOf, createFixture, messageBodyOf } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

const BOB_TARGET = '/federation/v1/users/bob@b.test/public_key';
const SESSION_KEY_TARGET = '/federation/v1/conversations/AAAAAAAAAAAAAAAAAAAAAA:a.test/session_key';

const withHeader = (request: FederationRequest, name: string, value: string): FederationRequest => ({
  ...request,
  headers: [...request.headers, [name, value]],
});
const withMedia = (request: FederationRequest, mediaType: string): FederationRequest => ({
  ...request,
  headers: request.headers.map(([name, value]) => [name, name === 'Content-Type' ? mediaType : value]),
});

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

describe('the form of the request', () => {
  it.each([
    ['a percent sign', '/federation/v1/users/bob%40b.test/public_key'],
    ['a query', `${MESSAGES_TARGET}?x=1`],
    ['a trailing slash', `${MESSAGES_TARGET}/`],
    ['an empty segment', '/federation//v1/messages'],
    ['a dot segment', '/federation/v1/./messages'],
    ['a double dot segment', '/federation/v1/users/../messages'],
    ['the absolute form', `https://b.test${MESSAGES_TARGET}`],
    ['a fragment', `${MESSAGES_TARGET}#x`],
  ])('[SIG-3] a target with %s is refused', async (_, target) => {
    expect(await fixture.outcomeOf(fixture.signed({ target }))).toBe('bad_request_target');
  });

  it.each(['/federation/v1', '/federation/v2/messages', '/messages', '/federation/v1/media', '/federation/v1/batch/1', '/federation/v1/Batch', '/federation/v1/events/1'])(
    '[ERR-3] the target %s is not found',
    async (target) => {
      expect(await fixture.outcomeOf(fixture.signed({ target }))).toBe('not_found');
    },
  );

  it.each([
    ['GET', MESSAGES_TARGET, 'POST'],
    ['post', MESSAGES_TARGET, 'POST'],
    ['POST', SESSION_KEY_TARGET, 'PUT'],
    ['HEAD', BOB_TARGET, 'GET'],
    ['OPTIONS', BOB_TARGET, 'GET'],
    ['TRACE', BOB_TARGET, 'GET'],
    ['GET', BATCH_TARGET, 'POST'],
    ['PUT', EVENTS_TARGET, 'POST'],
    ['HEAD', HELLO_TARGET, 'POST'],
    ['POST', mediaTarget('AAECAwQFBgcICQoLDA0ODw'), 'GET'],
    ['HEAD', mediaTarget('AAECAwQFBgcICQoLDA0ODw'), 'GET'],
  ])('[API-10] %s %s is refused with Allow: %s', async (method, target, allow) => {
    const answer = await fixture.handle(fixture.signed({ method, target }));
    expect([answer.status, codeOf(answer), answer.headers['allow']]).toEqual([405, 'method_not_allowed', allow]);
  });

  it.each(['text/plain', 'application/json; charset=latin1', 'application/json; charset=utf-8; v=1', 'application/json;', 'application/jsonp', ''])(
    '[SIG-11] the media type "%s" is refused',
    async (mediaType) => {
      expect(await fixture.outcomeOf(withMedia(fixture.signed(), mediaType))).toBe('unsupported_media_type');
    },
  );

  it.each(['Application/JSON', 'application/json; charset=UTF-8', 'application/json;charset=utf-8'])(
    '[SIG-11] the media type "%s" is accepted',
    async (mediaType) => {
      expect(await fixture.outcomeOf(withMedia(fixture.signed(), mediaType))).toBe(202);
    },
  );

  it('[SIG-11] a missing or repeated media type is refused', async () => {
    const request = fixture.signed();
    expect(await fixture.outcomeOf({ ...request, headers: request.headers.slice(1) })).toBe('unsupported_media_type');
    expect(await fixture.outcomeOf(withHeader(request, 'content-type', 'application/json'))).toBe('unsupported_media_type');
  });

  it.each(['gzip', 'identity', ''])('[SIG-11] the content encoding "%s" is refused', async (coding) => {
    expect(await fixture.outcomeOf(withHeader(fixture.signed(), 'Content-Encoding', coding))).toBe('unsupported_media_type');
  });

  it('[SIG-11] a body over the limit is refused, one at the limit is read', async () => {
    expect(await fixture.outcomeOf({ ...fixture.signed(), body: 'too_large' })).toBe('body_too_large');
    expect(await fixture.outcomeOf(fixture.signed({ body: new Uint8Array(262_145).fill(0x20) }))).toBe('body_too_large');
    const text = JSON.stringify(messageBodyOf());
    expect(await fixture.outcomeOf(fixture.signed({ body: text.padEnd(262_144, ' ') }))).toBe(202);
  });

  it.each([
    ['no JSON', '{'],
    ['an empty body', ''],
    ['a duplicate key', '{"a":1,"a":2}'],
    ['a byte order mark', `\u{feff}${JSON.stringify(messageBodyOf())}`],
    ['17 open arrays', `${'['.repeat(17)}${']'.repeat(17)}`],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['U+0000', '{"a":"\\u0000"}'],
    ['an integer beyond 2^53', '{"a":9007199254740992}'],
  ])('[SIG-12] %s is refused', async (_, body) => {
    expect(await fixture.outcomeOf(fixture.signed({ body }))).toBe('invalid_json');
  });

  it('[SIG-12] a body that is not UTF-8 is refused', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ body: Uint8Array.of(0x7b, 0xff, 0x7d) }))).toBe('invalid_json');
  });

  it('[SIG-12] a top level that is no object is invalid_body', async () => {
    expect(await fixture.outcomeOf(fixture.signed({ body: '[]' }))).toBe('invalid_body');
  });
});
