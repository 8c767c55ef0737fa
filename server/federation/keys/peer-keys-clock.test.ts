import { beforeEach, describe, expect, it } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { createFakePeers } from './testing/fake-peers.ts';
import { documentOf, makeKeys } from './testing/peer-documents.ts';
import type { KeyDocumentVerdict } from './fetch-key-document.ts';
import type { OwnKeys } from './own-keys.ts';
import { createPeerKeys } from './peer-keys.ts';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const domain = parseDomain('a.test');

let former: OwnKeys;
let present: OwnKeys;
let clock: ReturnType<typeof createFakeClock>;
let peers: ReturnType<typeof createFakePeers>;
let serve: () => KeyDocumentVerdict;
let fetchCount: number;
let peerKeys: ReturnType<typeof createPeerKeys>;

function restart(): void {
  const fetchDocument = async (): Promise<KeyDocumentVerdict> => {
    fetchCount += 1;
    return serve();
  };
  peerKeys = createPeerKeys({ peers, fetchDocument, clock });
}

const find = async (keys: OwnKeys): Promise<string> => (await peerKeys.findKey(domain, keys.current().kid, { mayFetch: () => true })).kind;
const serving = (keys: OwnKeys) => (): KeyDocumentVerdict => documentOf(keys, clock.now());
const unreachable = (): KeyDocumentVerdict => ({ kind: 'unreachable', detail: 'timeout' });

/** Fetches and stores the document of the former key by a clock that is so far ahead, and puts the clock right. */
async function fetchAhead(seconds: number): Promise<void> {
  clock.advance(seconds);
  expect(await find(former)).toBe('key');
  await peerKeys.saveDocument(domain);
  clock.advance(-seconds);
}

beforeEach(async () => {
  [former, present] = await Promise.all([makeKeys(domain), makeKeys(domain)]);
  clock = createFakeClock();
  peers = createFakePeers();
  serve = serving(former);
  fetchCount = 0;
  restart();
});

describe.each([
  ['in the same process', () => {}],
  ['after a restart', () => restart()],
])('a clock that ran ahead and was put right, %s', (_, begin) => {
  it('[KEY-5] [KEY-6] neither keeps a delisted key trusted nor bars its successor', async () => {
    await fetchAhead(DAY);
    serve = serving(present);
    begin();
    expect([await find(former), await find(present)]).toEqual(['unknown_key', 'key']);
    expect(fetchCount).toBe(2);
  });

  it('[KEY-5] leaves no document for stale use, as nobody knows when it was fetched', async () => {
    await fetchAhead(DAY);
    serve = unreachable;
    begin();
    expect([await find(former), await find(former)]).toEqual(['unavailable', 'unavailable']);
    expect(fetchCount).toBe(2);
  });

  it('[KEY-2] still leaves what the document said of profile and limits', async () => {
    await fetchAhead(DAY);
    serve = unreachable;
    begin();
    expect((await peerKeys.describe(domain)).kind).toBe('known');
  });
});

describe('a clock that is a little ahead', () => {
  it('[KEY-5] of another process, by a minute, leaves its document fresh and the bar up', async () => {
    await fetchAhead(MINUTE);
    restart();
    expect([await find(former), await find(present)]).toEqual(['key', 'unknown_key']);
    expect(fetchCount).toBe(1);
  });

  it('[KEY-5] by more than a minute leaves neither', async () => {
    await fetchAhead(MINUTE + 0.001);
    restart();
    expect(await find(former)).toBe('key');
    expect(fetchCount).toBe(2);
  });

  it('[KEY-5] a failed attempt that was noted ahead bars nothing', async () => {
    clock.advance(HOUR);
    serve = unreachable;
    expect(await find(former)).toBe('unavailable');
    clock.advance(-HOUR);
    serve = serving(former);
    expect(await find(former)).toBe('key');
  });
});
