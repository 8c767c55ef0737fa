import { beforeEach, describe, expect, it } from 'vitest';
import { EVENTS_TARGET, HELLO_TARGET, mediaTarget } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import type { FederationAnswer } from './federation-exchange.ts';
import { codeOf, createFixture, eventOf, MESSAGE_ID, PEER } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

describe('events', () => {
  const send = (...events: unknown[]): Promise<FederationAnswer> => fixture.handle(fixture.signed({ target: EVENTS_TARGET, body: JSON.stringify({ events }) }));

  it('[API-8] reach the verb together, without unknown members, and are answered 202', async () => {
    const events = [eventOf('typing'), eventOf('delivered', { messageIds: [MESSAGE_ID] }), eventOf('read', { upTo: MESSAGE_ID }), eventOf('accepted')];
    const answer = await send(...events.map((event) => ({ ...event, later: 1 })));
    expect([answer.status, answer.body]).toEqual([202, '{"status":"accepted"}']);
    expect(fixture.calls).toEqual([['acceptEvents', events, PEER]]);
  });

  it('[API-8] may be none', async () => {
    expect((await send()).status).toBe(202);
  });

  it('[API-8] of which one is malformed are all refused', async () => {
    const answer = await send(eventOf('typing'), eventOf('waved'));
    expect(JSON.parse(answer.body)).toMatchObject({ status: 400, code: 'invalid_body', pointer: '/events/1/type' });
    expect(fixture.calls).toEqual([]);
  });

  it('[API-8] beyond 100 are refused, 100 are taken', async () => {
    const hundred = Array.from({ length: 100 }, () => eventOf('typing'));
    expect(codeOf(await send(...hundred, eventOf('typing')))).toBe('invalid_body');
    expect((await send(...hundred)).status).toBe(202);
  });

  it('[ERR-3] a malformed event comes before a foreign user, wherever they stand', async () => {
    const foreign = eventOf('typing', { userId: 'carol@c.test' });
    expect(codeOf(await send(foreign, eventOf('waved')))).toBe('invalid_body');
    expect(fixture.calls).toEqual([]);
  });

  it('[API-8] that the verb refuses are answered so', async () => {
    fixture.refusals.error = new ProtocolError('sender_domain_mismatch');
    expect(codeOf(await send(eventOf('typing')))).toBe('sender_domain_mismatch');
  });
});

describe('a hello', () => {
  const hello = (body = '{}'): Promise<FederationAnswer> => fixture.handle(fixture.signed({ target: HELLO_TARGET, body }));

  it('[API-9] is answered 202, whatever members it has', async () => {
    const answer = await hello();
    expect([answer.status, answer.body]).toEqual([202, '{"status":"accepted"}']);
    expect((await hello('{"later":[1]}')).status).toBe(202);
  });

  it.each(['[]', 'null', '"hello"', '1'])('[API-9] [SIG-12] of %s is refused', async (body) => {
    expect(codeOf(await hello(body))).toBe('invalid_body');
  });

  it('[API-9] without a body is refused', async () => {
    expect(codeOf(await hello(''))).toBe('invalid_json');
  });

  it('[API-9] resets the back-off for its origin and wakes the deliveries, at most once in 5 s whatever the requests are', async () => {
    await hello();
    expect([fixture.peers.inbound, fixture.wakes.count]).toEqual([[PEER], 1]);
    fixture.clock.advance(4.999);
    await hello();
    await fixture.handle(fixture.signed());
    expect(fixture.wakes.count).toBe(1);
    fixture.clock.advance(0.001);
    await fixture.handle(fixture.signed());
    await hello();
    expect([fixture.peers.inbound, fixture.wakes.count]).toEqual([[PEER, PEER], 2]);
  });

  it('[API-9] [SIG-10] that is not authentic resets nothing', async () => {
    await fixture.handle(fixture.signed({ target: HELLO_TARGET, body: '{}', signedTarget: EVENTS_TARGET }));
    expect([fixture.peers.inbound, fixture.wakes.count]).toEqual([[], 0]);
  });
});

describe('media', () => {
  it.each(['AAECAwQFBgcICQoLDA0ODw', '-_-_-_-_-_-_-_-_-_-_-_', 'short', 'AAECAwQFBgcICQoLDA0ODw.', 'alice@a.test'])(
    '[API-9] %s is unknown to whoever asks',
    async (mediaId) => {
      const answer = await fixture.handle(fixture.signed({ method: 'GET', target: mediaTarget(mediaId) }));
      expect([answer.status, codeOf(answer)]).toEqual([404, 'unknown_media']);
    },
  );

  it('[API-9] [SIG-10] is not even denied to whoever is not authentic', async () => {
    const request = fixture.signed({ method: 'GET', target: mediaTarget('AAECAwQFBgcICQoLDA0ODw') });
    expect(codeOf(await fixture.handle({ ...request, headers: [] }))).toBe('signature_missing');
  });
});
