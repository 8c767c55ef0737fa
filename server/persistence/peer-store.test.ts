import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import type { NonceStore, PeerStore } from '../domain/ports.ts';
import { createPrismaNonceStore } from './nonce-store.ts';
import { createPrismaPeerStore } from './peer-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, start } from './testing-fixtures.ts';

let db: TestDatabase;
let peers: PeerStore;
let nonces: NonceStore;

beforeAll(async () => {
  db = await createTestDatabase();
  peers = createPrismaPeerStore(db.database.prisma);
  nonces = createPrismaNonceStore(db.database.prisma);
});
afterAll(() => db.stop());

test('a peer gathers what is known of it', async () => {
  const domain = parseDomain('b.test');
  expect(await peers.find(domain)).toBeNull();
  await peers.setPolicy(domain, 'blocked');
  await peers.saveKeyDocument(domain, { json: '{}', fetchedAt: start, freshUntil: after(1) });
  await peers.recordFailure(domain, { now: after(2), reason: 'timeout', nextAttemptAt: after(3) });
  await peers.recordFailure(domain, { now: after(4), reason: 'refused', nextAttemptAt: after(5) });
  const peer = {
    domain, policy: 'blocked', keyDocument: '{}', keyFetchedAt: start, keyFreshUntil: after(1), lastInboundAt: null, lastSuccessAt: null,
    lastFailureAt: after(4), lastFailureReason: 'refused', consecutiveFailures: 2, nextAttemptAt: after(5),
  };
  expect(await peers.find(domain)).toEqual(peer);
  await peers.recordSuccess(domain, after(6));
  expect(await peers.find(domain)).toEqual({ ...peer, lastSuccessAt: after(6), consecutiveFailures: 0, nextAttemptAt: null });
});

test('[DEL-4] an inbound request clears the back-off, also within the second of the one before', async () => {
  const domain = parseDomain('c.test');
  await peers.recordInbound(domain, start);
  await peers.recordFailure(domain, { now: after(1), reason: 'timeout', nextAttemptAt: after(9) });
  await peers.recordInbound(domain, after(2));
  expect(await peers.find(domain)).toMatchObject({ lastInboundAt: after(2), consecutiveFailures: 0, nextAttemptAt: null });
  await peers.recordInbound(domain, after(5_000));
  expect((await peers.find(domain))?.lastInboundAt).toEqual(after(5_000));
});

test('twenty first notes of one peer at once make one row', async () => {
  const domain = parseDomain('d.test');
  await Promise.all(Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? peers.recordInbound(domain, after(index)) : peers.recordFailure(domain, { now: start, reason: 'x', nextAttemptAt: after(1) })));
  expect((await peers.list()).filter((peer) => peer.domain === domain)).toHaveLength(1);
});

test('[SIG-5] of twenty uses of one nonce at once one is the first, and other origins are apart', async () => {
  const [b, c] = [parseDomain('b.test'), parseDomain('c.test')];
  const results = await Promise.all(Array.from({ length: 20 }, () => nonces.accept(b, 'n', after(660_000))));
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(await nonces.accept(c, 'n', after(660_000))).toBe(true);
  expect(await nonces.accept(b, 'm', after(660_000))).toBe(true);
});

test('[SIG-5] a nonce is forgotten when its time has passed, not before', async () => {
  const domain = parseDomain('e.test');
  await nonces.accept(domain, 'n', after(10));
  expect(await nonces.deleteExpired(after(9))).toBe(0);
  expect(await nonces.accept(domain, 'n', after(10))).toBe(false);
  expect(await nonces.deleteExpired(after(10))).toBe(1);
  expect(await nonces.accept(domain, 'n', after(20))).toBe(true);
});
