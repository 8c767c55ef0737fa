import { beforeEach, describe, expect, it } from 'vitest';
import { parseDomain, parseKeyId } from '../../../protocol/ids.ts';
import { formatKeyTxt } from '../../../protocol/key-txt.ts';
import type { DnsAnswer, DnsClient } from '../discovery/dns-client.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createFindTxtKeys } from './find-txt-keys.ts';
import { generateKeyPem, readSigningKey } from './signing-key.ts';

const domain = parseDomain('a.test');
const key = readSigningKey(generateKeyPem());
const other = readSigningKey(generateKeyPem());
const WEAK = Buffer.from([1, ...new Uint8Array(31)]).toString('base64');

let clock: ReturnType<typeof createFakeClock>;
let asked: string[];
beforeEach(() => {
  clock = createFakeClock();
  asked = [];
});

const records = (texts: readonly string[], { ttlSeconds = 300, authenticated = true } = {}): DnsAnswer<'TXT'> => ({
  kind: 'records', records: texts, ttlSeconds, authenticated,
});

function arrange(answer: DnsAnswer<'TXT'>, settings: { policy?: 'dnssec' | 'always' | 'never'; trustAd?: boolean } = {}) {
  const dns: DnsClient = {
    query: async (name, type) => {
      asked.push(`${type} ${name}`);
      // Only TXT is ever asked for, which no type can say here.
      return answer as never;
    },
  };
  const find = createFindTxtKeys({ dns, clock, policy: 'dnssec', trustAd: true, ...settings });
  return async (): Promise<readonly string[]> => [...(await find(domain))].map(([kid, bytes]) => `${kid} ${Buffer.from(bytes).toString('base64')}`);
}
const line = ({ kid, publicKey } = key): string => `${kid} ${publicKey}`;

describe('what is read', () => {
  it('[KEY-4] is every well-formed record at the name for keys', async () => {
    const find = arrange(records(['v=spf1 -all', formatKeyTxt(key), `${formatKeyTxt(other)};`, 'k=ed25519; v=sc1']));
    expect(await find()).toEqual([line(), line(other)]);
    expect(asked).toEqual(['TXT _securechat-s2s-key.a.test']);
  });

  it('[KEY-4] [SIG-7] is no key of small order, the others are', async () => {
    const find = arrange(records([formatKeyTxt({ kid: parseKeyId('weak'), publicKey: WEAK }), formatKeyTxt(key)]));
    expect(await find()).toEqual([line()]);
  });

  it('[KEY-4] is no kid that stands for two different keys; the same record twice is one', async () => {
    const find = arrange(records([formatKeyTxt({ ...key, kid: other.kid }), formatKeyTxt(other), formatKeyTxt(key), formatKeyTxt(key)]));
    expect(await find()).toEqual([line()]);
  });

  it('[KEY-2] [KEY-4] are eight keys; nine are none', async () => {
    const nine = Array.from({ length: 9 }, (_, index) => formatKeyTxt({ kid: parseKeyId(`k${index}`), publicKey: key.publicKey }));
    expect(await arrange(records(nine.slice(1)))()).toHaveLength(8);
    expect(await arrange(records(nine))()).toEqual([]);
  });
});

describe('what authenticates', () => {
  it.each([
    { policy: 'dnssec', trustAd: true, authenticated: true, found: [line()], queries: 1 },
    { policy: 'dnssec', trustAd: true, authenticated: false, found: [], queries: 1 },
    { policy: 'dnssec', trustAd: false, authenticated: true, found: [], queries: 0 },
    { policy: 'always', trustAd: false, authenticated: false, found: [line()], queries: 1 },
    { policy: 'always', trustAd: true, authenticated: true, found: [line()], queries: 1 },
    { policy: 'never', trustAd: true, authenticated: true, found: [], queries: 0 },
  ] as const)('[KEY-4] under $policy, the resolver trusted $trustAd and the AD bit $authenticated', async ({ authenticated, found, queries, ...settings }) => {
    const find = arrange(records([formatKeyTxt(key)], { authenticated }), settings);
    expect([await find(), asked.length]).toEqual([found, queries]);
  });
});

describe('how long an answer counts', () => {
  it.each<[string, DnsAnswer<'TXT'>, number]>([
    ['records for their TTL', records([formatKeyTxt(key)]), 300],
    ['records with a TTL of 0 for 1 s', records([formatKeyTxt(key)], { ttlSeconds: 0 }), 1],
    ['records for an hour at most', records([formatKeyTxt(key)], { ttlSeconds: 86_400 }), 3_600],
    ['NXDOMAIN for what its SOA allows', { kind: 'nxdomain', ttlSeconds: 90 }, 90],
    ['a failure for 30 s', { kind: 'failure', reason: 'servfail' }, 30],
  ])('[DISC-3] [KEY-4] %s', async (_, answer, seconds) => {
    const find = arrange(answer);
    await find();
    clock.advance(seconds - 0.001);
    await find();
    expect(asked).toHaveLength(1);
    clock.advance(0.001);
    await find();
    expect(asked).toHaveLength(2);
  });

  it('[DISC-3] NODATA without an SOA record for no time', async () => {
    const find = arrange({ kind: 'nodata', ttlSeconds: null });
    await find();
    await find();
    expect(asked).toHaveLength(2);
  });
});
