import { beforeEach, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../protocol/base64.ts';
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
const unreachable: KeyDocumentVerdict = { kind: 'unreachable', detail: 'timeout' };

let keys: OwnKeys;
let clock: ReturnType<typeof createFakeClock>;
let serve: KeyDocumentVerdict;
let published: readonly OwnKeys[];
let fetchCount: number;
let queryCount: number;
let peerKeys: ReturnType<typeof createPeerKeys>;

beforeEach(async () => {
  keys = await makeKeys(domain);
  clock = createFakeClock();
  serve = unreachable;
  published = [keys];
  [fetchCount, queryCount] = [0, 0];
  peerKeys = createPeerKeys({
    peers: createFakePeers(),
    clock,
    fetchDocument: async () => {
      fetchCount += 1;
      return serve;
    },
    findTxtKeys: async () => {
      queryCount += 1;
      return new Map(published.map((own) => [own.current().kid, decodeBase64(own.current().publicKey)]));
    },
  });
});

const find = async (kid: KeyId = keys.current().kid): Promise<string> => {
  const answer = await peerKeys.findKey(domain, kid, { mayFetch: () => true });
  return answer.kind === 'key' && Buffer.from(answer.publicKey).toString('base64') !== keys.current().publicKey ? 'another key' : answer.kind;
};

describe('keys in DNS', () => {
  it('[KEY-4] stand in for a document that cannot be reached', async () => {
    expect(await find()).toBe('key');
    expect(await peerKeys.refetchAfterFailure(domain, keys.current().kid)).toMatchObject({ kind: 'key' });
    expect(await peerKeys.describe(domain)).toMatchObject({ kind: 'known', profile: 'core', limits: { maxBatchItems: 100, maxMediaBytes: 0 } });
  });

  it('[KEY-4] [KEY-3] that do not list a kid leave the answer that it is unavailable', async () => {
    expect(await find(parseKeyId('nobody'))).toBe('unavailable');
    published = [];
    clock.advance(60);
    expect(await find()).toBe('unavailable');
    expect(await peerKeys.describe(domain)).toEqual({ kind: 'unavailable', detail: 'timeout' });
  });

  it.each<KeyDocumentVerdict>([{ kind: 'gone' }, { kind: 'invalid', why: 'malformed' }])(
    '[KEY-4] are not asked for where the domain answers that its document is $kind',
    async (verdict) => {
      serve = verdict;
      expect([await find(), queryCount]).toEqual(['unknown_key', 0]);
    },
  );

  it('[KEY-4] are not asked for while a document is fresh or stale, not even for a kid that it does not list', async () => {
    serve = documentOf(keys, clock.now());
    await find();
    serve = unreachable;
    const next = await makeKeys(domain);
    published = [next];
    clock.advance(60);
    expect(await find(next.current().kid)).toBe('unavailable');
    expect(await find(next.current().kid)).toBe('unknown_key');
    clock.advance(HOUR);
    expect([await find(), await find(next.current().kid), queryCount]).toEqual(['key', 'unknown_key', 0]);
  });

  it('[KEY-4] [KEY-5] are looked up once for each attempt to fetch, which is barred for 60 s and tries the document first', async () => {
    await find();
    await find(parseKeyId('nobody'));
    await peerKeys.describe(domain);
    clock.advance(59.999);
    published = [];
    expect([await find(), fetchCount, queryCount]).toEqual(['key', 1, 1]);
    clock.advance(0.001);
    expect([await find(), fetchCount, queryCount]).toEqual(['unavailable', 2, 2]);
    published = [keys];
    serve = documentOf(keys, clock.now());
    clock.advance(60);
    expect([await find(), fetchCount, queryCount]).toEqual(['key', 3, 2]);
  });

  it('[KEY-4] stand in again once the stale use of a document has ended', async () => {
    serve = documentOf(keys, clock.now());
    await find();
    serve = unreachable;
    clock.advance(24 * HOUR);
    expect([await find(), queryCount]).toEqual(['key', 1]);
  });
});
