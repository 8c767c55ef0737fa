import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import { createDnsClient } from '../../server/federation/discovery/dns-client.ts';
import { createPeerResolver } from '../../server/federation/discovery/resolve-peer.ts';
import type { FindEndpoints, PeerResolution, PeerResolver } from '../../server/federation/discovery/resolve-peer.ts';
import { askedAt, createMovedClock, CROWD, SRV, startNamedGround, timesAsked, transportsOf } from '../support/named-ground.ts';
import type { NamedServer } from '../support/named-server.ts';
import { createSeededRandom } from '../support/seeded-random.ts';

const DNS_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 240_000;
const PICKS = 600;

let ground: Awaited<ReturnType<typeof startNamedGround>>;
let authoritative: NamedServer;
let neighbour: NamedServer;
let recursive: NamedServer;

beforeAll(async () => {
  ground = await startNamedGround();
  ({ authoritative, neighbour, recursive } = ground);
}, START_TIMEOUT_MS);

afterAll(() => ground?.stop());

const dnsOf = (...servers: readonly NamedServer[]) => createDnsClient({ servers, timeoutMs: DNS_TIMEOUT_MS, randomInt });

/** The resolver of an instance that asks this server, with a clock that stands until it is moved. */
function resolverOn(server: NamedServer, options: { readonly findEndpoints?: FindEndpoints; readonly random?: () => number } = {}) {
  const clock = createMovedClock();
  const resolver: PeerResolver = createPeerResolver({
    dns: dnsOf(server),
    staticPeers: new Map(),
    findEndpoints: options.findEndpoints ?? (async () => []),
    random: options.random ?? createSeededRandom(1),
    clock,
  });
  return {
    resolve: (domain: string): Promise<PeerResolution> => resolver.resolve(parseDomain(domain)),
    passSeconds: clock.passSeconds,
  };
}

describe('[DISC-1] what named answers', () => {
  test('[DISC-1] SRV records are found, with names in lower case and the lowest priority first', async () => {
    expect(await resolverOn(authoritative).resolve('mixed.peers.test')).toEqual({
      kind: 'targets',
      targets: [
        { host: 'two.peers.test', port: 7002, serverName: 'mixed.peers.test' },
        { host: 'one.peers.test', port: 7001, serverName: 'mixed.peers.test' },
      ],
    });
  });

  test('[DISC-1] NXDOMAIN and NODATA are told apart, and both lead to the endpoints of the key document', async () => {
    const dns = dnsOf(authoritative);
    expect(await dns.query(`${SRV}.absent.peers.test`, 'SRV')).toEqual({ kind: 'nxdomain', ttlSeconds: 60 });
    expect(await dns.query(`${SRV}.nodata.peers.test`, 'SRV')).toEqual({ kind: 'nodata', ttlSeconds: 60 });
    for (const domain of ['absent.peers.test', 'nodata.peers.test']) {
      const { resolve } = resolverOn(authoritative, { findEndpoints: async () => ['chat.example.org:8448'] });
      const targets = [{ host: 'chat.example.org', port: 8448, serverName: 'chat.example.org' }];
      expect(await resolve(domain)).toEqual({ kind: 'targets', targets });
    }
  });

  test.each([
    ['a zone that named could not load', 'unloadable.test', 'servfail'],
    ['a zone that named does not serve', 'elsewhere.test', 'refused'],
  ])('[DISC-1] %s is a passing failure, and the key document is not asked instead', async (_, domain, reason) => {
    const asked: string[] = [];
    const { resolve } = resolverOn(authoritative, { findEndpoints: async (name) => (asked.push(name), []) });
    expect(await resolve(domain)).toEqual({ kind: 'failure', reason: 'dns_failure', detail: reason });
    expect(asked).toEqual([]);
  });

  test('[DISC-1] behind a resolver a lame delegation and a broken DNSSEC chain are SERVFAIL, a sound chain is authentic', async () => {
    const dns = dnsOf(recursive);
    expect(await dns.query(`${SRV}.elsewhere.test`, 'SRV')).toEqual({ kind: 'failure', reason: 'servfail' });
    expect(await dns.query(`${SRV}.forged.test`, 'SRV')).toEqual({ kind: 'failure', reason: 'servfail' });
    expect(await dns.query(`${SRV}.signed.test`, 'SRV')).toMatchObject({ kind: 'records', authenticated: true });
    expect(await dns.query(`${SRV}.mixed.peers.test`, 'SRV')).toMatchObject({ kind: 'records', authenticated: false });
  });

  test('[DISC-1] a server that cannot tell does not keep the next one from answering', async () => {
    expect(await dnsOf(neighbour, authoritative).query(`${SRV}.mixed.peers.test`, 'SRV')).toMatchObject({ kind: 'records' });
    expect(await timesAsked(neighbour, `${SRV}.mixed.peers.test`)).toBe(1);
  });
});

describe('[DISC-3] how long an answer is kept, by the query log of named', () => {
  test.each([
    { what: 'TTL 0 for calls within one second', domain: 'ttl-0.peers.test', seconds: [0, 0.5, 0.999, 1, 1.5], counts: [1, 1, 1, 2, 2] },
    { what: 'TTL 2 for two seconds', domain: 'ttl-2.peers.test', seconds: [0, 1.999, 2, 3.999, 4], counts: [1, 1, 2, 2, 3] },
    { what: 'TTL 300 for five minutes', domain: 'ttl-300.peers.test', seconds: [0, 150, 299.999, 300], counts: [1, 1, 1, 2] },
    { what: 'an alias of TTL 2 before a set of TTL 300 for two seconds', domain: 'alias.peers.test', seconds: [0, 1.999, 2], counts: [1, 1, 2] },
    { what: 'NXDOMAIN for the minimum of the SOA', domain: 'absent-60.peers.test', seconds: [0, 59.999, 60], counts: [1, 1, 2] },
    { what: 'NODATA for the minimum of the SOA', domain: 'nodata.peers.test', seconds: [0, 59.999, 60], counts: [1, 1, 2] },
    { what: 'NXDOMAIN for the TTL of the SOA where that is less', domain: 'absent.brief.test', seconds: [0, 19.999, 20], counts: [1, 1, 2] },
    { what: 'NXDOMAIN for 300 s at most', domain: 'absent.long.test', seconds: [0, 299.999, 300], counts: [1, 1, 2] },
    { what: 'SERVFAIL for 30 s', domain: 'some.unloadable.test', seconds: [0, 29.999, 30], counts: [1, 1, 2] },
  ])('[DISC-3] $what', async ({ domain, seconds, counts }) => {
    const { resolve, passSeconds } = resolverOn(authoritative);
    expect(await askedAt(seconds, { server: authoritative, name: `${SRV}.${domain}`, ask: () => resolve(domain), passSeconds })).toEqual(counts);
  });

  test('[DISC-3] what a resolver kept for a while is kept here for the rest of its time only', async () => {
    const first = await dnsOf(recursive).query(`${SRV}.ttl-300.peers.test`, 'SRV');
    expect(first).toMatchObject({ kind: 'records' });
    expect(await timesAsked(authoritative, `${SRV}.ttl-300.peers.test`)).toBeGreaterThan(0);
    const { resolve } = resolverOn(recursive);
    const all = await Promise.all(Array.from({ length: 20 }, () => resolve('ttl-2.peers.test')));
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['targets']));
    expect(await timesAsked(recursive, `${SRV}.ttl-2.peers.test`)).toBe(1);
  });
});

describe('[DISC-2] chains, sizes and choices', () => {
  test.each(['authoritative', 'recursive'] as const)('[DISC-2] a chain of 8 aliases leads on, one of 9 and a loop do not (%s)', async (kind) => {
    const { resolve } = resolverOn(kind === 'authoritative' ? authoritative : recursive);
    const target = { host: 's2s.peers.test', port: 8448 };
    expect(await resolve('chain8.peers.test')).toMatchObject({ kind: 'targets', targets: [target] });
    expect(await resolve('chain9.peers.test')).toEqual({ kind: 'failure', reason: 'dns_failure', detail: 'cname_loop' });
    expect(await resolve('loop.peers.test')).toMatchObject({ kind: 'failure', reason: 'dns_failure' });
  });

  test('[DISC-2] aliases between servers that stop at them are followed here, and a loop between them ends', async () => {
    const dns = dnsOf(authoritative, neighbour);
    expect(await dns.query(`${SRV}.abroad.peers.test`, 'SRV')).toMatchObject({ kind: 'records', records: [{ target: 's2s.neighbour.test' }] });
    expect(await dns.query(`${SRV}.there.peers.test`, 'SRV')).toEqual({ kind: 'failure', reason: 'cname_loop' });
  });

  test('[DISC-3] an answer too large for a packet is asked for again over TCP and read whole', async () => {
    const answer = await dnsOf(authoritative).query(`${SRV}.crowd.peers.test`, 'SRV');
    expect(answer.kind === 'records' && answer.records.length).toBe(CROWD);
    expect(await transportsOf(authoritative, `${SRV}.crowd.peers.test`)).toEqual(['udp', 'tcp']);
  });

  test('[DISC-2] at most the ten best of many targets are tried', async () => {
    const resolution = await resolverOn(authoritative).resolve('crowd.peers.test');
    const hosts = resolution.kind === 'targets' ? resolution.targets.map(({ host }) => host.split('.')[0]) : [];
    expect(hosts).toEqual(Array.from({ length: 10 }, (_, index) => `s2s-${index}`));
  });

  test('[DISC-2] the single target `.` means no federation, and beside another one it is ignored', async () => {
    const { resolve } = resolverOn(authoritative);
    expect(await resolve('nowhere.peers.test')).toEqual({ kind: 'no_federation' });
    expect(await resolve('partly.peers.test')).toMatchObject({ kind: 'targets', targets: [{ host: 's2s.peers.test', port: 8448 }] });
  });

  test('[DISC-2] of weights 90 and 10 the first choice falls on each in that measure, never on a later priority', async () => {
    const { resolve } = resolverOn(authoritative, { random: createSeededRandom(20_260_101) });
    const first = new Map<string, number>();
    for (let pick = 0; pick < PICKS; pick += 1) {
      const resolution = await resolve('weights.peers.test');
      const hosts = resolution.kind === 'targets' ? resolution.targets.map(({ host }) => host) : [];
      expect(hosts.toSorted()).toEqual(['heavy.peers.test', 'light.peers.test', 'spare.peers.test']);
      expect(hosts.at(-1)).toBe('spare.peers.test');
      first.set(hosts[0] ?? '', (first.get(hosts[0] ?? '') ?? 0) + 1);
    }
    const percentHeavy = ((first.get('heavy.peers.test') ?? 0) / PICKS) * 100;
    expect(percentHeavy).toBeGreaterThan(85);
    expect(percentHeavy).toBeLessThan(95);
    expect(await timesAsked(authoritative, `${SRV}.weights.peers.test`)).toBe(1);
  });
});
