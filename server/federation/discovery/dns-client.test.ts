import packet from 'dns-packet';
import type { Answer } from 'dns-packet';
import { describe, expect, it } from 'vitest';

import { createDnsClient } from './dns-client.ts';
import type { DnsClient } from './dns-client.ts';
import { startDnsServer } from './testing/dns-server.ts';
import type { ScriptedDnsReply, ScriptedDnsServer, SeenQuery } from './testing/dns-server.ts';

const SRV_NAME = '_securechat-s2s._tcp.b.test';

function srv(name: string, target: string, ttl = 300): Answer {
  return { name, type: 'SRV', ttl, data: { priority: 10, weight: 5, port: 8448, target } };
}
function cname(name: string, data: string, ttl = 300): Answer {
  return { name, type: 'CNAME', ttl, data };
}
function soa(ttl: number, minimum: number): Answer {
  return { name: 'b.test', type: 'SOA', ttl, data: { mname: 'ns.b.test', rname: 'root.b.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum } };
}

async function withServer<Result>(
  script: (query: SeenQuery) => ScriptedDnsReply,
  use: (dns: DnsClient, server: ScriptedDnsServer) => Promise<Result>,
): Promise<Result> {
  await using server = await startDnsServer(script);
  return await use(clientOf([server]), server);
}

function clientOf(servers: readonly { host: string; port: number }[], timeoutMs = 2_000): DnsClient {
  return createDnsClient({ servers, timeoutMs, randomInt: (below) => Math.floor(Math.random() * below) });
}

describe('createDnsClient', () => {
  it('[DISC-1] reads SRV records with their TTL, names folded to lower case', async () => {
    const answer = await withServer(() => ({ answers: [srv(SRV_NAME.toUpperCase(), 'S2S.B.test.', 77)] }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer).toEqual({
      kind: 'records',
      records: [{ priority: 10, weight: 5, port: 8448, target: 's2s.b.test' }],
      ttlSeconds: 77,
      authenticated: false,
    });
  });

  it('[KEY-4] joins the chunks of a TXT record and tells the AD bit', async () => {
    const answer = await withServer(
      () => ({ authenticated: true, answers: [{ name: 'k.b.test', type: 'TXT', ttl: 60, data: ['v=sc1; k=ed', '25519'] }] }),
      (dns) => dns.query('k.b.test', 'TXT'),
    );
    expect(answer).toEqual({ kind: 'records', records: ['v=sc1; k=ed25519'], ttlSeconds: 60, authenticated: true });
  });

  it('reads A and AAAA records', async () => {
    await withServer(
      ({ type }) => ({ answers: [type === 'A' ? { name: 'b.test', type: 'A', ttl: 1, data: '192.0.2.7' } : { name: 'b.test', type: 'AAAA', ttl: 1, data: '2001:db8::7' }] }),
      async (dns) => {
        expect(await dns.query('b.test', 'A')).toMatchObject({ records: ['192.0.2.7'] });
        expect(await dns.query('b.test', 'AAAA')).toMatchObject({ records: ['2001:db8::7'] });
      },
    );
  });

  it('[DISC-3] comes back over TCP when the answer is truncated', async () => {
    const many = Array.from({ length: 60 }, (_, index) => srv(SRV_NAME, `s${index}.b.test`));
    const { answer, transports } = await withServer(
      ({ transport }) => (transport === 'udp' ? { truncated: true } : { answers: many }),
      async (dns, server) => ({ answer: await dns.query(SRV_NAME, 'SRV'), transports: server.queries.map((query) => query.transport) }),
    );
    expect(answer.kind === 'records' && answer.records.length).toBe(60);
    expect(transports).toEqual(['udp', 'tcp']);
  });

  it('[DISC-3] an answer that is truncated over TCP too is malformed', async () => {
    const answer = await withServer(() => ({ truncated: true }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer).toEqual({ kind: 'failure', reason: 'malformed' });
  });

  it.each([
    { name: 'the smallest TTL of CNAMEs and set counts', cnameTtl: 20, srvTtl: 90, expected: 20 },
    { name: 'the smallest TTL of CNAMEs and set counts, the other way round', cnameTtl: 90, srvTtl: 20, expected: 20 },
    { name: 'a TTL of 2^31 counts as 0', cnameTtl: 90, srvTtl: 2 ** 31, expected: 0 },
    { name: 'a TTL of 2^31 − 1 is capped at 86 400', cnameTtl: 2 ** 31 - 1, srvTtl: 2 ** 31 - 1, expected: 86_400 },
  ])('[DISC-3] $name', async ({ cnameTtl, srvTtl, expected }) => {
    const answer = await withServer(
      () => ({ answers: [cname(SRV_NAME, 'x.c.test', cnameTtl), srv('x.c.test', 's.c.test', srvTtl)] }),
      (dns) => dns.query(SRV_NAME, 'SRV'),
    );
    expect(answer).toMatchObject({ kind: 'records', ttlSeconds: expected });
  });

  const chain = (length: number): Answer[] => Array.from({ length }, (_, index) => cname(index === 0 ? SRV_NAME : `c${index}.test`, `c${index + 1}.test`));

  it('[DISC-2] follows a CNAME chain of 8', async () => {
    const answer = await withServer(() => ({ answers: [...chain(8), srv('c8.test', 's.b.test')] }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer.kind).toBe('records');
  });

  it('[DISC-2] refuses a CNAME chain of 9', async () => {
    const answer = await withServer(() => ({ answers: [...chain(9), srv('c9.test', 's.b.test')] }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer).toEqual({ kind: 'failure', reason: 'cname_loop' });
  });

  it('[DISC-2] refuses a CNAME loop', async () => {
    const answer = await withServer(() => ({ answers: [cname(SRV_NAME, 'c.test'), cname('c.test', SRV_NAME)] }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer).toEqual({ kind: 'failure', reason: 'cname_loop' });
  });

  it('[DISC-2] asks on where a server stops at the alias', async () => {
    const answer = await withServer(
      ({ name }) => ({ answers: [name === SRV_NAME ? cname(SRV_NAME, 'x.c.test', 9) : srv('x.c.test', 's.c.test')] }),
      (dns) => dns.query(SRV_NAME, 'SRV'),
    );
    expect(answer).toMatchObject({ kind: 'records', ttlSeconds: 9 });
  });

  it.each([
    { name: 'SOA TTL', ttl: 40, minimum: 90, expected: 40 },
    { name: 'SOA MINIMUM', ttl: 90, minimum: 50, expected: 50 },
    { name: '300 s', ttl: 9_000, minimum: 9_000, expected: 300 },
  ])('[DISC-3] a negative answer holds for the smallest of the three, here $name', async ({ ttl, minimum, expected }) => {
    await withServer(
      ({ type }) => ({ rcode: type === 'SRV' ? 3 : 0, authorities: [soa(ttl, minimum)] }),
      async (dns) => {
        expect(await dns.query(SRV_NAME, 'SRV')).toEqual({ kind: 'nxdomain', ttlSeconds: expected });
        expect(await dns.query(SRV_NAME, 'TXT')).toEqual({ kind: 'nodata', ttlSeconds: expected });
      },
    );
  });

  it('[DISC-3] a negative answer without SOA holds for no time', async () => {
    const answer = await withServer(() => ({ rcode: 3 }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer).toEqual({ kind: 'nxdomain', ttlSeconds: null });
  });

  it.each([
    { rcode: 2, reason: 'servfail' },
    { rcode: 5, reason: 'refused' },
  ])('[DISC-1] rcode $rcode is a failure, never a "no"', async ({ rcode, reason }) => {
    const answer = await withServer(() => ({ rcode }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer).toEqual({ kind: 'failure', reason });
  });

  it('[DISC-1] an answer that cannot be decoded is malformed', async () => {
    const answer = await withServer(
      () => ({
        bytes: (query) => {
          const whole = packet.encode({ type: 'response', id: query.id, questions: query.questions, answers: [srv(SRV_NAME, 's.b.test')] });
          return whole.subarray(0, whole.length - 4);
        },
      }),
      (dns) => dns.query(SRV_NAME, 'SRV'),
    );
    expect(answer).toEqual({ kind: 'failure', reason: 'malformed' });
  });

  it('waits past packets that answer another id, another name or nothing', async () => {
    const answer = await withServer(
      () => ({
        answers: [srv(SRV_NAME, 'right.b.test')],
        decoys: (query) => [
          packet.encode({ type: 'response', id: ((query.id ?? 0) + 1) & 0xffff, questions: query.questions, answers: [srv(SRV_NAME, 'wrong.test')] }),
          packet.encode({ type: 'response', id: query.id, questions: [{ type: 'SRV', name: 'other.test' }], answers: [srv('other.test', 'wrong.test')] }),
          packet.encode({ type: 'query', id: query.id, questions: query.questions }),
          Buffer.from([1, 2, 3]),
        ],
      }),
      (dns) => dns.query(SRV_NAME, 'SRV'),
    );
    expect(answer).toMatchObject({ kind: 'records', records: [{ target: 'right.b.test' }] });
  });

  it('does not take records of another name', async () => {
    const answer = await withServer(() => ({ answers: [srv('other.test', 'wrong.test')] }), (dns) => dns.query(SRV_NAME, 'SRV'));
    expect(answer.kind).toBe('nodata');
  });

  it('asks the next server when the first fails', async () => {
    await using broken = await startDnsServer(() => ({ rcode: 2 }));
    await using good = await startDnsServer(() => ({ answers: [srv(SRV_NAME, 's.b.test')] }));
    const answer = await clientOf([broken, good]).query(SRV_NAME, 'SRV');
    expect(answer.kind).toBe('records');
    expect(broken.queries.length).toBe(1);
  });

  it('asks again when a packet was lost', async () => {
    let asked = 0;
    await using server = await startDnsServer(() => (++asked === 1 ? { silent: true } : { answers: [srv(SRV_NAME, 's.b.test')] }));
    expect((await clientOf([server], 100).query(SRV_NAME, 'SRV')).kind).toBe('records');
  });

  it('[DISC-1] silence is a timeout', async () => {
    await using server = await startDnsServer(() => ({ silent: true }));
    expect(await clientOf([server], 50).query(SRV_NAME, 'SRV')).toEqual({ kind: 'failure', reason: 'timeout' });
  });

  it('[DISC-1] a closed port is a failure', async () => {
    const gone = await startDnsServer(() => ({}));
    await gone[Symbol.asyncDispose]();
    const answer = await clientOf([gone], 500).query(SRV_NAME, 'SRV');
    expect(answer.kind).toBe('failure');
  });
});
