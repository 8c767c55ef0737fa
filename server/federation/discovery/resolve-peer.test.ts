import { describe, expect, it } from 'vitest';

import { parseDomain } from '../../../protocol/ids.ts';
import { createDnsClient } from './dns-client.ts';
import { createPeerResolver } from './resolve-peer.ts';
import type { FindEndpoints, PeerResolution, PeerResolverOptions } from './resolve-peer.ts';
import { startDnsServer } from './testing/dns-server.ts';
import type { ScriptedDnsReply, SeenQuery } from './testing/dns-server.ts';

const B = parseDomain('b.test');
const SRV_NAME = '_securechat-s2s._tcp.b.test';

const noDocument: FindEndpoints = async () => 'unavailable';

function srvReply(...places: readonly (readonly [target: string, port: number, priority?: number])[]): ScriptedDnsReply {
  return {
    answers: places.map(([target, port, priority = 0]) => ({ name: SRV_NAME, type: 'SRV', ttl: 60, data: { priority, weight: 0, port, target } })),
  };
}

async function resolve(
  script: (query: SeenQuery) => ScriptedDnsReply,
  options: Partial<Pick<PeerResolverOptions, 'findEndpoints' | 'staticPeers'>> = {},
): Promise<{ readonly resolution: PeerResolution; readonly asked: readonly string[] }> {
  await using server = await startDnsServer(script);
  const resolver = createPeerResolver({
    dns: createDnsClient({ servers: [server], timeoutMs: 2_000, randomInt: () => 4_711 }),
    staticPeers: new Map(),
    findEndpoints: noDocument,
    random: () => 0.5,
    clock: { now: () => new Date(0) },
    ...options,
  });
  const resolution = await resolver.resolve(B);
  return { resolution, asked: server.queries.map(({ name, type }) => `${type} ${name}`) };
}

async function targetsOf(...args: Parameters<typeof resolve>): Promise<readonly string[]> {
  const { resolution } = await resolve(...args);
  if (resolution.kind !== 'targets') throw new Error(`no targets but ${resolution.kind}`);
  return resolution.targets.map(({ host, port, serverName }) => `${host}:${port} as ${serverName}`);
}

const nothing = (): ScriptedDnsReply => ({ rcode: 0 });
const nameless = (): ScriptedDnsReply => ({ rcode: 3 });

describe('createPeerResolver', () => {
  it('[DISC-1] a static entry is used without DNS', async () => {
    const { resolution, asked } = await resolve(nameless, { staticPeers: new Map([[B, { host: '127.0.0.2', port: 8448 }]]) });
    expect(resolution).toEqual({ kind: 'targets', targets: [{ host: '127.0.0.2', port: 8448, serverName: 'b.test' }] });
    expect(asked).toEqual([]);
  });

  it('[DISC-1] SRV targets are used in order, and nothing else', async () => {
    const found = await targetsOf(() => srvReply(['two.b.test', 2, 20], ['one.b.test', 1, 10]), { findEndpoints: async () => ['other.b.test:9'] });
    expect(found).toEqual(['one.b.test:1 as b.test', 'two.b.test:2 as b.test']);
  });

  it('[DISC-4] the name is the target where the key document lists target and port, else the domain', async () => {
    const found = await targetsOf(() => srvReply(['one.b.test', 1, 1], ['one.b.test', 2, 2]), { findEndpoints: async () => ['one.b.test:1'] });
    expect(found).toEqual(['one.b.test:1 as one.b.test', 'one.b.test:2 as b.test']);
  });

  it('[DISC-4] a key document may name its endpoints in capitals', async () => {
    const findEndpoints: FindEndpoints = async () => ['One.B.test:1'];
    expect(await targetsOf(() => srvReply(['one.b.test', 1]), { findEndpoints })).toEqual(['one.b.test:1 as one.b.test']);
    expect(await targetsOf(nothing, { findEndpoints })).toEqual(['one.b.test:1 as one.b.test']);
  });

  it.each(['absent', 'unavailable'] as const)('[DISC-4] the name is the domain where the key document is %s', async (document) => {
    expect(await targetsOf(() => srvReply(['one.b.test', 1]), { findEndpoints: async () => document })).toEqual(['one.b.test:1 as b.test']);
  });

  it('[DISC-2] one SRV record with target . means no federation', async () => {
    expect((await resolve(() => srvReply(['.', 0]))).resolution).toEqual({ kind: 'no_federation' });
  });

  it.each([
    { name: 'an address', target: '192.0.2.1' },
    { name: 'one label', target: 'localhost' },
  ])('[DISC-1] an SRV target that is $name is a passing failure', async ({ target }) => {
    expect((await resolve(() => srvReply([target, 443]))).resolution).toMatchObject({ kind: 'failure', reason: 'dns_failure' });
    expect(await targetsOf(() => srvReply([target, 443], ['good.b.test', 443]))).toEqual(['good.b.test:443 as b.test']);
  });

  it('[DISC-2] ten SRV targets that are no host names do not hide the eleventh that is one', async () => {
    const unusable = Array.from({ length: 10 }, (_, index) => [`192.0.2.${index}`, 443, 0] as const);
    expect(await targetsOf(() => srvReply(...unusable, ['good.b.test', 443, 1]))).toEqual(['good.b.test:443 as b.test']);
  });

  it.each([{ name: 'NXDOMAIN', reply: nameless }, { name: 'NODATA', reply: nothing }])(
    '[DISC-1] after $name the endpoints of the key document are tried in order under their own names',
    async ({ reply }) => {
      const found = await targetsOf(reply, { findEndpoints: async () => ['one.b.test:8448', 'two.b.test:443', 'bad', 'bad:0', 'bad.test:70000', '10.0.0.1:1'] });
      expect(found).toEqual(['one.b.test:8448 as one.b.test', 'two.b.test:443 as two.b.test']);
    },
  );

  it('[DISC-2] at most 10 endpoints are tried', async () => {
    const listed = Array.from({ length: 12 }, (_, index) => `s${index}.b.test:443`);
    expect((await targetsOf(nothing, { findEndpoints: async () => listed })).length).toBe(10);
  });

  it.each([{ name: 'lists no endpoint', document: [] }, { name: 'is 404 or 410', document: 'absent' as const }])(
    '[DISC-1] the domain itself is tried on port 443 where the key document $name',
    async ({ document }) => {
      expect(await targetsOf(nothing, { findEndpoints: async () => document })).toEqual(['b.test:443 as b.test']);
    },
  );

  it('[DISC-1] a key document that lists only what is no host name leads nowhere for now', async () => {
    const { resolution } = await resolve(nothing, { findEndpoints: async () => ['10.0.0.1:443', 'localhost:443'] });
    expect(resolution).toMatchObject({ kind: 'failure', reason: 'dns_failure' });
  });

  it('[DISC-1] a key document that cannot be fetched is a passing failure', async () => {
    expect((await resolve(nothing)).resolution).toMatchObject({ kind: 'failure', reason: 'key_document_unavailable' });
  });

  it('a domain that has neither SRV nor address does not exist', async () => {
    expect((await resolve(nameless)).resolution).toMatchObject({ kind: 'failure', reason: 'no_such_domain' });
    const registered = await resolve(({ type }) => (type === 'SRV' ? nameless() : nothing()));
    expect(registered.resolution).toMatchObject({ kind: 'failure', reason: 'key_document_unavailable' });
  });

  it('[DISC-1] SERVFAIL is a passing failure and leads nowhere else', async () => {
    const { resolution, asked } = await resolve(() => ({ rcode: 2 }), { findEndpoints: async () => ['one.b.test:1'] });
    expect(resolution).toEqual({ kind: 'failure', reason: 'dns_failure', detail: 'servfail' });
    expect(asked).toEqual([`SRV ${SRV_NAME}`]);
  });
});
