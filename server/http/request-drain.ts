import type { Logger } from 'pino';
import type { Domain } from '../../protocol/ids.ts';
import type { Clock, DeliveryWaker } from '../domain/ports.ts';

/** Leaves time for the request itself within the 60 s that platforms give both. */
const BUDGET_MS = 25_000;

/** Sends what waits for some domains and counts what became of it; see server/federation/outbound. */
type DrainOnce = (options: { readonly domains: readonly Domain[]; readonly budgetMs: number }) => Promise<Readonly<Record<'delivered' | 'retried' | 'failed', number>>>;

/** Stands for the delivery worker where no process stays: who was woken is drained behind the request that woke them [DEL-5]. */
export interface RequestDrain extends DeliveryWaker {
  /**
   * Sends what waits for everybody woken since the last time, for at most 25 s; never rejects. What is left over then is
   * for the next request that concerns the same domain, or for the scheduled drain.
   */
  drain(): Promise<void>;
}

/** Creates the drain; several requests at once share it, and whoever ends first drains for all. */
export function createRequestDrain({ drainOnce, clock, logger }: { readonly drainOnce: DrainOnce; readonly clock: Clock; readonly logger: Logger }): RequestDrain {
  const woken = new Set<Domain>();

  /**
   * Looks again after each drain that came to something: what another request queued in the meantime could not be
   * claimed by it while the claim was held here.
   */
  async function drainAll(domains: readonly Domain[]): Promise<void> {
    const endsAtMs = clock.now().getTime() + BUDGET_MS;
    for (let budgetMs = BUDGET_MS; budgetMs > 0; budgetMs = endsAtMs - clock.now().getTime()) {
      const { delivered, retried, failed } = await drainOnce({ domains, budgetMs });
      if (delivered + retried + failed === 0) return;
    }
  }

  return {
    wake(domains) {
      for (const domain of domains) woken.add(domain);
    },
    async drain() {
      const domains = [...woken];
      woken.clear();
      if (domains.length === 0) return;
      await drainAll(domains).catch((error: unknown) => logger.error({ err: error }, 'the drain after a request failed'));
    },
  };
}
