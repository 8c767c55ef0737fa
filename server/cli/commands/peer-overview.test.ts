import { describe, expect, test } from 'vitest';
import { parseDomain } from '../../../protocol/ids.ts';
import type { Peer } from '../../domain/ports.ts';
import { overviewPeers, peerLine } from './peer-overview.ts';

const NOW = new Date('2026-06-01T12:00:00.000Z');
const at = (msAgo: number): Date => new Date(NOW.getTime() - msAgo);
const HOUR_MS = 3_600_000;

const peer = (domain: string, change: Partial<Peer> = {}): Peer => ({
  domain: parseDomain(domain),
  policy: 'default',
  keyDocument: null,
  keyFetchedAt: null,
  keyFreshUntil: null,
  lastInboundAt: null,
  lastSuccessAt: null,
  lastFailureAt: null,
  lastFailureReason: null,
  consecutiveFailures: 0,
  circuitOpenedAt: null,
  nextAttemptAt: null,
  ...change,
});

describe('overviewPeers', () => {
  test('joins peers and queues by domain, and knows domains that were never met', () => {
    const overview = overviewPeers([peer('c.test'), peer('b.test', { policy: 'blocked' })], [{ domain: 'd.test', depth: 2, oldestAt: NOW }, { domain: 'b.test', depth: 7, oldestAt: null }]);
    expect(overview.map(({ domain, policy, queued, oldestQueuedAt }) => [domain, policy, queued, oldestQueuedAt])).toEqual([
      ['b.test', 'blocked', 7, null],
      ['c.test', 'default', 0, null],
      ['d.test', 'default', 2, NOW],
    ]);
  });

  test('shows no key document: it is the peer\'s own text', () => {
    expect(JSON.stringify(overviewPeers([peer('b.test', { keyDocument: 'a document' })], []))).not.toContain('a document');
  });
});

describe('peerLine', () => {
  const lineOf = (change: Partial<Peer>, queue?: { depth: number; oldestAt: Date | null }): readonly string[] => {
    const [overview] = overviewPeers([peer('b.test', change)], queue === undefined ? [] : [{ domain: 'b.test', ...queue }]);
    return overview === undefined ? [] : peerLine(overview, NOW).split('\t');
  };

  test('of a peer that is well says when it was reached', () => {
    expect(lineOf({ lastSuccessAt: at(0) })).toEqual(['b.test', 'default', 'nothing waits', 'circuit closed', 'reached 2026-06-01T12:00:00.000Z']);
  });

  test('[DEL-4] of one that fails says why, since when its circuit is open and until when its queue is held', () => {
    const failing = { consecutiveFailures: 6, lastFailureReason: 'connect_failed', lastFailureAt: at(60_000), circuitOpenedAt: at(HOUR_MS), nextAttemptAt: at(-30_000) };
    expect(lineOf(failing, { depth: 40, oldestAt: at(26 * HOUR_MS) })).toEqual([
      'b.test',
      'default',
      '40 waiting, the oldest for 1 d 2 h',
      'circuit open since 2026-06-01T11:00:00.000Z',
      'failed 6 times (connect_failed, last 2026-06-01T11:59:00.000Z), held until 2026-06-01T12:00:30.000Z',
    ]);
    expect(lineOf({ ...failing, nextAttemptAt: at(1) }).at(-1)).toMatch(/, next attempt at once$/);
  });

  test.each([
    [900, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [HOUR_MS - 1, '59 min'],
    [HOUR_MS + 5 * 60_000, '1 h 5 min'],
    [49 * HOUR_MS, '2 d 1 h'],
  ])('an age of %i ms is %s', (ms, words) => {
    expect(lineOf({}, { depth: 1, oldestAt: at(ms) })[2]).toBe(`1 waiting, the oldest for ${words}`);
  });
});
