import { beforeEach, describe, expect, it } from 'vitest';
import { parseDomain, parseKeyId } from '../../../protocol/ids.ts';
import type { KeyId } from '../../../protocol/ids.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createFakePeers } from './testing/fake-peers.ts';
import { documentOf, makeKeys } from './testing/peer-documents.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import type { OwnKeys } from './own-keys.ts';
import { createPeerKeys } from './peer-keys.ts';

const HOUR = 3_600;
const domain = parseDomain('a.test');
const unknownKid = parseKeyId('nobody');
const unreachable: KeyDocumentVerdict = { kind: 'unreachable', detail: 'timeout' };

let keys: OwnKeys;
let clock: ReturnType<typeof createFakeClock>;
let peers: ReturnType<typeof createFakePeers>;
let serve: () => Promise<KeyDocumentVerdict>;
let fetchCount: number;
let peerKeys: ReturnType<typeof createPeerKeys>;

function restart(): void {
  const fetchDocument = async (): Promise<KeyDocumentVerdict> => {
    fetchCount += 1;
    return serve();
  };
  peerKeys = createPeerKeys({ peers, fetchDocument, clock });
}
const find = async (kid: KeyId = keys.kid, mayFetch = () => true): Promise<string> => {
  const answer = await peerKeys.findKey(domain, kid, { mayFetch });
  return answer.kind === 'key' && answer.stale ? 'stale key' : answer.kind;
};
const serving = (maxAgeSeconds: number | null = HOUR) => async (): Promise<KeyDocumentVerdict> => documentOf(keys, clock.now(), maxAgeSeconds);

beforeEach(async () => {
  keys = await makeKeys(domain);
  clock = createFakeClock();
  peers = createFakePeers();
  serve = serving();
  fetchCount = 0;
  restart();
});

describe('freshness', () => {
  it.each([
    ['no max-age', null, HOUR],
    ['a max-age of 90 s', 90, 90],
    ['a max-age of a day', 86_400, HOUR],
  ])('[KEY-5] with %s a document is fresh for just so long', async (_, maxAgeSeconds, freshSeconds) => {
    serve = serving(maxAgeSeconds);
    expect(await find()).toBe('key');
    clock.advance(freshSeconds - 0.001);
    expect(await find()).toBe('key');
    expect(fetchCount).toBe(1);
    clock.advance(0.001);
    expect(await find()).toBe('key');
    expect(fetchCount).toBe(2);
  });

  it('[KEY-5] a document is never fresh past its validUntil', async () => {
    const document = documentOf(keys, clock.now());
    serve = async () => document;
    clock.advance(6 * 86_400 - 100);
    expect(await find()).toBe('key');
    clock.advance(100);
    serve = async () => unreachable;
    expect(await find()).toBe('unavailable');
  });

  it('[KEY-5] a document of max-age 0 serves the lookups that fetched it, then a fetch is due and barred', async () => {
    serve = serving(0);
    expect(await Promise.all([find(), find()])).toEqual(['key', 'key']);
    expect(await find()).toBe('unknown_key');
    expect(fetchCount).toBe(1);
    clock.advance(60);
    expect(await find()).toBe('key');
  });
});

describe('the bar of 60 s', () => {
  it('[KEY-5] an unknown kid causes one refetch, then none for 60 s', async () => {
    await find();
    clock.advance(60);
    expect(await find(unknownKid)).toBe('unknown_key');
    expect(await find(unknownKid)).toBe('unknown_key');
    expect(fetchCount).toBe(2);
    clock.advance(59.999);
    await find(unknownKid);
    expect(fetchCount).toBe(2);
    clock.advance(0.001);
    await find(unknownKid);
    expect(fetchCount).toBe(3);
  });

  it('[KEY-5] the first fetch counts: a kid unknown to it is not looked for again', async () => {
    expect(await find(unknownKid)).toBe('unknown_key');
    expect(await find(unknownKid)).toBe('unknown_key');
    expect(fetchCount).toBe(1);
  });

  it.each<[string, KeyDocumentVerdict, string]>([
    ['unreachable', unreachable, 'unavailable'],
    ['invalid', { kind: 'invalid', why: 'expired' }, 'unknown_key'],
    ['gone', { kind: 'gone' }, 'unknown_key'],
  ])('[KEY-5] a failed fetch (%s) counts and its error is repeated while barred', async (_, verdict, kind) => {
    serve = async () => verdict;
    expect(await find()).toBe(kind);
    serve = serving();
    clock.advance(59.999);
    expect(await find()).toBe(kind);
    expect(fetchCount).toBe(1);
    clock.advance(0.001);
    expect(await find()).toBe('key');
  });

  it('[KEY-5] a fetch that throws counts as one that failed', async () => {
    serve = async () => {
      throw new Error('unforeseen');
    };
    await expect(find()).rejects.toThrow('unforeseen');
    expect(await find()).toBe('unavailable');
    expect(fetchCount).toBe(1);
  });

  it('[KEY-5] a new kid whose refetch cannot be made is unavailable, and unknown while barred', async () => {
    await find();
    clock.advance(60);
    serve = async () => unreachable;
    expect(await find(unknownKid)).toBe('unavailable');
    expect(await find(unknownKid)).toBe('unknown_key');
    expect(await find()).toBe('key');
  });

  it('lookups of one domain at the same time share one fetch', async () => {
    expect(await Promise.all([find(), find(), find(unknownKid)])).toEqual(['key', 'key', 'unknown_key']);
    expect(fetchCount).toBe(1);
  });
});

describe('stale use', () => {
  it('[KEY-5] an unreachable origin leaves its document in use until 24 h after the fetch', async () => {
    await find();
    serve = async () => unreachable;
    clock.advance(HOUR);
    expect(await find()).toBe('stale key');
    clock.advance(23 * HOUR - 0.001);
    expect(await find()).toBe('stale key');
    clock.advance(0.001);
    expect(await find()).toBe('unavailable');
  });

  it.each<KeyDocumentVerdict>([{ kind: 'gone' }, { kind: 'invalid', why: 'bad_signature' }])(
    '[KEY-5] an origin that answers $kind ends the use of its document with its freshness',
    async (verdict) => {
      await find();
      serve = async () => verdict;
      clock.advance(60);
      expect(await find(unknownKid)).toBe('unknown_key');
      expect(await find()).toBe('key');
      serve = async () => unreachable;
      clock.advance(HOUR);
      expect(await find()).toBe('unavailable');
    },
  );

  it('[KEY-6] a delisted key is forgotten when the document is fetched again', async () => {
    const former = keys.kid;
    await find();
    keys = await makeKeys(domain);
    clock.advance(HOUR);
    expect(await find(former)).toBe('unknown_key');
    expect(await find()).toBe('key');
  });
});

describe('a failed verification', () => {
  it('[KEY-5] causes one refetch, which finds a key replaced under its kid', async () => {
    const first = await peerKeys.findKey(domain, keys.kid, { mayFetch: () => true });
    clock.advance(60);
    keys = { ...(await makeKeys(domain)), kid: keys.kid };
    const second = await peerKeys.refetchAfterFailure(domain, keys.kid);
    expect([first.kind, second.kind, fetchCount]).toEqual(['key', 'key', 2]);
    expect(second).not.toEqual(first);
  });

  it('[KEY-5] while barred or without an answer gives the key at hand, so that the signature is what is wrong', async () => {
    const first = await peerKeys.findKey(domain, keys.kid, { mayFetch: () => true });
    expect(await peerKeys.refetchAfterFailure(domain, keys.kid)).toEqual(first);
    expect(fetchCount).toBe(1);
    clock.advance(60);
    serve = async () => unreachable;
    expect(await peerKeys.refetchAfterFailure(domain, keys.kid)).toEqual(first);
    expect(fetchCount).toBe(2);
  });
});

describe('who may cause a fetch', () => {
  it('[API-10] is asked only before the fetch of a domain without a document', async () => {
    let asked = 0;
    const refuse = (): boolean => {
      asked += 1;
      return false;
    };
    expect(await find(keys.kid, refuse)).toBe('rate_limited');
    expect([asked, fetchCount]).toEqual([1, 0]);
    await find();
    clock.advance(HOUR);
    expect(await find(keys.kid, refuse)).toBe('key');
    expect([asked, fetchCount]).toEqual([1, 2]);
  });

  it('[API-10] is not asked while the domain is barred', async () => {
    serve = async () => unreachable;
    await find();
    expect(await find(keys.kid, () => false)).toBe('unavailable');
  });
});

describe('what is stored', () => {
  it('[SIG-10] nothing until the document is saved, then the document with its times', async () => {
    await find();
    expect(peers.rows.size).toBe(0);
    await peerKeys.saveDocument(domain);
    const now = clock.now();
    expect(peers.rows.get(domain)).toMatchObject({ keyFetchedAt: now, keyFreshUntil: new Date(now.getTime() + HOUR * 1_000) });
  });

  it('[KEY-5] a stored document outlives a restart with its freshness, its bar and its stale use', async () => {
    await find();
    await peerKeys.saveDocument(domain);
    restart();
    expect([await find(), await find(unknownKid), fetchCount]).toEqual(['key', 'unknown_key', 1]);
    serve = async () => unreachable;
    clock.advance(HOUR);
    expect(await find()).toBe('stale key');
  });

  it('a store that failed once is asked again', async () => {
    const read = peers.find;
    peers.find = async () => {
      throw new Error('the database is gone');
    };
    await expect(find()).rejects.toThrow('the database is gone');
    peers.find = read;
    expect(await find()).toBe('key');
  });

  it('a stored text that is no key document counts as none', async () => {
    await peers.saveKeyDocument(domain, { json: '{}', fetchedAt: clock.now(), freshUntil: clock.now() });
    expect(await find()).toBe('key');
  });
});

describe('endpoints', () => {
  it('[DISC-1] are those that the document lists, which is stored', async () => {
    expect(await peerKeys.endpoints(domain)).toEqual(['a.test:443']);
    expect(peers.rows.get(domain)?.keyDocument).toContain('a.test:443');
  });

  it.each<[KeyDocumentVerdict, string]>([
    [{ kind: 'gone' }, 'absent'],
    [{ kind: 'invalid', why: 'malformed' }, 'unavailable'],
    [unreachable, 'unavailable'],
  ])('[DISC-1] of a domain that answers $kind are %s, also while barred', async (verdict, outcome) => {
    serve = async () => verdict;
    expect([await peerKeys.endpoints(domain), await peerKeys.endpoints(domain)]).toEqual([outcome, outcome]);
    expect(fetchCount).toBe(1);
  });
});
