import { expect, test } from 'vitest';
import type { Domain } from '../../../protocol/ids.ts';
import type { Peer, PeerPolicy } from '../ports.ts';
import { peer } from '../testing/people.ts';
import { createFederationPolicy } from './federation-policy.ts';
import type { FederationMode } from './federation-policy.ts';

const nothingKnown: Omit<Peer, 'domain' | 'policy'> = {
  keyDocument: null, keyFetchedAt: null, keyFreshUntil: null, lastInboundAt: null, lastSuccessAt: null,
  lastFailureAt: null, lastFailureReason: null, consecutiveFailures: 0, circuitOpenedAt: null, nextAttemptAt: null,
};

/** The configured lists and the operator's word about b.test (null: never heard of); whether it is blocked. */
type Row = readonly [mode: FederationMode, list: 'allow' | 'block' | 'both' | 'none', word: PeerPolicy | null, blocked: boolean];

const rows: readonly Row[] = [
  ['open', 'none', null, false],
  ['open', 'none', 'default', false],
  ['open', 'none', 'blocked', true],
  ['open', 'block', null, true],
  ['open', 'block', 'allowed', true],
  ['open', 'both', null, true],
  ['open', 'allow', 'blocked', true],
  ['allowlist', 'none', null, true],
  ['allowlist', 'none', 'default', true],
  ['allowlist', 'none', 'allowed', false],
  ['allowlist', 'allow', null, false],
  ['allowlist', 'allow', 'blocked', true],
  ['allowlist', 'both', 'allowed', true],
  ['closed', 'allow', 'allowed', true],
];

test.each(rows)('%s, listed: %s, operator: %s → blocked: %s', async (...[mode, list, word, blocked]) => {
  const domains = (on: boolean): ReadonlySet<Domain> => new Set(on ? [peer] : []);
  const policy = createFederationPolicy({
    mode,
    allow: domains(list === 'allow' || list === 'both'),
    block: domains(list === 'block' || list === 'both'),
    peers: { find: async (domain) => (word === null ? null : { domain, policy: word, ...nothingKnown }) },
  });
  expect(await policy.isBlocked(peer)).toBe(blocked);
});
