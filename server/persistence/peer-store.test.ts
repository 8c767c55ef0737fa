import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDomain } from '../../protocol/ids.ts';
import type { NonceStore, PeerStore } from '../domain/ports.ts';
import { createPostgresNonceStore } from './nonce-store.ts';
import { createPostgresPeerStore } from './peer-store.ts';
import { createTestDatabase, type TestDatabase } from './testing-database.ts';
import { after, start } from './testing-fixtures.ts';

const MINUTE = 60_000;

let db: TestDatabase;
let peers: PeerStore;
let nonces: NonceStore;

beforeAll(async () => {
  db = await createTestDatabase();
  peers = createPostgresPeerStore(db.database);
  nonces = createPostgresNonceStore(db.database);
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
    lastFailureAt: after(4), lastFailureReason: 'refused', consecutiveFailures: 2, circuitOpenedAt: null, nextAttemptAt: after(5),
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

test('[DEL-4] the fifth failure within ten minutes opens the circuit, the fifth in more does not', async () => {
  const [quick, slow] = [parseDomain('f.test'), parseDomain('g.test')];
  const fail = (domain: typeof quick, ms: number) => peers.recordFailure(domain, { now: after(ms), reason: 'timeout', nextAttemptAt: after(ms + 1) });
  const openedAt = async (domain: typeof quick) => (await peers.find(domain))?.circuitOpenedAt;
  for (const minute of [0, 1, 2, 3]) await fail(quick, minute * MINUTE);
  expect(await openedAt(quick)).toBeNull();
  await fail(quick, 10 * MINUTE);
  expect(await openedAt(quick)).toEqual(after(10 * MINUTE));
  await fail(quick, 11 * MINUTE);
  expect(await peers.find(quick)).toMatchObject({ circuitOpenedAt: after(10 * MINUTE), consecutiveFailures: 6 });
  for (const minute of [0, 3, 6, 9]) await fail(slow, minute * MINUTE);
  await fail(slow, 10 * MINUTE + 1);
  expect(await openedAt(slow)).toBeNull();
  await fail(slow, 12 * MINUTE);
  expect(await openedAt(slow)).toEqual(after(12 * MINUTE));
});

test.each(['recordInbound', 'recordSuccess'] as const)('[DEL-4] %s closes the circuit and forgets the failures that opened it', async (record) => {
  const domain = parseDomain(record === 'recordInbound' ? 'h.test' : 'i.test');
  const fail = (ms: number) => peers.recordFailure(domain, { now: after(ms), reason: 'timeout', nextAttemptAt: after(ms + 1) });
  await peers[record](domain, start);
  for (let count = 1; count <= 5; count += 1) await fail(count);
  expect((await peers.find(domain))?.circuitOpenedAt).toEqual(after(5));
  await peers[record](domain, after(6));
  expect(await peers.find(domain)).toMatchObject({ circuitOpenedAt: null, consecutiveFailures: 0, nextAttemptAt: null });
  await fail(7);
  expect((await peers.find(domain))?.circuitOpenedAt).toBeNull();
});

test('twenty first notes of one peer at once make one row', async () => {
  const domain = parseDomain('d.test');
  await Promise.all(Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? peers.recordInbound(domain, after(index)) : peers.recordFailure(domain, { now: start, reason: 'x', nextAttemptAt: after(1) })));
  expect((await peers.list()).filter((peer) => peer.domain === domain)).toHaveLength(1);
});

test('[SIG-5] of twenty uses of one nonce at once one is the first, and other origins are apart', async () => {
  const [b, c] = [parseDomain('b.test'), parseDomain('c.test')];
  const results = await Promise.all(Array.from({ length: 20 }, () => nonces.accept({ keyId: b, nonce: 'n', expiresAt: after(660_000) })));
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(await nonces.accept({ keyId: c, nonce: 'n', expiresAt: after(660_000) })).toBe(true);
  expect(await nonces.accept({ keyId: b, nonce: 'm', expiresAt: after(660_000) })).toBe(true);
});

test('[SIG-5] a nonce is forgotten when its time has passed, not before', async () => {
  const domain = parseDomain('e.test');
  await nonces.accept({ keyId: domain, nonce: 'n', expiresAt: after(10) });
  expect(await nonces.deleteExpired(after(9))).toBe(0);
  expect(await nonces.accept({ keyId: domain, nonce: 'n', expiresAt: after(10) })).toBe(false);
  expect(await nonces.deleteExpired(after(10))).toBe(1);
  expect(await nonces.accept({ keyId: domain, nonce: 'n', expiresAt: after(20) })).toBe(true);
});
