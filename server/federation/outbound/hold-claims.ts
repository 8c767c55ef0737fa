import type { Domain } from '../../../protocol/ids.ts';
import { CLAIM_MS } from './claim-lifetime.ts';
import type { DrainOptions } from './drain-options.ts';
import type { Lane } from './lane.ts';

const EXTEND_EVERY_MS = 20_000;
const RELEASE_AGAIN_MS = 1_000;

/** Who holds claims. */
type ClaimHolder = DrainOptions & { readonly workerId: string };

/**
 * Extends the claims of all lanes every 20 s in one statement, as long as there are any; a lane whose claim turns out to
 * be lost ends.
 * @see docs/protocol.md [DEL-5]
 */
export class ClaimExtension {
  readonly #holder: ClaimHolder;
  readonly #lanes: ReadonlyMap<Domain, Lane>;
  #isWatching = false;

  constructor(holder: ClaimHolder, lanes: ReadonlyMap<Domain, Lane>) {
    this.#holder = holder;
    this.#lanes = lanes;
  }

  /** Says that there is a lane. */
  watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#holder.timers.after(EXTEND_EVERY_MS, () => void this.#extend());
  }

  async #extend(): Promise<void> {
    this.#isWatching = false;
    if (this.#lanes.size === 0) return;
    this.watch();
    const { outbox, workerId, clock, logger } = this.#holder;
    const lanes = [...this.#lanes.values()];
    const now = clock.now();
    try {
      const held = new Set(await outbox.extendClaims({ domains: lanes.map(({ domain }) => domain), workerId, now, claimMs: CLAIM_MS }));
      for (const lane of lanes) {
        if (held.has(lane.domain)) lane.claimEndsAtMs = now.getTime() + CLAIM_MS;
        else if (this.#lanes.get(lane.domain) === lane) lane.finish(true);
      }
    } catch (error) {
      // Each lane knows by itself when its claim ends.
      logger.error({ err: error }, 'claims were not extended');
    }
  }
}

/** Gives a claim back; where the store fails it is tried every second, until the claim has run out by itself. */
export async function releaseClaim({ outbox, workerId, clock, timers, logger }: ClaimHolder, domain: Domain, { claimEndsAtMs, mayWait }: { readonly claimEndsAtMs: number; readonly mayWait: () => boolean }): Promise<void> {
  for (;;) {
    try {
      return await outbox.releaseDestination(domain, { workerId, now: clock.now() });
    } catch (error) {
      logger.error({ err: error, destination: domain }, 'a claim was not given back');
    }
    if (!mayWait() || clock.now().getTime() >= claimEndsAtMs) return;
    await new Promise<void>((resolve) => void timers.after(RELEASE_AGAIN_MS, resolve));
  }
}
