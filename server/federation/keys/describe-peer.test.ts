import { beforeEach, describe, expect, it } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createFakePeers } from './testing/fake-peers.ts';
import { documentOf, makeKeys } from './testing/peer-documents.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import type { OwnKeys } from './own-keys.ts';
import { createPeerKeys } from './peer-keys.ts';

const HOUR = 3_600;
const DEFAULTS = { maxBodyBytes: 262_144, maxBatchItems: 100, maxParticipants: 256, maxMediaBytes: 0 };
const domain = parseDomain('a.test');
const unreachable: KeyDocumentVerdict = { kind: 'unreachable', detail: 'connect_failed: ECONNREFUSED' };
const gone: KeyDocumentVerdict = { kind: 'gone' };
const invalid: KeyDocumentVerdict = { kind: 'invalid', why: 'bad_signature' };

let keys: OwnKeys;
let clock: ReturnType<typeof createFakeClock>;
let peers: ReturnType<typeof createFakePeers>;
let serve: () => KeyDocumentVerdict;
let fetchCount: number;
let peerKeys: ReturnType<typeof createPeerKeys>;

function start(): ReturnType<typeof createPeerKeys> {
  const fetchDocument = async (): Promise<KeyDocumentVerdict> => {
    fetchCount += 1;
    return serve();
  };
  return createPeerKeys({ peers, fetchDocument, clock });
}
beforeEach(async () => {
  keys = await makeKeys(domain);
  clock = createFakeClock();
  peers = createFakePeers();
  serve = () => documentOf(keys, clock.now());
  fetchCount = 0;
  peerKeys = start();
});

/** The same document under another profile and limits, as if signed so. */
function saying(profile: string | null, limits = DEFAULTS): () => KeyDocumentVerdict {
  return () => {
    const verdict = documentOf(keys, clock.now());
    if (verdict.kind !== 'document') return verdict;
    const members = { ...verdict.document.received, limits, ...(profile !== null && { profile }) };
    return { ...verdict, document: { ...verdict.document, limits, ...(profile !== null && { profile }) }, json: JSON.stringify(members) };
  };
}
const profile = async (): Promise<string> => {
  const description = await peerKeys.describe(domain);
  return description.kind === 'known' ? description.profile : description.kind;
};

describe('what a peer is', () => {
  it.each([
    ['full', 'full'],
    ['core', 'core'],
    ['later', 'core'],
    [null, 'core'],
  ])('[KEY-2] a document of profile %s says %s, with its limits, and is fetched once while fresh', async (text, expected) => {
    const limits = { ...DEFAULTS, maxBodyBytes: 1_000, maxBatchItems: 7 };
    serve = saying(text, limits);
    expect(await peerKeys.describe(domain)).toEqual({ kind: 'known', profile: expected, limits });
    clock.advance(HOUR - 1);
    await peerKeys.describe(domain);
    expect(fetchCount).toBe(1);
  });

  it.each([['gone', gone], ['invalid', invalid]] as const)('[KEY-2] [KEY-3] one whose document is %s, and never was another, is Core with the default limits', async (_, verdict) => {
    serve = () => verdict;
    expect(await peerKeys.describe(domain)).toEqual({ kind: 'known', profile: 'core', limits: DEFAULTS });
  });

  it('[KEY-3] [KEY-5] one that cannot be reached and never was is unavailable, with one attempt in 60 s', async () => {
    serve = () => unreachable;
    expect(await peerKeys.describe(domain)).toEqual({ kind: 'unavailable', detail: 'connect_failed: ECONNREFUSED' });
    serve = saying('full');
    clock.advance(59.999);
    expect([await profile(), fetchCount]).toEqual(['unavailable', 1]);
    clock.advance(0.001);
    expect(await profile()).toBe('full');
  });
});

describe('no downgrade', () => {
  it.each([['unreachable', unreachable], ['gone', gone], ['invalid', invalid]] as const)('[KEY-2] a Full peer whose document is %s stays Full, past the stale use and across a restart', async (_, verdict) => {
    serve = saying('full');
    expect(await profile()).toBe('full');
    serve = () => verdict;
    for (const seconds of [HOUR, 25 * HOUR, 8 * 24 * HOUR]) {
      clock.advance(seconds);
      expect(await profile()).toBe('full');
      peerKeys = start();
      expect(await profile()).toBe('full');
    }
  });

  it('[KEY-2] a newer document makes it Core', async () => {
    serve = saying('full');
    await profile();
    serve = saying(null);
    clock.advance(HOUR);
    expect(await profile()).toBe('core');
  });

  it('[KEY-2] what another process has learnt counts for one that never reached the peer', async () => {
    const first = peerKeys;
    serve = () => gone;
    peerKeys = start();
    expect(await profile()).toBe('core');
    serve = saying('full');
    await first.describe(domain);
    serve = () => gone;
    clock.advance(60);
    expect(await profile()).toBe('full');
  });

  it('[SIG-10] [KEY-2] what a request made known is remembered beyond a later refusal to fetch', async () => {
    serve = saying('full');
    await peerKeys.findKey(domain, keys.current().kid, { mayFetch: () => true });
    expect(peers.rows.size).toBe(0);
    clock.advance(25 * HOUR);
    expect(await peerKeys.findKey(domain, keys.current().kid, { mayFetch: () => false })).toEqual({ kind: 'rate_limited' });
    serve = () => unreachable;
    expect(await profile()).toBe('full');
    peerKeys = start();
    expect(await profile()).toBe('full');
  });
});
