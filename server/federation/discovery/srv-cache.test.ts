import { describe, expect, it } from 'vitest';

import { parseDomain } from '../../../protocol/ids.ts';
import { createSrvCache } from './srv-cache.ts';
import type { DnsAnswer, DnsClient } from './dns-client.ts';

const B = parseDomain('b.test');
const RECORD = { priority: 0, weight: 0, port: 443, target: 's.b.test' };

function records(ttlSeconds: number): DnsAnswer<'SRV'> {
  return { kind: 'records', records: [RECORD], ttlSeconds, authenticated: false };
}

function arrange(answer: DnsAnswer<'SRV'>) {
  const asked: string[] = [];
  const dns: DnsClient = {
    query: async (name, type) => {
      asked.push(`${type} ${name}`);
      await Promise.resolve();
      // Only SRV is ever asked for, which no type can say here.
      return answer as never;
    },
  };
  let nowMs = 0;
  const cache = createSrvCache({ dns, clock: { now: () => new Date(nowMs) } });
  return { cache, asked, advance: (ms: number) => (nowMs += ms) };
}

async function askedAfter(answer: DnsAnswer<'SRV'>, ms: number): Promise<number> {
  const { cache, asked, advance } = arrange(answer);
  await cache.find(B);
  advance(ms);
  await cache.find(B);
  return asked.length;
}

describe('createSrvCache', () => {
  it('asks for the SRV name of the domain', async () => {
    const { cache, asked } = arrange(records(60));
    expect(await cache.find(B)).toEqual(records(60));
    expect(asked).toEqual(['SRV _securechat-s2s._tcp.b.test']);
  });

  it.each([
    { name: 'records, just before their TTL', answer: records(60), ms: 59_999, queries: 1 },
    { name: 'records, at their TTL', answer: records(60), ms: 60_000, queries: 2 },
    { name: 'records of TTL 0, within 1 s', answer: records(0), ms: 999, queries: 1 },
    { name: 'records of TTL 0, after 1 s', answer: records(0), ms: 1_000, queries: 2 },
    { name: 'NXDOMAIN, within its bound', answer: { kind: 'nxdomain', ttlSeconds: 300 } as const, ms: 299_999, queries: 1 },
    { name: 'NXDOMAIN, after its bound', answer: { kind: 'nxdomain', ttlSeconds: 300 } as const, ms: 300_000, queries: 2 },
    { name: 'NODATA without SOA, at once', answer: { kind: 'nodata', ttlSeconds: null } as const, ms: 0, queries: 2 },
    { name: 'SERVFAIL, within 30 s', answer: { kind: 'failure', reason: 'servfail' } as const, ms: 29_999, queries: 1 },
    { name: 'a timeout, after 30 s', answer: { kind: 'failure', reason: 'timeout' } as const, ms: 30_000, queries: 2 },
  ])('[DISC-3] $name: $queries asked', async ({ answer, ms, queries }) => {
    expect(await askedAfter(answer, ms)).toBe(queries);
  });

  it('[DISC-3] shares one query among lookups at the same time', async () => {
    const { cache, asked } = arrange({ kind: 'nodata', ttlSeconds: null });
    await Promise.all([cache.find(B), cache.find(B), cache.find(B)]);
    expect(asked.length).toBe(1);
  });

  it('[ERR-4] asks again after it was told to forget', async () => {
    const { cache, asked } = arrange(records(60));
    await cache.find(B);
    cache.forget(B);
    await cache.find(B);
    expect(asked.length).toBe(2);
  });
});
