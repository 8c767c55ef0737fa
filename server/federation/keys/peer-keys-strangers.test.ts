import { beforeEach, describe, expect, it } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import type { KeyId } from '../../../protocol/ids.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createFakePeers } from './testing/fake-peers.ts';
import { documentOf, makeKeys } from './testing/peer-documents.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import type { OwnKeys } from './own-keys.ts';
import { createPeerKeys } from './peer-keys.ts';

const domain = parseDomain('a.test');
const otherDomain = parseDomain('c.test');
const unreachable: KeyDocumentVerdict = { kind: 'unreachable', detail: 'timeout' };

let keys: OwnKeys;
let clock: ReturnType<typeof createFakeClock>;
let fetch: PromiseWithResolvers<KeyDocumentVerdict>;
let txt: PromiseWithResolvers<ReadonlyMap<KeyId, Uint8Array>>;
let fetchCount: number;
let peerKeys: ReturnType<typeof createPeerKeys>;

beforeEach(async () => {
  keys = await makeKeys(domain);
  clock = createFakeClock();
  [fetch, txt, fetchCount] = [Promise.withResolvers(), Promise.withResolvers(), 0];
  const fetchDocument = (): Promise<KeyDocumentVerdict> => {
    fetchCount += 1;
    return fetch.promise;
  };
  peerKeys = createPeerKeys({ peers: createFakePeers(), fetchDocument, findTxtKeys: () => txt.promise, clock });
});

const kid = (): KeyId => keys.current().kid;
const ask = async (isStranger: boolean, name = domain): Promise<string> => (await peerKeys.findKey(name, kid(), { mayFetch: () => true, isStranger })).kind;
const times = <Value>(count: number, make: () => Value): Value[] => Array.from({ length: count }, make);
const document = (): KeyDocumentVerdict => documentOf(keys, clock.now());

describe('strangers who wait for one slow document', () => {
  it('[KEY-5] [API-10] are 32, and the next is turned away at once, without another fetch', async () => {
    const waiting = times(32, () => ask(true));
    expect(await Promise.all(times(1_000, () => ask(true)))).toEqual(times(1_000, () => 'rate_limited'));
    fetch.resolve(document());
    expect(await Promise.all(waiting)).toEqual(times(32, () => 'key'));
    expect([await ask(true), fetchCount]).toEqual(['key', 1]);
  });

  it('[KEY-5] leave room for others when they are answered, also by a failure', async () => {
    const waiting = times(32, () => ask(true));
    await Promise.resolve();
    fetch.reject(new Error('unforeseen'));
    expect(new Set((await Promise.allSettled(waiting)).map(({ status }) => status))).toEqual(new Set(['rejected']));
    fetch = Promise.withResolvers();
    clock.advance(60);
    const again = times(32, () => ask(true));
    expect(await ask(true)).toBe('rate_limited');
    fetch.resolve(document());
    expect(await Promise.all(again)).toEqual(times(32, () => 'key'));
  });

  it('[KEY-5] never stand in the way of what this server asks itself', async () => {
    const strangers = times(33, () => ask(true));
    const own = [...times(40, () => ask(false)), peerKeys.describe(domain), peerKeys.endpoints(domain), peerKeys.refetchAfterFailure(domain, kid())];
    expect(await strangers.at(-1)).toBe('rate_limited');
    fetch.resolve(document());
    expect((await Promise.all(own)).slice(0, 40)).toEqual(times(40, () => 'key'));
    expect(await Promise.all(own.slice(40))).toMatchObject([{ kind: 'known' }, ['a.test:443'], { kind: 'key' }]);
  });

  it('[KEY-5] are not kept out by what this server asks itself, nor by those who wait for another domain', async () => {
    const [own, others] = [times(40, () => ask(false)), times(32, () => ask(true, otherDomain))];
    const stranger = ask(true);
    fetch.resolve(document());
    expect(new Set(await Promise.all([...own, stranger]))).toEqual(new Set(['key']));
    await Promise.all(others);
  });

  it('[KEY-5] are counted too where a failed signature makes them wait', async () => {
    fetch.resolve(document());
    await ask(true);
    clock.advance(60);
    fetch = Promise.withResolvers();
    const refetch = async (): Promise<string> => (await peerKeys.refetchAfterFailure(domain, kid(), { isStranger: true })).kind;
    const waiting = times(32, refetch);
    expect([await refetch(), await ask(true)]).toEqual(['rate_limited', 'key']);
    fetch.resolve(document());
    expect(await Promise.all(waiting)).toEqual(times(32, () => 'key'));
  });
});

describe('strangers who wait for DNS in place of a document', () => {
  it('[KEY-4] [KEY-5] are 32 as well', async () => {
    fetch.resolve(unreachable);
    const waiting = times(32, () => ask(true));
    // The attempt is over and bars the next one; what is left to wait for is DNS.
    await new Promise((resolve) => setImmediate(resolve));
    expect(await ask(true)).toBe('rate_limited');
    txt.resolve(new Map());
    expect(await Promise.all(waiting)).toEqual(times(32, () => 'unavailable'));
  });

  it('[KEY-5] are not turned away once nothing is left to wait for', async () => {
    fetch.resolve(unreachable);
    txt.resolve(new Map());
    await ask(true);
    expect(await Promise.all(times(40, () => ask(true)))).toEqual(times(40, () => 'unavailable'));
    expect(fetchCount).toBe(1);
  });
});
