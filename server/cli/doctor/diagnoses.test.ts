import { describe, expect, test } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import type { DnsAnswer } from '../../federation/discovery/dns-client.ts';
import { KEY_DOCUMENT_CACHE_CONTROL } from '../../federation/keys/key-document-source.ts';
import { diagnoseClock, readOffset } from './diagnose-clock.ts';
import { diagnoseCache } from './diagnose-document.ts';
import { diagnoseAddresses, diagnoseTcp } from './diagnose-place.ts';
import { diagnosePolicy } from './diagnose-policy.ts';
import type { PolicySettings } from './diagnose-policy.ts';
import { diagnoseSrv } from './diagnose-srv.ts';
import { diagnoseTls } from './diagnose-tls.ts';
import type { DialFacts, PlaceFacts } from './dial.ts';
import type { Subject } from './finding.ts';
import type { TlsFacts } from './handshake.ts';
import { readAnswer } from './read-answer.ts';
import { verdictOf } from './verdict.ts';

const domain = parseDomain('b.test');
const peer: Subject = { domain, side: 'peer' };
const own: Subject = { domain, side: 'own' };
const now = new Date('2026-11-22T12:00:00.000Z');
const addressOf = (kind: 'nxdomain' | 'nodata'): DnsAnswer<'A'> => ({ kind, ttlSeconds: null });
const srvOf = (...records: readonly (readonly [target: string, port: number])[]): DnsAnswer<'SRV'> => ({
  kind: 'records',
  records: records.map(([target, port]) => ({ priority: 0, weight: 0, target, port })),
  ttlSeconds: 60,
  authenticated: false,
});

describe('[DISC-1] [DISC-2] [DISC-3] SRV records', () => {
  test.each([
    ['one target', srvOf(['s2s.b.test', 8448]), 'ok', 'DISC-1'],
    ['a target beside a dot', srvOf(['s2s.b.test', 8448], ['.', 0]), 'warn', 'DISC-2'],
    ['a dot alone', srvOf(['.', 0]), 'fail', 'DISC-2'],
    ['port 0', srvOf(['s2s.b.test', 0]), 'fail', 'DISC-2'],
    ['an address for a target', srvOf(['10.0.0.1', 443]), 'fail', 'DISC-2'],
    ['eleven targets', srvOf(...Array.from({ length: 11 }, (_, index) => [`s${index}.b.test`, 443] as const)), 'warn', 'DISC-2'],
    ['a TTL of 0', { ...srvOf(['s2s.b.test', 8448]), ttlSeconds: 0 } as DnsAnswer<'SRV'>, 'warn', 'DISC-3'],
    ['a loop', { kind: 'failure', reason: 'cname_loop' } as const, 'fail', 'DISC-2'],
    ['a timeout', { kind: 'failure', reason: 'timeout' } as const, 'fail', 'DISC-1'],
    ['no record of a domain that exists', { kind: 'nxdomain', ttlSeconds: 5 } as const, 'ok', 'DISC-1'],
  ])('%s', (_what, srv, ...expected) => {
    const { status, clause } = diagnoseSrv(peer, { srv, domain: addressOf('nodata') });
    expect([status, clause]).toEqual(expected);
  });
});

const dialOf = (facts: Partial<DialFacts>): DialFacts => ({ address: '198.18.0.1', port: 8448, refusedRange: null, tcp: { kind: 'connected' }, tls: null, ...facts });
const placeOf = (...dials: readonly DialFacts[]): PlaceFacts => ({ endpoint: { host: 's2s.b.test', port: 8448, serverName: 'b.test' }, lookup: { kind: 'found' }, dials });

describe('addresses and connections', () => {
  test('[DISC-6] one refused address of two is a warning, both a fault', () => {
    const refused = dialOf({ refusedRange: 'loopback', tcp: null });
    expect(diagnoseAddresses(peer, placeOf(dialOf({}), refused)).status).toBe('warn');
    expect(diagnoseAddresses(peer, placeOf(refused, refused)).status).toBe('fail');
  });

  test('[DISC-3] addresses beyond the eight that are tried are a warning, which does not list them all', () => {
    const dials = Array.from({ length: 12 }, (_, index) => dialOf({ address: `198.18.0.${index}`, ...(index >= 8 && { tcp: null }) }));
    expect(diagnoseAddresses(peer, placeOf(...dials))).toMatchObject({ status: 'warn', detail: expect.stringMatching(/has 12 addresses, of which a server tries 8: 198\.18\.0\.0, .*198\.18\.0\.7 and 4 more$/) });
    expect(diagnoseAddresses(peer, placeOf(...dials.slice(0, 8))).status).toBe('ok');
  });

  test('[DISC-2] one dead address of two is a warning, both a fault that names every address', () => {
    const dead = dialOf({ tcp: { kind: 'failed', code: 'ETIMEDOUT' } });
    expect(diagnoseTcp(peer, placeOf(dialOf({}), dead)).status).toBe('warn');
    expect(diagnoseTcp(peer, placeOf(dead, { ...dead, address: '198.18.0.2' }))).toMatchObject({ status: 'fail', detail: expect.stringMatching(/198\.18\.0\.1:8448 does not answer.*198\.18\.0\.2:8448 does not answer/) });
  });

  test.each(['nxdomain', 'nodata'] as const)('[DISC-1] a target without address (%s) is a fault', (kind) => {
    expect(diagnoseAddresses(own, { ...placeOf(), lookup: { kind } })).toMatchObject({ status: 'fail', clause: 'DISC-1', fix: expect.stringMatching(/^Publish an A or AAAA record for s2s\.b\.test/) });
  });
});

describe('[DISC-4] TLS', () => {
  const certificate = { names: ['b.test'], issuer: 'Root', notBefore: new Date('2026-11-01T00:00:00Z'), notAfter: new Date('2027-01-30T00:00:00Z'), selfSigned: false, issuerAtHand: true };
  type Done = Extract<TlsFacts, { kind: 'done' }>;
  const done = (changes: Partial<Omit<Done, 'kind' | 'certificate'>> = {}, changed: Partial<Done['certificate']> = {}): TlsFacts => ({
    kind: 'done', protocol: 'TLSv1.3', chainFault: null, namesServer: true, ...changes, certificate: { ...certificate, ...changed },
  });

  test.each([
    ['a sound one', done(), 'ok', /proves b\.test by TLSv1\.3/],
    ['one that is not valid yet', done({ chainFault: 'CERT_NOT_YET_VALID' }, { notBefore: new Date('2026-11-22T13:00:00Z') }), 'fail', /not valid before 2026-11-22T13:00:00\.000Z/],
    ['a self-signed one', done({ chainFault: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, { selfSigned: true }), 'fail', /self-signed/],
    ['one of an unknown root that came along', done({ chainFault: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'fail', /no known root vouches/],
    ['one that ends within two weeks', done({}, { notAfter: new Date('2026-12-01T00:00:00Z'), notBefore: new Date('2026-09-01T00:00:00Z') }), 'warn', /in 9 days/],
    ['one of six days in its third day', done({}, { notAfter: new Date('2026-11-25T12:00:00Z'), notBefore: new Date('2026-11-19T12:00:00Z') }), 'ok', /valid until 2026-11-25/],
    ['a listener without TLS', { kind: 'failed', code: 'ERR_SSL_WRONG_VERSION_NUMBER' } as const, 'fail', /does not speak TLS/],
    ['one with TLS 1.1', { kind: 'failed', code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' } as const, 'fail', /TLS 1\.2 or newer/],
    ['one that hangs up', { kind: 'failed', code: 'ECONNRESET' } as const, 'fail', /handshake .* fails \(ECONNRESET\)/],
  ])('%s', (_what, tls, ...[status, says]) => {
    expect(diagnoseTls(peer, placeOf(dialOf({ tls })), now)).toMatchObject({ status, clause: 'DISC-4', detail: expect.stringMatching(says) });
  });

  test('the one bad address of two speaks for both', () => {
    const bad = dialOf({ address: '198.18.0.2', tls: done({ namesServer: false }) });
    expect(diagnoseTls(peer, placeOf(dialOf({ tls: done() }), bad), now)).toMatchObject({ status: 'fail', detail: expect.stringContaining('s2s.b.test:8448 (198.18.0.2)') });
  });
});

describe('[SIG-4] clocks', () => {
  const answered = (headers: Readonly<Record<string, string>>) => ({ outcome: { kind: 'answer', status: 200, headers, body: new Uint8Array() } as const, sentAt: now, receivedAt: new Date(now.getTime() + 1_000) });

  test('are read from Date, with the age of a kept copy added', () => {
    expect(readOffset(answered({ date: 'Sun, 22 Nov 2026 12:10:00 GMT' }))).toBe(600);
    expect(readOffset(answered({ date: 'Sun, 22 Nov 2026 11:00:00 GMT', age: '3600' }))).toBe(0);
    expect(readOffset(answered({}))).toBeNull();
  });

  test.each([[0, 'ok'], [30, 'ok'], [-31, 'warn'], [300, 'warn'], [301, 'fail'], [-301, 'fail']])('%i s apart: %s', (offsetSeconds, status) => {
    expect(diagnoseClock(peer, { offsetSeconds, ownOffsetSeconds: null, synchronised: false })).toMatchObject({ status, clause: 'SIG-4' });
  });

  test('say whose is off where a third clock or a time server tells', () => {
    const facts = { offsetSeconds: 600, ownOffsetSeconds: 0, synchronised: false };
    expect(diagnoseClock(peer, facts)).toMatchObject({ detail: 'the clock of b.test is 600 s ahead of that of this machine, more than the 300 s that a request may be off', fix: expect.stringMatching(/^Compare both clocks/) });
    expect(diagnoseClock(peer, { ...facts, ownOffsetSeconds: 598 })).toMatchObject({ detail: expect.stringContaining('the clock of this machine is off'), fix: 'Set the clock of this machine by NTP' });
    expect(diagnoseClock(peer, { ...facts, synchronised: true })).toMatchObject({ detail: expect.stringContaining('so the clock of b.test is off'), fix: 'Ask the operator of b.test to set that clock by NTP' });
  });
});

describe('[ERR-3] our own policy', () => {
  const settings = (changes: Partial<PolicySettings> = {}): PolicySettings => ({ SECURECHAT_FEDERATION: 'open', SECURECHAT_ALLOW: [], SECURECHAT_BLOCK: [], ...changes });
  const allowlist = settings({ SECURECHAT_FEDERATION: 'allowlist' });

  test.each([
    { name: 'open', given: settings(), stored: 'default', status: 'ok', says: /lets itself talk with b\.test/ },
    { name: 'open, blocked by a command', given: settings(), stored: 'blocked', status: 'fail', says: /blocks b\.test \(`securechat peers block`\)/ },
    { name: 'listed, blocked by a command', given: { ...allowlist, SECURECHAT_ALLOW: [domain] }, stored: 'blocked', status: 'fail', says: /peers block/ },
    { name: 'blocked by a setting, allowed by a command', given: settings({ SECURECHAT_BLOCK: [domain] }), stored: 'allowed', status: 'fail', says: /SECURECHAT_BLOCK/ },
    { name: 'closed, allowed by a command', given: settings({ SECURECHAT_FEDERATION: 'closed' }), stored: 'allowed', status: 'fail', says: /closed/ },
    { name: 'not listed', given: allowlist, stored: 'default', status: 'fail', says: /allowlist/ },
    { name: 'not listed, allowed by a command', given: allowlist, stored: 'allowed', status: 'ok', says: /lets itself talk/ },
    { name: 'open, no database', given: settings(), stored: null, status: 'warn', says: /`securechat peers block` shuts it out was not looked at/ },
    { name: 'not listed, no database', given: allowlist, stored: null, status: 'warn', says: /`securechat peers allow` lets it in was not looked at/ },
  ] as const)('$name', ({ given, stored, status, says }) => {
    expect(diagnosePolicy(domain, given, stored)).toMatchObject({ status, clause: 'ERR-3', detail: expect.stringMatching(says) });
  });
});

describe('[KEY-5] Cache-Control of the key document', () => {
  test.each([
    { header: KEY_DOCUMENT_CACHE_CONTROL, status: 'ok', clause: 'KEY-2', says: /kept for 3540 s$/ },
    { header: 'max-age="3599",\n private', status: 'ok', clause: 'KEY-2', says: /kept for 3599 s$/ },
    { header: undefined, status: 'warn', clause: 'KEY-2', says: /without Cache-Control/ },
    { header: 'no-store', status: 'warn', clause: 'KEY-5', says: /may not be kept/ },
    { header: 'private, max-age=0', status: 'warn', clause: 'KEY-5', says: /may not be kept/ },
    { header: 'private, max-age=60, no-cache', status: 'warn', clause: 'KEY-5', says: /may not be kept/ },
    { header: 'public, max-age=60', status: 'warn', clause: 'KEY-2', says: /shared caches/ },
    { header: 'private, max-age=60, s-maxage=60', status: 'warn', clause: 'KEY-2', says: /shared caches/ },
    { header: 'max-age=60', status: 'warn', clause: 'KEY-2', says: /shared caches/ },
    { header: 'private', status: 'warn', clause: 'KEY-2', says: /names no max-age/ },
    { header: 'private, max-age=3600', status: 'warn', clause: 'KEY-2', says: /not below 3600 s/ },
  ])('$header: $status', ({ header, status, clause, says }) => {
    expect(diagnoseCache(own, header)).toMatchObject({ status, clause, detail: expect.stringMatching(says) });
  });

  test('[KEY-2] what it advises is what it takes for sound', () => {
    const advised = /: (private, .*)$/.exec(diagnoseCache(own, undefined).fix ?? '')?.[1];
    expect([advised, diagnoseCache(own, advised).status]).toEqual([KEY_DOCUMENT_CACHE_CONTROL, 'ok']);
  });
});

describe('what answered', () => {
  const answer = (status: number, body: string, headers: Readonly<Record<string, string>>) => readAnswer({ kind: 'answer', status, headers, body: Buffer.from(body) });
  const as = (type: string) => ({ 'content-type': type });

  test.each([
    ['a registered refusal', answer(401, '{"code":"signature_missing"}', as('application/problem+json')), { kind: 'problem', code: 'signature_missing' }],
    ['a refusal at another status', answer(403, '{"code":"signature_missing"}', as('application/problem+json')), { kind: 'other' }],
    ['a challenge by its mark', answer(403, '{}', { ...as('application/json'), 'cf-mitigated': 'challenge' }), { kind: 'page', challenge: true }],
    ['a challenge by its form', answer(503, '<html>', as('text/html')), { kind: 'page', challenge: true }],
    ['a page under a false name', answer(200, '<!doctype html>', as('application/json')), { kind: 'page', challenge: false }],
    ['some JSON', answer(200, '{}', as('application/json')), { kind: 'other', status: 200 }],
    ['a redirect', readAnswer({ kind: 'broken', reason: 'redirect', detail: '301' }), { kind: 'none', what: expect.stringContaining('redirect (301)') }],
  ])('[ERR-1] %s', (_what, read, expected) => {
    expect(read).toMatchObject(expected);
  });
});

describe('the verdict', () => {
  const step = (status: 'ok' | 'warn' | 'fail', detail: string) => ({ id: 'tcp', side: 'peer', status, clause: 'DISC-2', detail, fix: status === 'ok' ? null : 'Mend it' }) as const;
  const walked = { domain: parseDomain('a.test'), peer: domain };

  test('names the first fault and counts the others', () => {
    expect(verdictOf(walked, [step('warn', 'late'), step('fail', 'broken'), step('fail', 'worse')])).toBe('FAIL [DISC-2] broken. Mend it. (1 more above, which may follow from it)');
  });

  test('is good with warnings, and says the first', () => {
    expect(verdictOf(walked, [step('ok', 'fine'), step('warn', 'late')])).toBe('ok: a.test and b.test reach and believe each other; one warning, first: late');
  });
});
