import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFakeDns } from '../../conformance/fake-dns/fake-dns-server.ts';
import type { FakeDnsServer } from '../../conformance/fake-dns/fake-dns-server.ts';
import type { ZoneRecord } from '../../conformance/fake-dns/zone.ts';
import { createCertificateAuthority } from '../../conformance/pki/certificate-authority.ts';
import { parseUserId } from '../../protocol/ids.ts';
import { compose } from '../../server/compose.ts';
import type { Instance } from '../../server/compose.ts';
import { readConfig } from '../../server/config/read-config.ts';
import { startDnsServer } from '../../server/federation/discovery/testing/dns-server.ts';
import type { ScriptedDnsReply } from '../../server/federation/discovery/testing/dns-server.ts';
import { createTestDatabase } from '../../server/persistence/testing-database.ts';
import type { TestDatabase } from '../../server/persistence/testing-database.ts';
import { watchDialledAddresses } from '../support/dialled-addresses.ts';
import type { DialledAddresses } from '../support/dialled-addresses.ts';
import { startDocumentHost } from '../support/document-host.ts';
import type { DocumentHost } from '../support/document-host.ts';
import { json } from '../support/foreign-server.ts';
import { createForeignKeys, keyDocumentJson, signatureHeader } from '../support/foreign-signer.ts';
import { MESSAGES } from '../support/foreign-bodies.ts';
import { PROJECT_ROOT } from '../support/run-command.ts';
import { setTrap } from '../support/trap.ts';
import type { Trap } from '../support/trap.ts';

/** The one address that is let through; it stands for a public one, so that nothing leaves this machine. */
const OPEN_HOST = '127.0.0.2';
const HTTPS_PORT = 443;
const ALICE = 'alice@a.test';
const KEY_DOCUMENT = '/.well-known/securechat-federation-key';

/** Addresses of every range that no peer lives in, in both families, beside each other's ends where that tells. */
const GUARDED = [
  '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.254', '100.64.0.1', '100.127.255.254', '127.0.0.1', '127.255.255.254',
  '169.254.169.254', '172.16.0.1', '172.31.255.254', '192.0.0.1', '192.0.0.170', '192.0.2.1', '192.88.99.1', '192.168.0.1',
  '192.168.255.254', '198.18.0.1', '198.19.255.254', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255',
  '240.0.0.1', '255.255.255.255',
  '::', '::1', '::7f00:1', '::ffff:0:7f00:1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '64:ff9b::808:808',
  '64:ff9b:1::7f00:1', '100::1', '2001::1', '2001:0:7f00:1::', '2001:2::1', '2001:10::1', '2001:db8::1', '2002:7f00:1::',
  '2002:808:808::', '3fff::1', '5f00::1', 'fc00::1', 'fd12:3456:789a::1', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1', '4000::1',
] as const;

/** Names that stand for this machine, or are an address in disguise, where the target of an SRV record is expected. */
const NO_HOST_NAMES = ['localhost', '127.0.0.1', '2130706433', '0x7f000001', '0x7f.1', '127.1'];

const keys = createForeignKeys();
const silent = pino({ level: 'silent' });

let folder: string;
let testDatabase: TestDatabase;
let documents: DocumentHost;
let trap: Trap;
let dns: FakeDnsServer;
let instance: Instance;
let dialled: DialledAddresses;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'securechat-ssrf-'));
  testDatabase = await createTestDatabase();
  const authority = await createCertificateAuthority();
  await writeFile(join(folder, 'ca.pem'), authority.certificatePem);
  const names = ['*.srv.test', '*.endpoints.test', '*.rebound.test', '*.redirect.test'] as const;
  const { certificateChainPem: cert, privateKeyPem: key } = await authority.issue({ names: [...names] });
  trap = await setTrap('127.0.0.1', '::1');
  documents = await startDocumentHost({ host: OPEN_HOST, certificate: { cert, key }, answer: answerFor });
  dns = await startFakeDns({ records: [...GUARDED.flatMap(recordsFor), addressRecord('*.redirect.test', OPEN_HOST)] });
  instance = await composeInstance({ dnsPort: dns.port, testRanges: `${OPEN_HOST}/32` });
  await foundConversation();
}, 120_000);

afterAll(async () => {
  await instance?.stop();
  await dns?.[Symbol.asyncDispose]();
  await documents?.stop();
  await trap?.stop();
  await testDatabase?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  dialled = watchDialledAddresses();
});
afterEach(() => dialled.stop());

/** A domain of its own for each address and way. */
const domainOf = (address: string, way: string): string => `n${GUARDED.findIndex((one) => one === address)}.${way}.test`;

function addressRecord(name: string, address: string): ZoneRecord {
  return { name, type: isIPv6(address) ? 'AAAA' : 'A', ttlSeconds: 60, address };
}

function recordsFor(address: string): readonly ZoneRecord[] {
  const bySrv = domainOf(address, 'srv');
  return [
    { name: `_securechat-s2s._tcp.${bySrv}`, type: 'SRV', ttlSeconds: 60, priority: 0, weight: 0, port: trap.port, target: `target.${bySrv}` },
    addressRecord(`target.${bySrv}`, address),
    addressRecord(`target.${domainOf(address, 'endpoints')}`, address),
    addressRecord(domainOf(address, 'key'), address),
    addressRecord(domainOf(address, 'recipient'), address),
  ];
}

/** What the reachable server of the domains says: their documents, or a way elsewhere. */
function answerFor(domain: string, target: string): ReturnType<typeof json> {
  const inside = `https://127.0.0.1:${trap.port}${target}`;
  if (domain.endsWith('.redirect.test')) return { status: 302, body: '', headers: { location: inside } };
  if (target !== KEY_DOCUMENT) return json(404, {});
  const endpoints = domain.endsWith('.endpoints.test') ? { endpoints: [`target.${domain}:${trap.port}`] } : {};
  return { status: 200, body: keyDocumentJson(domain, keys, endpoints), headers: { 'content-type': 'application/json' } };
}

/** Composes a.test with nothing let through but the ranges given; documents of the domains below are at the open address. */
async function composeInstance({ dnsPort, testRanges }: { readonly dnsPort: number; readonly testRanges: string }): Promise<Instance> {
  const documented = ['srv', 'endpoints', 'rebound', 'redirect'].map((way) => `*.${way}.test:${HTTPS_PORT}=${documents.host}:${documents.port}`);
  const config = readConfig({
    SECURECHAT_DOMAIN: 'a.test',
    SECURECHAT_DATA_DIR: folder,
    DATABASE_URL: testDatabase.url,
    SECURECHAT_CA_FILE: join(folder, 'ca.pem'),
    SECURECHAT_TEST_RANGES: testRanges,
    SECURECHAT_TEST_CONNECT: documented.join(','),
    SECURECHAT_DNS_SERVERS: `127.0.0.1:${dnsPort}`,
  });
  return compose({ config, logger: silent, behindListener: false, migrationsDirectory: join(PROJECT_ROOT, 'prisma', 'migrations') });
}

async function foundConversation(): Promise<void> {
  await testDatabase.database.pool.query("INSERT INTO conversations (owner_domain, id, epoch, created_at) VALUES ('a.test', 'c:a.test', 1, now())");
}

/** What a.test dialled since the test began: neither its database, nor its DNS server, nor the open server. */
function dialledElsewhere(): readonly string[] {
  const own = new Set([`127.0.0.1 ${new URL(testDatabase.url).port}`, `localhost ${new URL(testDatabase.url).port}`, `${documents.host} ${documents.port}`]);
  return dialled.attempts.filter((attempt) => !own.has(attempt));
}

/** What looking up a person of a domain comes to: this asks the domain's server with a signed request. */
async function lookUp(someone: Instance, userId: string): Promise<string> {
  const { services } = await someone.createTrpcContext({ cookieHeader: '', sourceAddress: '127.0.0.1', fromClient: true });
  return (await services.lookupContact(parseUserId(userId))).kind;
}

/** What a request gets that claims to come from a domain, whose key has to be fetched for it. */
async function claimToBe(someone: Instance, keyId: string, sourceAddress: string): Promise<unknown> {
  const body = '{}';
  const header = signatureHeader({ method: 'POST', target: MESSAGES, body, keyId, destination: 'a.test' }, keys);
  const headers = [['content-type', 'application/json'], ['x-federation-signature', header]] as const;
  const answer = await someone.federation.handle({ method: 'POST', rawTarget: MESSAGES, headers, body: Buffer.from(body), sourceAddress });
  return JSON.parse(answer.body).code;
}

/** Puts a message for each domain into the queue, and says what the sender is told of each after they were tried. */
async function deliverTo(someone: Instance, domains: readonly string[]): Promise<ReadonlySet<string>> {
  const { pool } = testDatabase.database;
  await pool.query('INSERT INTO peers (domain) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [domains]);
  await pool.query(
    `INSERT INTO outbox_items (destination, conversation_key, sender_id, method, target, body, next_attempt_at, created_at)
     SELECT domain, key, $1, 'POST', $2, '{}', now() - interval '1 second', now() FROM conversations, unnest($3::text[]) AS domain`,
    [ALICE, MESSAGES, domains],
  );
  await someone.drainOnce();
  const { rows } = await pool.query<{ told: string }>(
    "SELECT DISTINCT state || ' ' || COALESCE(last_error_code, last_failure_reason, '') AS told FROM outbox_items JOIN peers ON domain = destination WHERE destination = ANY($1)",
    [domains],
  );
  return new Set(rows.map(({ told }) => told));
}

describe('[DISC-6] no connection leaves for a guarded address', () => {
  test.each(GUARDED)('[DISC-6] %s: as SRV target, listed endpoint, host of a key and recipient', async (address) => {
    const index = GUARDED.indexOf(address);
    expect(await lookUp(instance, `bob@${domainOf(address, 'srv')}`)).toBe('server_silent');
    expect(await lookUp(instance, `bob@${domainOf(address, 'endpoints')}`)).toBe('server_silent');
    expect(await lookUp(instance, `bob@${domainOf(address, 'recipient')}`)).toBe('server_silent');
    // Each from a source of its own, of which none may cause many fetches [API-10].
    expect(await claimToBe(instance, domainOf(address, 'key'), `192.0.2.${index}`)).toBe('key_unavailable');
    expect(dialledElsewhere()).toEqual([]);
    // It was not for want of an address that nobody was dialled.
    const asked = dns.queries.map(({ name }) => name);
    for (const name of [`target.${domainOf(address, 'srv')}`, `target.${domainOf(address, 'endpoints')}`, domainOf(address, 'key'), domainOf(address, 'recipient')]) {
      expect(asked).toContain(name);
    }
    expect(trap.connections()).toBe(0);
  });

  test('[DISC-6] queued messages stay, and their author is told that there was no connection', async () => {
    const domains = ['srv', 'endpoints', 'recipient'].flatMap((way) => GUARDED.map((address) => domainOf(address, way)));
    expect(await deliverTo(instance, domains)).toEqual(new Set(['queued connect_failed']));
    expect(dialledElsewhere()).toEqual([]);
    expect(trap.connections()).toBe(0);
  });

  test.each(NO_HOST_NAMES)('[DISC-1] the SRV target %s is no host name, and nobody asks for its address', async (target) => {
    const domain = `h${NO_HOST_NAMES.indexOf(target)}.srv.test`;
    dns.zone.add({ name: `_securechat-s2s._tcp.${domain}`, type: 'SRV', ttlSeconds: 60, priority: 0, weight: 0, port: trap.port, target });
    dns.zone.add(addressRecord(target, '127.0.0.1'));
    expect(await lookUp(instance, `bob@${domain}`)).toBe('server_silent');
    expect(dns.queries.filter(({ name }) => name === target)).toEqual([]);
    expect(dialledElsewhere()).toEqual([]);
  });

  test.each(NO_HOST_NAMES)('[SIG-1] %s is no domain that a request may come from', async (keyId) => {
    expect(await claimToBe(instance, keyId, '192.0.2.200')).toBe('signature_malformed');
    expect(dialledElsewhere()).toEqual([]);
  });

  test('[DISC-5] a redirect to an address in here is not followed, neither for a key nor for a request', async () => {
    expect(await lookUp(instance, 'bob@one.redirect.test')).toBe('server_silent');
    expect(await claimToBe(instance, 'two.redirect.test', '192.0.2.201')).toBe('key_unavailable');
    expect(documents.asked).toEqual(expect.arrayContaining([`one.redirect.test ${KEY_DOCUMENT}`, `two.redirect.test ${KEY_DOCUMENT}`]));
    expect(dialledElsewhere()).toEqual([]);
    expect(trap.connections()).toBe(0);
  });
});

describe('[DISC-6] the guard holds for the address that is dialled', () => {
  /** Lets a.test look up bob@<domain> behind a resolver that answers the n-th question for the target's address by `addresses[n]`. */
  async function withRebinding<Result>(
    addresses: readonly (readonly string[])[],
    work: (someone: Instance, asked: () => number) => Promise<Result>,
  ): Promise<Result> {
    let questions = 0;
    await using server = await startDnsServer(({ name, type }): ScriptedDnsReply => {
      const head = { name, ttl: 0 };
      if (type === 'SRV') return { answers: [{ ...head, type: 'SRV', data: { priority: 0, weight: 0, port: trap.port, target: `target.${name.split('.').slice(2).join('.')}` } }] };
      const answer = addresses[Math.min(type === 'A' ? questions++ : questions - 1, addresses.length - 1)] ?? [];
      if (type === 'A') return { answers: answer.filter((one) => !isIPv6(one)).map((data) => ({ ...head, type: 'A', data })) };
      return { answers: answer.filter((one) => isIPv6(one)).map((data) => ({ ...head, type: 'AAAA', data })) };
    });
    const someone = await composeInstance({ dnsPort: server.port, testRanges: `${OPEN_HOST}/32` });
    try {
      return await work(someone, () => questions);
    } finally {
      await someone.stop();
    }
  }

  test('[DISC-6] a name that is public at the first lookup and loopback at the next is dialled at what was checked, or not', async () => {
    await withRebinding([[OPEN_HOST], ['127.0.0.1'], ['::1'], ['::ffff:127.0.0.1']], async (someone, asked) => {
      // Nobody listens at the open address on that port: what counts is where it was sought.
      expect(await lookUp(someone, 'bob@one.rebound.test')).toBe('server_silent');
      expect(dialledElsewhere()).toEqual([`${OPEN_HOST} ${trap.port}`]);
      expect(asked()).toBe(1);
      for (let again = 2; again <= 4; again += 1) {
        expect(await lookUp(someone, `bob@one.rebound.test`)).toBe('server_silent');
        expect(asked()).toBe(again);
      }
      expect(dialledElsewhere()).toEqual([`${OPEN_HOST} ${trap.port}`]);
      expect(trap.connections()).toBe(0);
    });
  });

  test('[DISC-6] of a set that mixes public and guarded addresses only the public ones are dialled', async () => {
    await withRebinding([['127.0.0.1', OPEN_HOST, '10.0.0.1', '::1', '::ffff:127.0.0.1']], async (someone) => {
      expect(await lookUp(someone, 'bob@two.rebound.test')).toBe('server_silent');
      expect(dialledElsewhere()).toEqual([`${OPEN_HOST} ${trap.port}`]);
      expect(trap.connections()).toBe(0);
    });
  });

  test('[DISC-6] a key host that answers with both is dialled at the public one alone', async () => {
    dns.zone.add(addressRecord('mixed.key.test', '127.0.0.1'), addressRecord('mixed.key.test', OPEN_HOST), addressRecord('mixed.key.test', '::1'));
    expect(await claimToBe(instance, 'mixed.key.test', '192.0.2.202')).toBe('key_unavailable');
    expect(dialledElsewhere()).toEqual([`${OPEN_HOST} ${HTTPS_PORT}`]);
  });

  test('[DISC-6] the same set-up does connect where the ranges are let through', async () => {
    const open = await composeInstance({ dnsPort: dns.port, testRanges: '127.0.0.0/8,::1/128' });
    try {
      for (const address of ['127.0.0.1', '::1']) {
        for (const way of ['srv', 'endpoints']) {
          const before = trap.connections();
          expect(await lookUp(open, `bob@${domainOf(address, way)}`)).toBe('server_silent');
          expect(trap.connections()).toBeGreaterThan(before);
          expect(dialledElsewhere()).toContain(`${address} ${trap.port}`);
        }
        for (const way of ['key', 'recipient']) {
          if (way === 'key') await claimToBe(open, domainOf(address, way), '192.0.2.203');
          else await lookUp(open, `bob@${domainOf(address, way)}`);
        }
        expect(dialledElsewhere().filter((attempt) => attempt === `${address} ${HTTPS_PORT}`)).toHaveLength(2);
      }
    } finally {
      await open.stop();
    }
  });
});
