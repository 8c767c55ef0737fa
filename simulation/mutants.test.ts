import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mutation } from './instance-host.ts';
import { acknowledgesBeforeCommit, dropsOnServerFaults, forgetsWhatItKnew } from './mutants.ts';
import { openPostgresGround } from './postgres-ground.ts';
import type { PostgresGround } from './postgres-ground.ts';
import { runSeed } from './run-seed.ts';
import type { ViolationKind } from './violation.ts';

const MOST_SEEDS = 20;
/** The first that shows each of the three: one seed is enough as long as nothing else changes. */
const FIRST_SEED = 2;
const MESSAGES = 150;
/** A seed takes some seconds, many times that where the machine is busy. */
const TIMEOUT_MS = 300_000;

let ground: PostgresGround;
beforeAll(async () => {
  ground = await openPostgresGround();
}, TIMEOUT_MS);
afterAll(() => ground.close(), TIMEOUT_MS);

/** Gives how many seeds it took to see one of these violations. */
async function seedsAgainst(mutate: Mutation, kinds: readonly ViolationKind[]): Promise<number> {
  for (let count = 1; count <= MOST_SEEDS; count += 1) {
    const { violations } = await runSeed({ seed: FIRST_SEED + count - 1, messages: MESSAGES, ground, mutate });
    if (violations.some(({ kind }) => kinds.includes(kind))) return count;
  }
  return Number.POSITIVE_INFINITY;
}

describe('servers with a defect are found out within 20 seeds', () => {
  test('[DEL-3] one that acknowledges before the commit', { timeout: TIMEOUT_MS }, async () => {
    expect(await seedsAgainst(acknowledgesBeforeCommit, ['loss', 'broken_promise'])).toBeLessThanOrEqual(MOST_SEEDS);
  });

  test('[DEL-3] one that knows only in memory what it has stored', { timeout: TIMEOUT_MS }, async () => {
    expect(await seedsAgainst(forgetsWhatItKnew, ['double'])).toBeLessThanOrEqual(MOST_SEEDS);
  });

  test('[ERR-4] one that drops what the peer could not take', { timeout: TIMEOUT_MS }, async () => {
    expect(await seedsAgainst(dropsOnServerFaults, ['loss', 'false_delivered'])).toBeLessThanOrEqual(MOST_SEEDS);
  });
});
