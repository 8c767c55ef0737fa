import { beforeEach, describe, expect, it } from 'vitest';
import { CONVERSATIONS_TARGET } from '../../../protocol/endpoints.ts';
import { ProtocolError } from '../../../protocol/errors.ts';
import { parseDomain } from '../../../protocol/ids.ts';
import { StoreUnavailableError } from '../../domain/store-unavailable-error.ts';
import { makeKeys } from '../keys/testing/peer-documents.ts';
import { codeOf, createFixture } from './testing/handler-fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});

describe('replay', () => {
  it('[SIG-5] the same request is refused the second time', async () => {
    const request = fixture.signed();
    expect(await fixture.outcomeOf(request)).toBe(202);
    expect(codeOf(await fixture.handle(request))).toBe('replay_detected');
    expect(fixture.calls).toHaveLength(1);
  });

  it('[SIG-5] a nonce is remembered for 660 s from acceptance', async () => {
    await fixture.handle(fixture.signed());
    expect([...fixture.nonces.spent.values()]).toEqual([new Date(fixture.clock.now().getTime() + 660_000)]);
  });

  it('[SIG-5] another domain may use the same nonce', async () => {
    const keys = await makeKeys(parseDomain('c.test'));
    fixture.published.set(keys.domain, keys);
    const nonce = 'AAAAAAAAAAAAAAAAAAAAAA';
    expect(await fixture.outcomeOf(fixture.signed({ nonce }))).toBe(202);
    expect(await fixture.outcomeOf(fixture.signed({ nonce, keys }))).toBe(202);
  });

  it.each([
    ['invalid_json', '{'],
    ['invalid_body', '{}'],
  ])('[SIG-5] a nonce is spent by a request refused later as %s', async (code, body) => {
    const request = fixture.signed({ body });
    expect(await fixture.outcomeOf(request)).toBe(code);
    expect(await fixture.outcomeOf(request)).toBe('replay_detected');
  });

  it('[SIG-5] a nonce is spent by a request that the verb refuses', async () => {
    const request = fixture.signed();
    fixture.refusals.error = new ProtocolError('sender_domain_mismatch');
    expect(codeOf(await fixture.handle(request))).toBe('sender_domain_mismatch');
    expect(codeOf(await fixture.handle(request))).toBe('replay_detected');
  });

  it.each([
    ['signature_invalid', { signedTarget: CONVERSATIONS_TARGET }],
    ['timestamp_out_of_window', { createdOffset: -301 }],
    ['misdirected', { destination: parseDomain('c.test') }],
    ['unknown_key', { kid: 'other' }],
  ])('[SIG-5] a request refused earlier as %s spends nothing', async (code, spoilt) => {
    const nonce = 'AAAAAAAAAAAAAAAAAAAAAA';
    expect(await fixture.outcomeOf(fixture.signed({ nonce, ...spoilt }))).toBe(code);
    expect(fixture.nonces.spent.size).toBe(0);
    expect(await fixture.outcomeOf(fixture.signed({ nonce }))).toBe(202);
  });

  it('[SIG-5] a request whose commit came through but was not heard of is 503, never a repeat of itself', async () => {
    fixture.verbs.acceptMessages = (_bodies, _origin, ticket) =>
      ticket.spendWith(async (nonce) => {
        if (nonce !== null) await fixture.nonces.accept(nonce);
        throw new StoreUnavailableError();
      });
    expect(await fixture.outcomeOf(fixture.signed())).toBe('unavailable');
  });

  it('[SIG-5] [API-10] a repeat takes nothing from the rate of its author', async () => {
    fixture = await createFixture({ rateLimits: { requestsPerSecond: 1, requestBurst: 2 } });
    const request = fixture.signed();
    expect(await fixture.outcomeOf(request)).toBe(202);
    for (let time = 0; time < 5; time += 1) expect(codeOf(await fixture.handle(request))).toBe('replay_detected');
    expect(await fixture.outcomeOf(fixture.signed())).toBe(202);
    expect(await fixture.outcomeOf(fixture.signed())).toBe('rate_limited');
  });

  it('[SIG-5] where nonces cannot be remembered nothing is accepted', async () => {
    fixture.nonces.fails = true;
    expect(await fixture.outcomeOf(fixture.signed())).toBe('unavailable');
  });
});
