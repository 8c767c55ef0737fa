import type { Domain } from '../../../protocol/ids.ts';
import type { DeliveryWaker } from '../../domain/ports.ts';
import { addCounts, drainDestination } from './drain-destination.ts';
import type { DrainCounts, DrainOptions } from './drain-destination.ts';

/** Runs something once after a while; `cancel` takes it back. */
export interface Timers {
  after(delayMs: number, run: () => void): { cancel(): void };
}

/** What {@link createDeliveryWorker} needs; `workerId` is this process's own, `timers` are the real ones by default. */
interface DeliveryWorkerOptions extends DrainOptions {
  readonly workerId: string;
  readonly timers?: Timers;
}

/** Sends what the outbox holds. */
export interface DeliveryWorker extends DeliveryWaker {
  /** Begins to watch the outbox. */
  start(): void;
  /** Claims nothing more, finishes the requests under way and gives back every claim. */
  stop(): Promise<void>;
  /** Sends all that is due now, for platforms without a resident process [DEL-5]. */
  drainOnce(): Promise<DrainCounts>;
}

const CLAIM_MS = 60_000;
const EXTEND_EVERY_MS = 20_000;
const MAX_DESTINATIONS = 64;
const POLL_MS = 5_000;
/** What is overdue but not claimable belongs to a worker that may have died: no reason to ask at once again. */
const OVERDUE_POLL_MS = 1_000;

const NOTHING: DrainCounts = { delivered: 0, retried: 0, failed: 0 };

/**
 * Creates the delivery worker: up to 64 destinations at once, each in order and each alone, woken by `wake`, by the
 * next due instant and at least every 5 s.
 * @see docs/protocol.md [DEL-1] [DEL-4] [DEL-5]
 */
export function createDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const worker = new Worker(options);
  return {
    wake: () => worker.wake(),
    start: () => worker.start(),
    stop: () => worker.stop(),
    drainOnce: () => worker.drainOnce(),
  };
}

class Worker {
  readonly #options: DeliveryWorkerOptions;
  readonly #timers: Timers;
  readonly #drains = new Set<Promise<DrainCounts>>();
  #resident = false;
  #stopping = false;
  #wakes = 0;
  #timer: { cancel(): void } | null = null;
  #round: Promise<void> | null = null;

  constructor(options: DeliveryWorkerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  start(): void {
    this.#resident = true;
    this.wake();
  }

  wake(): void {
    this.#wakes += 1;
    if (!this.#resident || this.#stopping || this.#round !== null) return;
    this.#timer?.cancel();
    this.#round = this.#runRounds();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    await this.#round;
    await Promise.all(this.#drains);
  }

  async drainOnce(): Promise<DrainCounts> {
    let total = NOTHING;
    for (;;) {
      const counts = (await Promise.all(await this.#claim())).reduce(addCounts, NOTHING);
      if (isNothing(counts)) return total;
      total = addCounts(total, counts);
    }
  }

  /** Claims until no wake came in meanwhile, then sets the timer. */
  async #runRounds(): Promise<void> {
    let delayMs = POLL_MS;
    for (let seen = -1; seen !== this.#wakes && !this.#stopping; ) {
      seen = this.#wakes;
      try {
        await this.#claim();
        delayMs = await this.#nextPollMs();
      } catch (error) {
        this.#options.logger.error({ err: error }, 'the outbox cannot be read');
        delayMs = POLL_MS;
      }
    }
    if (!this.#stopping) this.#timer = this.#timers.after(delayMs, () => this.wake());
    // In the same turn as the last look at the wakes, so that none falls between.
    this.#round = null;
  }

  async #nextPollMs(): Promise<number> {
    const dueAt = await this.#options.outbox.nextDueAt();
    if (dueAt === null) return POLL_MS;
    const dueInMs = dueAt.getTime() - this.#options.clock.now().getTime();
    return dueInMs <= 0 ? OVERDUE_POLL_MS : Math.min(dueInMs, POLL_MS);
  }

  /** Claims what is due and begins to drain it; the answer is the drains begun. */
  async #claim(): Promise<readonly Promise<DrainCounts>[]> {
    const { outbox, workerId, clock } = this.#options;
    const limit = MAX_DESTINATIONS - this.#drains.size;
    if (limit <= 0 || this.#stopping) return [];
    const domains = await outbox.claimDestinations({ workerId, now: clock.now(), claimMs: CLAIM_MS, limit });
    return domains.map((domain) => this.#beginDrain(domain));
  }

  #beginDrain(domain: Domain): Promise<DrainCounts> {
    const wakesBefore = this.#wakes;
    const drain = this.#drain(domain).then((counts) => {
      this.#drains.delete(drain);
      // What was queued for this domain during the drain could not be claimed by the wake that told of it.
      if (!isNothing(counts) || this.#wakes !== wakesBefore) this.wake();
      return counts;
    });
    this.#drains.add(drain);
    return drain;
  }

  async #drain(domain: Domain): Promise<DrainCounts> {
    const claim = this.#keepClaim(domain);
    try {
      return await drainDestination(this.#options, domain, () => claim.isHeld() && !this.#stopping);
    } catch (error) {
      this.#options.logger.error({ err: error, destination: domain }, 'a drain ended early');
      return NOTHING;
    } finally {
      claim.letGo();
      await this.#release(domain);
    }
  }

  async #release(domain: Domain): Promise<void> {
    try {
      await this.#options.outbox.releaseDestination(domain, this.#options.workerId);
    } catch (error) {
      this.#options.logger.error({ err: error, destination: domain }, 'a claim was not given back and will run out');
    }
  }

  /** Extends the claim every 20 s, as one request to a peer may outlast it. */
  #keepClaim(domain: Domain): { isHeld(): boolean; letGo(): void } {
    const { outbox, workerId, clock, logger } = this.#options;
    let held = true;
    let timer = this.#timers.after(EXTEND_EVERY_MS, extend);
    const timers = this.#timers;
    function extend(): void {
      timer = timers.after(EXTEND_EVERY_MS, extend);
      outbox.extendClaim({ domain, workerId, now: clock.now(), claimMs: CLAIM_MS }).then(
        (extended) => (held &&= extended),
        (error: unknown) => logger.error({ err: error, destination: domain }, 'a claim was not extended'),
      );
    }
    return { isHeld: () => held, letGo: () => timer.cancel() };
  }
}

function isNothing({ delivered, retried, failed }: DrainCounts): boolean {
  return delivered + retried + failed === 0;
}

/** Real time; a pending timer does not keep the process alive. */
const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
