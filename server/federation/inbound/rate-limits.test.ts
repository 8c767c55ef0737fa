import { describe, expect, it } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import { createFakeClock } from '../keys/testing/fake-clock.ts';
import { makeKeys } from '../keys/testing/peer-documents.ts';
import { codeOf, createFixture, PEER } from './testing/handler-fixture.ts';
import { createRateLimits } from './rate-limits.ts';

describe('the rate of an origin', () => {
  it('[API-10] 200 requests at once pass, the next is told to wait a second', () => {
    const limits = createRateLimits({ clock: createFakeClock() });
    for (let count = 0; count < 200; count += 1) expect(limits.takeRequest(PEER)).toBeNull();
    expect(limits.takeRequest(PEER)).toBe(1);
    expect(limits.takeRequest(parseDomain('c.test'))).toBeNull();
  });

  it('[API-10] an emptied allowance fills at 100 a second and never beyond 200', () => {
    const clock = createFakeClock();
    const limits = createRateLimits({ clock });
    const takeAll = (): number => {
      let taken = 0;
      while (limits.takeRequest(PEER) === null) taken += 1;
      return taken;
    };
    takeAll();
    clock.advance(0.5);
    expect(takeAll()).toBe(50);
    clock.advance(3_600);
    expect(takeAll()).toBe(200);
  });

  it('[API-10] a request over the rate is answered 429 with Retry-After and reaches no verb', async () => {
    const fixture = await createFixture({ rateLimits: { requestsPerSecond: 0.1, requestBurst: 1 } });
    expect((await fixture.handle(fixture.signed())).status).toBe(202);
    const answer = await fixture.handle(fixture.signed());
    expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([429, 'rate_limited', '10']);
    expect(JSON.parse(answer.body)).toMatchObject({ retryAfterSeconds: 10 });
    expect(fixture.calls).toHaveLength(1);
    fixture.clock.advance(10);
    expect((await fixture.handle(fixture.signed())).status).toBe(202);
  });
});

describe('the rate of an origin that is only claimed', () => {
  it('[API-10] [SIG-10] is not used up by requests that are not authentic', async () => {
    const fixture = await createFixture({ rateLimits: { requestsPerSecond: 0.1, requestBurst: 1 } });
    for (let count = 0; count < 3; count += 1) expect(await fixture.outcomeOf(fixture.signed({ signedTarget: '/federation/v1' }))).toBe('signature_invalid');
    expect(await fixture.outcomeOf(fixture.signed())).toBe(202);
    expect(await fixture.outcomeOf(fixture.signed())).toBe('rate_limited');
  });
});

describe('the rate of key fetches', () => {
  it('[API-10] one source has 5 a minute, the sixth waits 12 s', () => {
    const clock = createFakeClock();
    const limits = createRateLimits({ clock });
    for (let count = 0; count < 5; count += 1) expect(limits.takeKeyFetch('192.0.2.1')).toBeNull();
    expect(limits.takeKeyFetch('192.0.2.1')).toBe(12);
    clock.advance(12);
    expect(limits.takeKeyFetch('192.0.2.1')).toBeNull();
  });

  it.each([
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ])('[API-10] %s and %s being one source is %s', (first, second, isSame) => {
    const limits = createRateLimits({ clock: createFakeClock(), settings: { keyFetchesPerMinute: 1 } });
    limits.takeKeyFetch(first);
    expect(limits.takeKeyFetch(second) !== null).toBe(isSame);
  });

  it('[API-10] the sixth unknown domain of a source is 429 without a fetch, a cached one is served', async () => {
    const fixture = await createFixture();
    expect((await fixture.handle(fixture.signed())).status).toBe(202);
    for (const label of ['c', 'd', 'e', 'f']) {
      const keys = await makeKeys(parseDomain(`${label}.test`));
      expect(codeOf(await fixture.handle(fixture.signed({ keys })))).toBe('key_unavailable');
    }
    const keys = await makeKeys(parseDomain('g.test'));
    const answer = await fixture.handle(fixture.signed({ keys }));
    expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([429, 'rate_limited', '12']);
    expect(fixture.fetches).toHaveLength(5);
    expect((await fixture.handle(fixture.signed())).status).toBe(202);
  });
});

describe('how many strangers wait for one domain', () => {
  it('[KEY-5] [API-10] 32 share the fetch of a document, the next is told to come when it is over', async () => {
    const fixture = await createFixture();
    const answers = await Promise.all(Array.from({ length: 33 }, () => fixture.handle(fixture.signed())));
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 32 }, () => 202), 429]);
    const [refused] = answers.slice(-1).map((answer) => [codeOf(answer), answer.headers['retry-after']]);
    expect([refused, fixture.fetches]).toEqual([['rate_limited', '30'], [PEER]]);
    expect(await fixture.outcomeOf(fixture.signed())).toBe(202);
  });

  it('[KEY-5] [API-10] 32 share the refetch after a failed signature, the next is told the same', async () => {
    const fixture = await createFixture();
    await fixture.handle(fixture.signed());
    fixture.clock.advance(60);
    const outcomes = await Promise.all(Array.from({ length: 33 }, () => fixture.outcomeOf(fixture.signed({ signedTarget: '/federation/v1' }))));
    expect(outcomes).toEqual([...Array.from({ length: 32 }, () => 'signature_invalid'), 'rate_limited']);
    expect(fixture.fetches).toEqual([PEER, PEER]);
  });
});
