import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mutation } from './instance-host.ts';
import { acknowledgesBeforeCommit, dropsOnServerFaults, forgetsWhatItKnew } from './mutants.ts';
import { openPostgresGround } from './postgres-ground.ts';
import type { PostgresGround } from './postgres-ground.ts';
import { runSeed } from './run-seed.ts';
import type { ViolationKind } from './violation.ts';

const MOST_SEEDS = 20;
const MESSAGES = 150;
const TIMEOUT_MS = 180_000;

let ground: PostgresGround;
beforeAll(async () => {
  ground = await openPostgresGround();
});
afterAll(() => ground.close());

/** Gives the first seed that shows one of these violations. */
async function firstSeedAgainst(mutate: Mutation, kinds: readonly ViolationKind[]): Promise<number> {
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const { violations } = await runSeed({ seed, messages: MESSAGES, ground, mutate });
    if (violations.some(({ kind }) => kinds.includes(kind))) return seed;
  }
  return Number.POSITIVE_INFINITY;
}

describe('servers with a defect are found out within 20 seeds', () => {
  test('[DEL-3] one that acknowledges before the commit', { timeout: TIMEOUT_MS }, async () => {
    expect(await firstSeedAgainst(acknowledgesBeforeCommit, ['loss', 'broken_promise'])).toBeLessThanOrEqual(MOST_SEEDS);
  });

  test('[DEL-3] one that knows only in memory what it has stored', { timeout: TIMEOUT_MS }, async () => {
    expect(await firstSeedAgainst(forgetsWhatItKnew, ['double'])).toBeLessThanOrEqual(MOST_SEEDS);
  });

  test('[ERR-4] one that drops what the peer could not take', { timeout: TIMEOUT_MS }, async () => {
    expect(await firstSeedAgainst(dropsOnServerFaults, ['loss', 'false_delivered'])).toBeLessThanOrEqual(MOST_SEEDS);
  });
});
