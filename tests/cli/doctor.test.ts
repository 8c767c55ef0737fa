import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openDatabaseReader } from '../support/database-reader.ts';
import { createForeignKeys } from '../support/foreign-signer.ts';
import { PLAYGROUND_TIMEOUT_MS } from '../support/test-playground.ts';
import { startDoctorWorld } from './support/doctor-world.ts';
import type { DoctorWorld } from './support/doctor-world.ts';
import { before, CHALLENGE, expectFault } from './support/expect-fault.ts';
import { forward } from './support/front-server.ts';
import { createOwnTestKeys } from './support/own-keys.ts';
import { scriptedPeer } from './support/scripted-peer.ts';

const KEY_DOCUMENT = '/.well-known/securechat-federation-key';
const DAY_MS = 86_400_000;

let world: DoctorWorld;
beforeAll(async () => {
  world = await startDoctorWorld();
}, PLAYGROUND_TIMEOUT_MS);
afterEach(() => world?.restore());
afterAll(() => world?.stop());

describe('a healthy pair', () => {
  test('passes with exit code 0, every step ok, and a verdict in one line', async () => {
    const { code, steps, verdict } = await world.doctor(['--peer', 'b.test']);
    expect(steps.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect({ code, verdict }).toEqual({ code: 0, verdict: 'ok: a.test and b.test reach and believe each other' });
    expect(steps.map(({ side, id }) => `${side} ${id}`)).toEqual([
      ...['srv', 'address', 'tcp', 'tls', 'document', 'cache', 'keys', 'txt', 'address', 'tcp', 'tls', 'path', 'clock', 'policy'].map((id) => `own ${id}`),
      ...['srv', 'address', 'tcp', 'tls', 'document', 'cache', 'txt', 'address', 'tcp', 'tls', 'path', 'clock', 'request', 'answer'].map((id) => `peer ${id}`),
    ]);
  });

  test('passes from the other side, and one domain alone', async () => {
    expect(await world.doctor(['--peer', 'a.test'], await world.environment('b.test'))).toMatchObject({ code: 0, verdict: 'ok: b.test and a.test reach and believe each other' });
    expect(await world.doctor()).toMatchObject({ code: 0, verdict: 'ok: a.test is set up so that other servers reach it' });
  });

  test('is told in lines for people, the verdict last', async () => {
    const { code, stdout, stderr } = await world.run(['doctor', '--peer', 'b.test']);
    const lines = stdout.trimEnd().split('\n');
    expect([code, stderr]).toEqual([0, '']);
    expect(lines.at(-1)).toBe('ok: a.test and b.test reach and believe each other');
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^ok {4}[ab]\.test {2}[a-z]+ \[[A-Z]+-\d+\] \S/);
  });

  test('[SIG-5] leaves nothing but one nonce at the peer', async () => {
    const proxy = await world.front('b.test', forward(await world.backend('b.test')));
    world.replaceSrv('b.test', { port: proxy.port });
    const database = await openDatabaseReader((await world.ground.instance('b.test')).databaseUrl);
    const nonces = async () => Number((await database.query('SELECT count(*) FROM accepted_nonces'))[0]?.['count']);
    const before = { ...(await database.counts()), nonces: await nonces() };
    expect((await world.doctor(['--peer', 'b.test'])).code).toBe(0);
    expect({ ...(await database.counts()), nonces: await nonces() }).toEqual({ ...before, nonces: before.nonces + 1 });
    await database.end();
    expect(proxy.seen.map(({ line }) => line.split('/')[0])).toEqual(proxy.seen.map(() => 'GET '));
    expect(proxy.seen.filter(({ signed }) => signed)).toHaveLength(1);
  });

  test('[SIG-8] [SIG-9] a Full peer whose answers are signed passes, a Core one without', async () => {
    await world.peer({ domain: 'full.test' });
    await world.peer({ domain: 'core.test', profile: 'core' });
    expect((await world.doctor(['--peer', 'full.test'])).steps.at(-1)).toMatchObject({ id: 'answer', status: 'ok', detail: 'the answer of full.test is signed with its key' });
    expect((await world.doctor(['--peer', 'core.test'])).steps.at(-1)).toMatchObject({ id: 'answer', status: 'ok', detail: expect.stringContaining('Core') });
  });

  test('[DISC-4] a chain through an intermediate passes where it comes along', async () => {
    await world.peer({ domain: 'chain.test' }, await world.chain.issue({ names: ['chain.test'] }));
    expect((await world.doctor(['--peer', 'chain.test'])).code).toBe(0);
  });

  test('without SRV record, at port 443 of the domain, passes', async () => {
    const peer = await world.front('bare.test', scriptedPeer({ domain: 'bare.test', keys: createForeignKeys() }));
    world.place('bare.test', { homePort: peer.port });
    expect(await world.doctor(['--peer', 'bare.test'])).toMatchObject({ code: 0 });
  });
});

describe('DNS', () => {
  test('[DISC-1] a domain that does not exist', async () => {
    expectFault(await world.doctor(['--peer', 'nowhere.test']), { id: 'srv', clause: 'DISC-1', says: [/nowhere\.test does not exist in DNS \(NXDOMAIN\)/, /Check the spelling/] });
  });

  test('[DISC-1] SERVFAIL', async () => {
    await world.peer({ domain: 'servfail.test' });
    const { dns } = world.ground.playground;
    dns.setFault('_securechat-s2s._tcp.servfail.test', { rcode: 'SERVFAIL' });
    expectFault(await world.doctor(['--peer', 'servfail.test']), { id: 'srv', clause: 'DISC-1', says: [/DNS gives no answer for _securechat-s2s\._tcp\.servfail\.test \(SERVFAIL\)/, /SECURECHAT_DNS_SERVERS.*DNSSEC/] });
  });

  test('[DISC-2] a target that is a dot', async () => {
    world.place('dot.test', {});
    world.replaceSrv('dot.test', { port: 0, target: '.' });
    const diagnosis = await world.doctor(['--peer', 'dot.test']);
    expectFault(diagnosis, { id: 'srv', clause: 'DISC-2', says: [/dot\.test says that it does not federate/, /publish the SRV record that `securechat dns` prints/] });
    expect(diagnosis.steps.find(({ side, id }) => side === 'peer' && id === 'tcp')).toBeUndefined();
  });

  test('[DISC-6] a private address', async () => {
    const home = await world.peer({ domain: 'private.test' });
    world.ground.playground.dns.zone.remove('s2s.private.test', 'A');
    world.ground.playground.dns.zone.add({ name: 's2s.private.test', type: 'A', ttlSeconds: 60, address: '10.1.2.3' });
    expectFault(await world.doctor(['--peer', 'private.test']), { id: 'address', clause: 'DISC-6', says: [/s2s\.private\.test has only addresses that no server connects to: 10\.1\.2\.3 \(private use\)/, /addresses that the whole internet reaches/] });
    expect(home.seen).toEqual([{ line: `GET ${KEY_DOCUMENT}`, signed: false }]);
  });

  test('[DISC-2] a wrong SRV port, the peer\'s and our own', async () => {
    world.replaceSrv('b.test', { port: 1 });
    expectFault(await world.doctor(['--peer', 'b.test']), {
      id: 'tcp',
      clause: 'DISC-2',
      says: [/s2s\.b\.test:1 cannot be connected to: 127\.0\.0\.1:1 refuses the connection: nothing listens on that port/, /Ask the operator of b\.test to correct the port: the SRV record/],
    });
    world.replaceSrv('a.test', { port: 1 });
    expectFault(await world.doctor(), { id: 'tcp', side: 'own', clause: 'DISC-2', says: [/s2s\.a\.test:1 cannot be connected to/, /Correct the port: the SRV record has to name the port.*`securechat dns --port`/] });
  });

  test('[DISC-4] a wrong SRV port on which something else listens', async () => {
    world.replaceSrv('b.test', { port: Number(new URL((await world.ground.instance('b.test')).url).port) });
    expectFault(await world.doctor(['--peer', 'b.test']), { id: 'tls', clause: 'DISC-4', says: [/does not speak TLS/, /let the SRV record name the port of the listener that speaks TLS/] });
  });

  test('[KEY-4] a stale TXT key', async () => {
    const { zone } = world.ground.playground.dns;
    const name = '_securechat-s2s-key.b.test';
    const published = zone.lookup(name, 'TXT').answers;
    zone.add({ name, type: 'TXT', ttlSeconds: 60, chunks: [`v=sc1; k=ed25519; kid=former; p=${createForeignKeys().publicKeyBase64}`] });
    const diagnosis = await world.doctor(['--peer', 'b.test']);
    zone.remove(name, 'TXT');
    zone.add(...published);
    expectFault(diagnosis, { id: 'txt', clause: 'KEY-4', says: [/stale TXT key at _securechat-s2s-key\.b\.test: former is not in the key document/, /publish the TXT records that `securechat dns` prints and remove the others/] });
    expect((await world.doctor(['--peer', 'b.test'])).code).toBe(0);
  });
});

describe('TLS [DISC-4]', () => {
  test('a missing intermediate certificate', async () => {
    await world.peer({ domain: 'leaf.test' }, await world.chain.issue({ names: ['leaf.test'], chain: false }));
    expectFault(await world.doctor(['--peer', 'leaf.test']), {
      id: 'tls',
      clause: 'DISC-4',
      says: [/the server sends the leaf without its intermediate: its issuer "Chain intermediate" does not come along/, /Ask the operator of leaf\.test to serve the whole chain \(fullchain\.pem/],
    });
  });

  test('an expired certificate', async () => {
    await world.peer({ domain: 'expired.test' }, await world.chain.issue({ names: ['expired.test'], notAfter: new Date(Date.now() - DAY_MS) }));
    expectFault(await world.doctor(['--peer', 'expired.test']), { id: 'tls', clause: 'DISC-4', says: [/the certificate of expired\.test:443 expired on \d{4}-\d\d-\d\d/, /renew the certificate/] });
  });

  test('a certificate for another name', async () => {
    await world.peer({ domain: 'name.test' }, await world.chain.issue({ names: ['s2s.name.test', 'other.test'] }));
    expectFault(await world.doctor(['--peer', 'name.test']), { id: 'tls', clause: 'DISC-4', says: [/is for s2s\.name\.test, other\.test, not for name\.test/, /serve a certificate for name\.test there/] });
  });

  test('a certificate that runs out soon is a warning', async () => {
    await world.peer({ domain: 'soon.test' }, await world.chain.issue({ names: ['soon.test'], notAfter: new Date(Date.now() + 60_000) }));
    const { code, verdict } = await world.doctor(['--peer', 'soon.test']);
    expect({ code, verdict }).toEqual({ code: 0, verdict: expect.stringMatching(/^ok: .*; 2 warnings, first: soon\.test:443 proves soon\.test by TLSv1\.3, certificate valid until .*, which is in 1 days?$/) });
  });
});

describe('the key document', () => {
  test('[KEY-3] one that has expired', async () => {
    await world.peer({ domain: 'old.test', validUntil: new Date(Date.now() - 60_000) });
    expectFault(await world.doctor(['--peer', 'old.test']), { id: 'document', clause: 'KEY-3', says: [/the key document at https:\/\/old\.test\/\S+ has expired/, /keep no old copy of it in a cache/] });
  });

  test('[KEY-3] a challenge page of a content network in its place', async () => {
    const behind = forward(await world.backend('b.test'));
    const proxy = await world.front('b.test', before((target) => target === KEY_DOCUMENT, CHALLENGE, behind));
    world.replaceHome('b.test', proxy.port);
    expectFault(await world.doctor([], await world.environment('b.test')), { id: 'document', side: 'own', clause: 'KEY-3', says: [/a challenge page for browsers/, /Let the content network or firewall pass/] });
    expectFault(await world.doctor(['--peer', 'b.test']), { id: 'document', clause: 'KEY-3', says: [/is answered with a challenge page for browsers \(status 403\) instead of JSON/, /let the content network or firewall pass \/\.well-known\/\S+ without challenge/] });
  });

  test('[KEY-2] our own key is not the published one', async () => {
    const { SECURECHAT_DATA_DIR } = await world.environment('b.test');
    expectFault(await world.doctor([], { SECURECHAT_DATA_DIR: SECURECHAT_DATA_DIR ?? '' }), { id: 'keys', side: 'own', clause: 'KEY-2', says: [/the published key document lists \S+, not the key \S+ with which this instance signs/, /SECURECHAT_DATA_DIR/] });
  });

  test('without a key it ends with 2 and says how to make one', async () => {
    const { code, stdout, stderr } = await world.run(['doctor'], { SECURECHAT_DATA_DIR: world.ground.directory });
    expect([code, stdout, stderr]).toEqual([2, '', 'There is no federation key; make one with `securechat keys generate`.\n']);
  });
});

describe('the clock [SIG-4]', () => {
  test('ten minutes off, as every answer says', async () => {
    await world.peer({ domain: 'late.test', clockOffsetMs: -600_000 });
    const diagnosis = await world.doctor(['--peer', 'late.test']);
    expectFault(diagnosis, { id: 'clock', clause: 'SIG-4', says: [/the clock of late\.test is (?:599|600|601) s behind that of this machine, more than the 300 s/, /NTP/] });
    expect(diagnosis.steps.find(({ id }) => id === 'request')).toMatchObject({ status: 'fail', clause: 'SIG-4', detail: expect.stringMatching(/timestamp_out_of_window\): its clock is (?:599|600|601) s behind/) });
  });

  test('ten minutes off behind a proxy whose clock is right', async () => {
    const behind = scriptedPeer({ domain: 'early.test', keys: createForeignKeys(), clockOffsetMs: 600_000 });
    const peer = await world.front('early.test', async (request) => {
      const answer = await behind(request);
      return { ...answer, headers: { ...answer.headers, date: new Date().toUTCString() } };
    });
    world.place('early.test', { srvPort: peer.port, homePort: peer.port });
    expectFault(await world.doctor(['--peer', 'early.test']), { id: 'request', clause: 'SIG-4', says: [/early\.test refuses our request because of its time \(timestamp_out_of_window\): its clock is (?:599|600|601) s ahead of that of this machine/, /NTP/] });
  });

  test('a minute off is a warning', async () => {
    await world.peer({ domain: 'minute.test', clockOffsetMs: 60_000 });
    const { code, steps } = await world.doctor(['--peer', 'minute.test']);
    expect([code, steps.find(({ side, id }) => side === 'peer' && id === 'clock')?.status]).toEqual([0, 'warn']);
  });
});

describe('the path [SIG-3]', () => {
  test.each([
    ['merges slashes', (target: string) => target.replaceAll(/\/{2,}/g, '/'), /a proxy at s2s\.[ab]\.test:\d+ rewrites the path: it merges doubled slashes, where bad_request_target is due/],
    ['decodes percent escapes', (target: string) => decodeURIComponent(target), /rewrites the path: it decodes %40/],
    ['resolves dot segments', (target: string) => new URL(target, 'https://b.test').pathname, /rewrites the path: it resolves dot segments/],
    ['removes the slash at the end', (target: string) => target.replace(/\/$/, ''), /rewrites the path: it removes a slash at the end/],
    ['escapes the @', (target: string) => target.replace('@', '%40'), /rewrites the path: a plain request-target is answered with bad_request_target/],
    ['strips a prefix', (target: string) => target.replace('/federation', ''), /answers a request under \/federation\/v1\/ with status 404 .*: the path is changed on the way/],
    ['adds a prefix', (target: string) => target.replace('/v1/', '/v1/v1/'), /rewrites the path: a plain request-target is answered with not_found/],
  ])('a proxy that %s, before the peer and before us', async (_what, rewrite, says) => {
    for (const [domain, side, args] of [['b.test', 'peer', ['--peer', 'b.test']], ['a.test', 'own', []]] as const) {
      const proxy = await world.front(domain, forward(await world.backend(domain), rewrite));
      world.replaceSrv(domain, { port: proxy.port });
      expectFault(await world.doctor(args), { id: 'path', side, clause: 'SIG-3', says: [says, /and the path on byte for byte/] });
      await world.restore();
    }
  });

  test('[ERR-1] a challenge page of a content network', async () => {
    const proxy = await world.front('b.test', before((target) => target.startsWith('/federation/'), CHALLENGE, forward(await world.backend('b.test'))));
    world.replaceSrv('b.test', { port: proxy.port });
    expectFault(await world.doctor([], await world.environment('b.test')), { id: 'path', side: 'own', clause: 'ERR-1', says: [/a challenge page for browsers/, /Let the content network or firewall pass/] });
    expectFault(await world.doctor(['--peer', 'b.test']), { id: 'path', clause: 'ERR-1', says: [/answers requests under \/federation\/v1\/ with a challenge page for browsers \(status 403\) instead of JSON/, /let the content network or firewall pass \/federation\/v1\/ without challenge/] });
  });

  test('[ERR-1] a challenge page for signed requests alone', async () => {
    const behind = forward(await world.backend('b.test'));
    const proxy = await world.front('b.test', (request) => (request.headers['x-federation-signature'] === undefined ? behind(request) : { ...CHALLENGE, status: 503, headers: { 'content-type': 'text/html' } }));
    world.replaceSrv('b.test', { port: proxy.port });
    expectFault(await world.doctor(['--peer', 'b.test']), { id: 'request', clause: 'ERR-1', says: [/b\.test answers our signed request with a challenge page for browsers \(status 503\)/] });
  });
});

describe('the signed round trip', () => {
  test('[KEY-3] a peer that cannot reach our key document', async () => {
    // A domain of ours that b.test, a real instance, finds in DNS but cannot connect to: it listens elsewhere than on 443.
    const keys = createOwnTestKeys();
    const own = await world.front('x.test', scriptedPeer({ domain: 'x.test', keys }));
    world.place('x.test', { srvPort: own.port, homePort: own.port });
    const environment = { ...(await world.environment('x.test')), SECURECHAT_S2S_PRIVATE_KEY: keys.pem };
    expectFault(await world.doctor(['--peer', 'b.test'], environment), {
      id: 'request',
      clause: 'KEY-3',
      says: [/b\.test cannot fetch our key document \(key_unavailable\)/, /Check that https:\/\/x\.test\/\.well-known\/securechat-federation-key is reachable from where b\.test is/],
    });
  });

  test('[KEY-3] a peer that does not find our key in our document', async () => {
    await world.peer({ domain: 'unknown.test', refusal: { status: 401, code: 'unknown_key' } });
    expectFault(await world.doctor(['--peer', 'unknown.test']), { id: 'request', clause: 'KEY-3', says: [/unknown\.test cannot fetch our key document with the key \S+ in it \(unknown_key\)/, /is served to everyone, is signed and lists/] });
  });

  test('[SIG-9] a Full peer that does not sign its answer', async () => {
    await world.peer({ domain: 'unsigned.test', signsAnswers: false });
    expectFault(await world.doctor(['--peer', 'unsigned.test']), { id: 'answer', clause: 'SIG-9', says: [/the key document of unsigned\.test says profile full, and its answer is not signed/, /let the proxy pass X-Federation-Signature in answers too/] });
  });

  test('[SIG-9] a Full peer whose answer is changed on the way', async () => {
    const behind = scriptedPeer({ domain: 'changed.test', profile: 'full', keys: createForeignKeys() });
    const peer = await world.front('changed.test', async (request) => {
      const answer = await behind(request);
      return { ...answer, body: answer.body.replace('"requestId"', ' "requestId"') };
    });
    world.place('changed.test', { srvPort: peer.port, homePort: peer.port });
    expectFault(await world.doctor(['--peer', 'changed.test']), { id: 'answer', clause: 'SIG-9', says: [/does not hold: status or body are not what was signed/] });
  });

  test.each([
    ['SIG-1', { status: 401, code: 'signature_missing' }, /a proxy drops the header X-Federation-Signature/],
    ['SIG-1', { status: 401, code: 'signature_malformed' }, /a proxy changes or repeats the header, or that server says it serves a\.test itself/],
    ['SIG-2', { status: 401, code: 'signature_invalid' }, /a proxy changes method, path or header/],
    ['SIG-5', { status: 401, code: 'replay_detected' }, /something on the way sends requests twice/],
    ['SIG-6', { status: 421, code: 'misdirected' }, /does not serve that domain/],
    ['ERR-3', { status: 403, code: 'domain_blocked' }, /has chosen not to federate with a\.test/],
    ['ERR-2', { status: 500, code: 'internal_error' }, /refuses our signed request \(internal_error\)/],
  ])('[%s] a peer that answers %j', async (clause, refusal, says) => {
    await world.peer({ domain: 'refusing.test', refusal });
    expectFault(await world.doctor(['--peer', 'refusing.test']), { id: 'request', clause, says: [says] });
  });

  test('[ERR-3] a peer that our own settings block', async () => {
    expectFault(await world.doctor(['--peer', 'b.test'], { SECURECHAT_BLOCK: 'b.test' }), { id: 'policy', side: 'own', clause: 'ERR-3', says: [/this instance blocks b\.test \(SECURECHAT_BLOCK\)/] });
  });

  test('[ERR-3] a peer that a command blocks', async () => {
    await world.peer({ domain: 'shut.test' });
    expect(await world.run(['peers', 'block', 'shut.test'])).toMatchObject({ code: 0 });
    expectFault(await world.doctor(['--peer', 'shut.test']), { id: 'policy', side: 'own', clause: 'ERR-3', says: [/this instance blocks shut\.test \(`securechat peers block`\)/, /Run `securechat peers allow shut\.test`/] });
    expect(await world.run(['peers', 'allow', 'shut.test'])).toMatchObject({ code: 0 });
    expect((await world.doctor(['--peer', 'shut.test'])).code).toBe(0);
  });

  test('[ERR-3] says that it did not look where the database does not answer', async () => {
    const { code, steps } = await world.doctor(['--peer', 'b.test'], { DATABASE_URL: 'postgresql://127.0.0.1:1/none' });
    expect([code, steps.find(({ id }) => id === 'policy')]).toMatchObject([0, { status: 'warn', detail: expect.stringContaining('`securechat peers block` shuts it out was not looked at') }]);
  });
});
