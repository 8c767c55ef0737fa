import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import type { Domain } from '../../../protocol/ids.ts';
import type { Peer } from '../../domain/ports.ts';
import type { PeerRequest } from './peer-client.ts';
import { createHello } from './say-hello.ts';

const NOW = new Date('2026-11-18T12:00:00.000Z');
const DAY_MS = 86_400_000;
const ago = (days: number): Date => new Date(NOW.getTime() - days * DAY_MS);
const logger = pino({ level: 'silent' });

function peer(domain: string, seen: Partial<Peer> = { lastInboundAt: ago(1) }): Peer {
  return {
    domain: parseDomain(domain), policy: 'default', keyDocument: null, keyFetchedAt: null, keyFreshUntil: null, lastInboundAt: null,
    lastSuccessAt: null, lastFailureAt: null, lastFailureReason: null, consecutiveFailures: 0, circuitOpenedAt: null, nextAttemptAt: null, ...seen,
  };
}

function arrange(known: readonly Peer[], change: { readonly core?: string; readonly blocked?: string; readonly throws?: string } = {}) {
  const sent: PeerRequest[] = [];
  let greeted: (request: PeerRequest) => void = () => {};
  const hello = createHello({
    peers: { list: async () => known },
    peerClient: {
      isCore: async (domain: Domain) => domain === change.core,
      send: async (request) => {
        sent.push(request);
        greeted(request);
        if (request.destination === change.throws) throw new Error('unforeseen');
        return { kind: 'success', status: 202, json: null };
      },
    },
    isBlocked: async (domain) => domain === change.blocked,
    clock: { now: () => NOW },
    logger,
  });
  return { hello, sent, onGreeting: (run: typeof greeted) => (greeted = run), greeted: () => sent.map(({ destination }) => destination).toSorted() };
}

describe('[API-9] a server that starts', () => {
  it('tells every peer it dealt with that it is back', async () => {
    const { hello, sent } = arrange([peer('b.test')]);
    await hello.sayHello();
    expect(sent).toEqual([{ destination: 'b.test', method: 'POST', target: '/federation/v1/hello', body: '{}' }]);
  });

  it('says it once, however often its database comes back within 5 s', async () => {
    const { hello, sent } = arrange([peer('b.test')]);
    await hello.sayHello();
    await hello.sayHello();
    expect(sent).toHaveLength(1);
  });

  it('greets who was heard from or reached within 7 days, nobody else', async () => {
    const { hello, greeted } = arrange([
      peer('heard.test', { lastInboundAt: ago(6.9) }), peer('reached.test', { lastSuccessAt: ago(6.9), lastInboundAt: ago(300) }),
      peer('long-ago.test', { lastInboundAt: ago(7), lastSuccessAt: ago(8) }), peer('never.test', {}),
    ]);
    await hello.sayHello();
    expect(greeted()).toEqual(['heard.test', 'reached.test']);
  });

  it('says nothing to Core peers and to blocked ones', async () => {
    const { hello, greeted } = arrange([peer('b.test'), peer('c.test'), peer('d.test')], { core: 'b.test', blocked: 'c.test' });
    await hello.sayHello();
    expect(greeted()).toEqual(['d.test']);
  });

  it('goes on with the others where one cannot be told, and never throws', async () => {
    const many = Array.from({ length: 40 }, (_, index) => peer(`p${index}.test`));
    const { hello, sent } = arrange(many, { throws: 'p7.test' });
    await hello.sayHello();
    expect(sent).toHaveLength(40);
  });

  it('begins no further greeting once it is stopped', async () => {
    const { hello, sent, onGreeting } = arrange(Array.from({ length: 100 }, (_, index) => peer(`p${index}.test`)));
    onGreeting(() => hello.stop());
    await hello.sayHello();
    expect(sent.length).toBeLessThanOrEqual(16);
  });
});
