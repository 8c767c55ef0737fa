import { beforeEach, expect, it } from 'vitest';
import { nonceSweepLimit } from './nonce-sweep.ts';
import { codeOf, createFixture } from './testing/handler-fixture.ts';

const HOUR = 3_600;
const NONCE_MEMORY = 660;

let fixture: Awaited<ReturnType<typeof createFixture>>;
beforeEach(async () => {
  fixture = await createFixture();
});

/** Forgets what the store forgets when it is swept now. */
function sweep(): void {
  const { spent } = fixture.nonces;
  const limit = nonceSweepLimit(fixture.clock.now());
  for (const [nonce, expiresAt] of spent) if (expiresAt <= limit) spent.delete(nonce);
}

it('[SIG-5] a request is refused the second time though a clock that ran an hour ahead was swept by in between', async () => {
  const request = fixture.signed();
  expect(await fixture.outcomeOf(request)).toBe(202);
  fixture.clock.advance(HOUR);
  sweep();
  fixture.clock.advance(-HOUR);
  expect(codeOf(await fixture.handle(request))).toBe('replay_detected');
});

it('[SIG-5] a nonce is forgotten an hour after its memory ends', async () => {
  await fixture.handle(fixture.signed());
  fixture.clock.advance(NONCE_MEMORY + HOUR - 1);
  sweep();
  expect(fixture.nonces.spent.size).toBe(1);
  fixture.clock.advance(1);
  sweep();
  expect(fixture.nonces.spent.size).toBe(0);
});
