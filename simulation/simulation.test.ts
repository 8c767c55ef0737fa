import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresGround } from './postgres-ground.ts';
import type { PostgresGround } from './postgres-ground.ts';
import { runSeed } from './run-seed.ts';

const BUDGET_MS = 30_000;
const MESSAGES = 300;
/** A seed begun within the budget is played to its end, however busy the machine. */
const TIMEOUT_MS = 300_000;

let ground: PostgresGround;
beforeAll(async () => {
  ground = await openPostgresGround();
}, TIMEOUT_MS);
afterAll(() => ground.close(), TIMEOUT_MS);

describe('real servers under faults', () => {
  test('[DEL-1] [DEL-3] nothing is lost, doubled, reordered or made up, whatever fresh seeds bring', { timeout: TIMEOUT_MS }, async () => {
    const endsAt = performance.now() + BUDGET_MS;
    // New ones each time: what the same seeds can show has been seen.
    for (let seed = Math.floor(Date.now() / 1_000); performance.now() < endsAt; seed += 1) {
      const { violations } = await runSeed({ seed, messages: MESSAGES, ground });
      expect(violations, `npm run simulate -- --seed ${seed} --messages ${MESSAGES}`).toEqual([]);
    }
  });
});
