import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import type { Domain } from '../../../protocol/ids.ts';
import { keyDocumentSigningInput } from '../../../protocol/key-document.ts';
import type { JsonObject } from '../../../protocol/json.ts';
import type { GuardedAnswer, GuardedRequestInput } from '../discovery/guarded-request.ts';
import { checkKeyDocument } from './check-key-document.ts';
import { createFetchKeyDocument } from './fetch-key-document.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import { createOwnKeyDocument, KEY_DOCUMENT_CACHE_CONTROL } from './key-document-source.ts';
import { loadOwnKeys } from './own-keys.ts';
import type { OwnKeys } from './own-keys.ts';
import { generateKeyPem } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';
import { createStrictEd25519 } from './strict-ed25519.ts';

const DAY_MS = 86_400_000;
const now = new Date('2030-01-02T03:04:05.600Z');
const domain = parseDomain('a.test');
const ed25519 = createStrictEd25519();
const limits = { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 };
const software = { name: 'SecureChat', version: '0.1.0' };

const makeKeys = (): Promise<OwnKeys> => loadOwnKeys({ domain, pem: generateKeyPem() });
const makeKey = async (): Promise<SigningKey> => (await makeKeys()).current();

let ownKeys: OwnKeys;
let keys: SigningKey;
let others: readonly SigningKey[];
beforeAll(async () => {
  ownKeys = await makeKeys();
  keys = ownKeys.current();
  others = await Promise.all(Array.from({ length: 8 }, makeKey));
});

const listed = ({ kid, publicKey }: SigningKey): JsonObject => ({ kid, publicKey });
const at = (offsetMs: number): string => new Date(now.getTime() + offsetMs).toISOString();
const members = (changes: JsonObject = {}): JsonObject => ({
  domain, publicKey: keys.publicKey, keys: [listed(keys)], protocolVersions: ['v1'], validUntil: at(6 * DAY_MS), ...changes,
});

/** Writes a document signed by these keys over what it says, whatever that is. */
function signedBy(signers: readonly SigningKey[], document: JsonObject): JsonObject {
  const input = keyDocumentSigningInput(document, (text) => createHash('sha256').update(text).digest('base64'));
  return { ...document, signatures: Object.fromEntries(signers.map((signer) => [signer.kid, signer.sign(input)])) };
}

const bytesOf = (document: JsonObject): Uint8Array => Buffer.from(JSON.stringify(document));
const verdictOf = (document: JsonObject, forDomain: Domain = domain): string => {
  const checked = checkKeyDocument(bytesOf(document), { domain: forDomain, now, ed25519 });
  return checked.kind === 'document' ? 'document' : checked.why;
};

describe('checking a key document', () => {
  it('[KEY-2] a sound document is accepted, with unknown members under its signature', () => {
    expect(verdictOf(signedBy([keys], members({ later: { kept: [1] } })))).toBe('document');
  });

  it('[KEY-3] a document of another domain is refused', () => {
    expect(verdictOf(signedBy([keys], members()), parseDomain('c.test'))).toBe('wrong_domain');
  });

  it.each([
    [0, 'expired'],
    [1, 'document'],
    [7 * DAY_MS, 'document'],
    [7 * DAY_MS + 1, 'valid_too_long'],
  ])('[KEY-2] a document valid for %i ms more is answered %s', (remainingMs, verdict) => {
    expect(verdictOf(signedBy([keys], members({ validUntil: at(remainingMs) })))).toBe(verdict);
  });

  it('[KEY-2] eight keys are accepted, nine refused', () => {
    const eight = [keys, ...others.slice(0, 7)];
    expect(verdictOf(signedBy(eight, members({ keys: eight.map(listed) })))).toBe('document');
    const nine = [keys, ...others];
    expect(verdictOf(signedBy(nine, members({ keys: nine.map(listed) })))).toBe('malformed');
  });

  it('[KEY-2] a document without a signature of each listed key, or with one more, is refused', () => {
    const [other = keys] = others;
    const two = members({ keys: [listed(keys), listed(other)] });
    expect(verdictOf(signedBy([keys], two))).toBe('malformed');
    expect(verdictOf(signedBy([keys, other], members()))).toBe('malformed');
    expect(verdictOf(members())).toBe('malformed');
    expect(verdictOf(signedBy([keys, other], two))).toBe('document');
  });

  it('[KEY-3] a signature over other members is refused', () => {
    const document = signedBy([keys], members());
    expect(verdictOf({ ...document, later: 1 })).toBe('bad_signature');
  });

  it('[KEY-3] one bad signature beside a good one is refused', () => {
    const [other = keys, third = keys] = others;
    const document = signedBy([keys, { ...third, kid: other.kid }], members({ keys: [listed(keys), listed(other)] }));
    expect(verdictOf(document)).toBe('bad_signature');
  });

  it.each([
    ['of small order', Buffer.from([1, ...new Uint8Array(31)])],
    ['not canonical', Buffer.from([0xee, ...new Uint8Array(30).fill(0xff), 0x7f])],
  ])('[KEY-3] a listed key that is %s is refused', (_, bytes) => {
    const publicKey = bytes.toString('base64');
    const weak: SigningKey = { ...keys, publicKey };
    expect(verdictOf(signedBy([weak], members({ publicKey, keys: [listed(weak)] })))).toBe('weak_key');
  });

  it.each<[string, JsonObject]>([
    ['a publicKey that no listed key equals', { publicKey: Buffer.alloc(32, 9).toString('base64') }],
    ['no protocol version v1', { protocolVersions: ['v2'] }],
    ['a wrong type', { validUntil: 7 }],
    ['no keys', { keys: [] }],
  ])('[KEY-2] a document with %s is refused', (_, changes) => {
    expect(verdictOf(signedBy([keys], members(changes)))).toBe('malformed');
  });
});

describe('our own key document', () => {
  const clock = { nowMs: now.getTime(), now: () => new Date(clock.nowMs) };

  it('[KEY-2] is valid for 6 days, reads as sound, and is signed anew when under 3 are left', () => {
    clock.nowMs = now.getTime();
    const source = createOwnKeyDocument({ ownKeys, limits, endpoints: ['s2s.a.test:8448'], software, clock });
    const first = source.json();
    expect(checkKeyDocument(Buffer.from(first), { domain, now, ed25519 }).kind).toBe('document');
    expect(JSON.parse(first)).toMatchObject({ domain, endpoints: ['s2s.a.test:8448'], validUntil: at(6 * DAY_MS), limits, software });
    clock.nowMs += 3 * DAY_MS;
    expect(source.json()).toBe(first);
    clock.nowMs += 1;
    expect(JSON.parse(source.json())).toMatchObject({ validUntil: at(9 * DAY_MS + 1) });
  });

  it('[KEY-2] is signed anew after the clock was set back', () => {
    clock.nowMs = now.getTime();
    const source = createOwnKeyDocument({ ownKeys, limits, endpoints: [], software, clock });
    source.json();
    clock.nowMs -= 30 * DAY_MS;
    expect(JSON.parse(source.json())).toMatchObject({ validUntil: at(-24 * DAY_MS) });
  });

  it('[KEY-2] a Full server says so, a Core server publishes no profile', () => {
    clock.nowMs = now.getTime();
    const source = createOwnKeyDocument({ ownKeys, limits, endpoints: [], software, clock });
    expect(JSON.parse(source.json())).not.toHaveProperty('profile');
    const full = createOwnKeyDocument({ ownKeys, profile: 'full', limits, endpoints: [], software, clock }).json();
    expect(JSON.parse(full)).toMatchObject({ profile: 'full', limits });
    expect(checkKeyDocument(Buffer.from(full), { domain, now, ed25519 }).kind).toBe('document');
  });

  it('[KEY-6] lists and is signed by every listed key, anew as soon as another one signs or is listed', () => {
    clock.nowMs = now.getTime();
    let listedNow: readonly SigningKey[] = [keys];
    const rotating: OwnKeys = { domain, current: () => listedNow[0] ?? keys, listed: () => listedNow };
    const source = createOwnKeyDocument({ ownKeys: rotating, limits, endpoints: [], software, clock });
    const [next = keys] = others;
    for (const listing of [[keys], [keys, next], [next, keys], [next]]) {
      listedNow = listing;
      const json = source.json();
      expect(checkKeyDocument(Buffer.from(json), { domain, now, ed25519 }).kind).toBe('document');
      expect(JSON.parse(json)).toMatchObject({ publicKey: listing[0]?.publicKey, keys: listing.map(listed) });
      expect(source.json()).toBe(json);
    }
  });

  it('[KEY-6] may be kept for less than an hour, by its reader alone', () => {
    const [, seconds] = /^private, max-age=([0-9]+)$/.exec(KEY_DOCUMENT_CACHE_CONTROL) ?? [];
    expect(Number(seconds)).toBe(3_540);
  });
});

describe('fetching a key document', () => {
  const requests: GuardedRequestInput[] = [];
  const staticPeers = new Map([[parseDomain('c.test'), { host: '192.0.2.9', port: 8448 }]]);

  function fetchFrom(answer: GuardedAnswer, from: Domain = domain): Promise<KeyDocumentVerdict> {
    requests.length = 0;
    const guardedRequest = async (request: GuardedRequestInput): Promise<GuardedAnswer> => {
      requests.push(request);
      return answer;
    };
    return createFetchKeyDocument({ guardedRequest, staticPeers, ed25519, clock: { now: () => now } })(from);
  }
  const answer = (status: number, cacheControl = ''): GuardedAnswer => ({
    kind: 'answer', status, headers: { 'cache-control': cacheControl }, body: bytesOf(signedBy([keys], members())),
  });

  it('[KEY-2] asks the domain itself over its own name', async () => {
    expect((await fetchFrom(answer(200))).kind).toBe('document');
    expect(requests).toMatchObject([
      { host: 'a.test', port: 443, serverName: 'a.test', method: 'GET', target: '/.well-known/securechat-federation-key', maxAnswerBytes: 65_536 },
    ]);
  });

  it('[DISC-1] asks a static peer at its place, still under its domain', async () => {
    expect(await fetchFrom(answer(200), parseDomain('c.test'))).toEqual({ kind: 'invalid', why: 'wrong_domain' });
    expect(requests).toMatchObject([{ host: '192.0.2.9', port: 8448, serverName: 'c.test', poolKey: 'c.test' }]);
  });

  it.each([
    ['max-age=60', 60],
    ['public, Max-Age=7200', 7_200],
    ['max-age=60, no-store', 0],
    ['no-cache', 0],
    ['max-age="90",\n max-age=120', 90],
    ['max-age=soon', null],
    ['', null],
  ])('[KEY-5] reads "%s" as a max-age of %s', async (cacheControl, maxAgeSeconds) => {
    expect(await fetchFrom(answer(200, cacheControl))).toMatchObject({ kind: 'document', maxAgeSeconds });
  });

  it.each<[string, GuardedAnswer | number, string]>([
    ['404', 404, 'gone'],
    ['410', 410, 'gone'],
    ['301', 301, 'unreachable'],
    ['204', 204, 'unreachable'],
    ['500', 500, 'unreachable'],
    ['a sound answer', 200, 'document'],
    ['a refused connection', { kind: 'not_sent', reason: 'connect_failed', detail: 'ECONNREFUSED' }, 'unreachable'],
    ['a certificate of another name', { kind: 'not_sent', reason: 'tls_failed', detail: 'name' }, 'unreachable'],
    ['an answer that breaks off', { kind: 'broken', reason: 'reset', detail: 'ECONNRESET' }, 'unreachable'],
    ['an answer over 64 KiB', { kind: 'broken', reason: 'too_large', detail: 'size' }, 'invalid'],
    ['no JSON', { kind: 'answer', status: 200, headers: {}, body: Buffer.from('<html>') }, 'invalid'],
  ])('[KEY-3] %s ends a fetch by its rule', async (_, given, kind) => {
    expect((await fetchFrom(typeof given === 'number' ? answer(given) : given)).kind).toBe(kind);
  });
});
