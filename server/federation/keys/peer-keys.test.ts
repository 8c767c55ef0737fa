import { beforeEach, describe, expect, it } from 'vitest';
import { parseDomain, parseKeyId } from '../../../protocol/ids.ts';
import type { KeyId } from '../../../protocol/ids.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createFakePeers } from './testing/fake-peers.ts';
import { documentOf, makeKeys, renameKey } from './testing/peer-documents.ts';
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
const find = async (kid: KeyId = keys.current().kid, mayFetch = () => true): Promise<string> => {
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

  it('[KEY-5] ends at validUntil where that is sooner than 24 h after the fetch', async () => {
    const document = documentOf(keys, clock.now());
    clock.advance(6 * 86_400 - 2 * HOUR);
    serve = async () => document;
    await find();
    serve = async () => unreachable;
    clock.advance(2 * HOUR - 0.001);
    expect(await find()).toBe('stale key');
    clock.advance(0.001);
    expect(await find()).toBe('unavailable');
  });

  it('[KEY-5] ends as soon as the origin can be reached again', async () => {
    await find();
    const former = keys.current().kid;
    serve = async () => unreachable;
    clock.advance(HOUR);
    expect(await find(former)).toBe('stale key');
    keys = await makeKeys(domain);
    serve = serving();
    clock.advance(60);
    expect([await find(former), await find()]).toEqual(['unknown_key', 'key']);
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
    const former = keys.current().kid;
    await find();
    keys = await makeKeys(domain);
    clock.advance(HOUR);
    expect(await find(former)).toBe('unknown_key');
    expect(await find()).toBe('key');
  });
});

describe('a refetch', () => {
  it('[ERR-4] [KEY-5] gets the document though one is fresh, within the one attempt in 60 s', async () => {
    await find();
    clock.advance(59.999);
    await peerKeys.refetch(domain);
    expect(fetchCount).toBe(1);
    clock.advance(0.001);
    keys = await makeKeys(domain);
    await peerKeys.refetch(domain);
    expect([await find(), fetchCount]).toEqual(['key', 2]);
  });
});

describe('a failed verification', () => {
  it('[KEY-5] causes one refetch, which finds a key replaced under its kid', async () => {
    const first = await peerKeys.findKey(domain, keys.current().kid, { mayFetch: () => true });
    clock.advance(60);
    keys = renameKey(await makeKeys(domain), keys.current().kid);
    const second = await peerKeys.refetchAfterFailure(domain, keys.current().kid);
    expect([first.kind, second.kind, fetchCount]).toEqual(['key', 'key', 2]);
    expect(second).not.toEqual(first);
  });

  it('[KEY-5] under a key just fetched with max-age 0 gives that key, so that the signature is what is wrong', async () => {
    serve = serving(0);
    const first = await peerKeys.findKey(domain, keys.current().kid, { mayFetch: () => true });
    expect(await peerKeys.refetchAfterFailure(domain, keys.current().kid)).toEqual(first);
    expect([first.kind, fetchCount]).toEqual(['key', 1]);
  });

  it('[KEY-5] of a key that the refetch finds delisted makes it unknown', async () => {
    await find();
    const former = keys.current().kid;
    keys = await makeKeys(domain);
    clock.advance(60);
    expect((await peerKeys.refetchAfterFailure(domain, former)).kind).toBe('unknown_key');
  });

  it('[KEY-5] counts as the one attempt in 60 s, for an unknown kid too', async () => {
    await find();
    clock.advance(60);
    await peerKeys.refetchAfterFailure(domain, keys.current().kid);
    clock.advance(59.999);
    await find(unknownKid);
    await peerKeys.refetchAfterFailure(domain, keys.current().kid);
    await peerKeys.endpoints(domain);
    expect(fetchCount).toBe(2);
  });

  it('[KEY-5] while barred or without an answer gives the key at hand, so that the signature is what is wrong', async () => {
    const first = await peerKeys.findKey(domain, keys.current().kid, { mayFetch: () => true });
    expect(await peerKeys.refetchAfterFailure(domain, keys.current().kid)).toEqual(first);
    expect(fetchCount).toBe(1);
    clock.advance(60);
    serve = async () => unreachable;
    expect(await peerKeys.refetchAfterFailure(domain, keys.current().kid)).toEqual(first);
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
    expect(await find(keys.current().kid, refuse)).toBe('rate_limited');
    expect([asked, fetchCount]).toEqual([1, 0]);
    await find();
    clock.advance(HOUR);
    expect(await find(keys.current().kid, refuse)).toBe('key');
    expect([asked, fetchCount]).toEqual([1, 2]);
  });

  it('[API-10] is not asked while the domain is barred', async () => {
    serve = async () => unreachable;
    await find();
    expect(await find(keys.current().kid, () => false)).toBe('unavailable');
  });
});
