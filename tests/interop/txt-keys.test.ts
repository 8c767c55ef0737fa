import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import { createDnsClient } from '../../server/federation/discovery/dns-client.ts';
import { createFindTxtKeys } from '../../server/federation/keys/find-txt-keys.ts';
import { askedAt, createMovedClock, recordedKeys, startNamedGround, timesAsked, transportsOf, TXT } from '../support/named-ground.ts';
import type { NamedServer } from '../support/named-server.ts';

const DNS_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 240_000;
const found = { [recordedKeys.kid]: recordedKeys.publicKeyBase64 };

let ground: Awaited<ReturnType<typeof startNamedGround>>;
let authoritative: NamedServer;
let recursive: NamedServer;

beforeAll(async () => {
  ground = await startNamedGround();
  ({ authoritative, recursive } = ground);
}, START_TIMEOUT_MS);

afterAll(() => ground?.stop());

/** The lookup of keys of an instance that asks this server, with a clock that stands until it is moved. */
function keyFinderOn(server: NamedServer, settings: { readonly policy: 'dnssec' | 'always'; readonly trustAd?: boolean }) {
  const clock = createMovedClock();
  const { policy, trustAd = false } = settings;
  const find = createFindTxtKeys({ dns: createDnsClient({ servers: [server], timeoutMs: DNS_TIMEOUT_MS, randomInt }), clock, policy, trustAd });
  return {
    /** The keys found, in base64 by kid. */
    async find(domain: string): Promise<Readonly<Record<string, string>>> {
      const keys = await find(parseDomain(domain));
      return Object.fromEntries([...keys].map(([kid, publicKey]) => [kid, Buffer.from(publicKey).toString('base64')]));
    },
    passSeconds: clock.passSeconds,
  };
}

test.each(['ttl-300', 'chunks', 'alias'])('[KEY-4] keys are found, whole or in chunks or behind an alias (%s)', async (name) => {
  expect(await keyFinderOn(authoritative, { policy: 'always' }).find(`${name}.peers.test`)).toEqual(found);
});

test('[KEY-4] keys are found over TCP among records of others that fill more than a packet', async () => {
  expect(await keyFinderOn(authoritative, { policy: 'always' }).find('crowd.peers.test')).toEqual(found);
  expect(await transportsOf(authoritative, `${TXT}.crowd.peers.test`)).toEqual(['udp', 'tcp']);
});

test('[KEY-4] keys count under `dnssec` where a trusted resolver proved them, and nowhere else', async () => {
  const trusting = keyFinderOn(recursive, { policy: 'dnssec', trustAd: true });
  expect(await trusting.find('signed.test')).toEqual(found);
  expect(await trusting.find('ttl-300.peers.test')).toEqual({});
  expect(await trusting.find('forged.test')).toEqual({});
  // The server of the zone itself proves nothing, and a resolver that is not trusted is not even asked.
  expect(await keyFinderOn(authoritative, { policy: 'dnssec', trustAd: true }).find('signed.test')).toEqual({});
  const before = await timesAsked(recursive, `${TXT}.signed.test`);
  expect(await keyFinderOn(recursive, { policy: 'dnssec' }).find('signed.test')).toEqual({});
  expect(await timesAsked(recursive, `${TXT}.signed.test`)).toBe(before);
});

test.each(['absent.peers.test', 'unloadable.test', 'nodata.peers.test'])('[KEY-4] there are none where there is no answer (%s)', async (domain) => {
  expect(await keyFinderOn(authoritative, { policy: 'always' }).find(domain)).toEqual({});
});

test.each([
  { what: 'keys of TTL 0 for calls within one second', domain: 'ttl-0.peers.test', seconds: [0, 0.999, 1, 1.5], counts: [1, 1, 2, 2] },
  { what: 'keys of TTL 2 for two seconds', domain: 'ttl-2.peers.test', seconds: [0, 1.999, 2], counts: [1, 1, 2] },
  { what: 'keys of TTL 300 for five minutes', domain: 'ttl-300.peers.test', seconds: [0, 299.999, 300], counts: [1, 1, 2] },
  { what: 'that there are no keys for the minimum of the SOA', domain: 'absent.peers.test', seconds: [0, 59.999, 60], counts: [1, 1, 2] },
])('[DISC-3] $what', async ({ domain, seconds, counts }) => {
  const { find, passSeconds } = keyFinderOn(authoritative, { policy: 'always' });
  expect(await askedAt(seconds, { server: authoritative, name: `${TXT}.${domain}`, ask: () => find(domain), passSeconds })).toEqual(counts);
});
