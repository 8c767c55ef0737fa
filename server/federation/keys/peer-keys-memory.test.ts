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

  it('[DISC-1] [KEY-5] of a document with max-age 0 serve until the next fetch may be made', async () => {
    serve = serving(0);
    expect([await peerKeys.endpoints(domain), await peerKeys.endpoints(domain)]).toEqual([['a.test:443'], ['a.test:443']]);
    expect(fetchCount).toBe(1);
    clock.advance(60);
    serve = async () => ({ kind: 'gone' });
    expect(await peerKeys.endpoints(domain)).toBe('absent');
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
