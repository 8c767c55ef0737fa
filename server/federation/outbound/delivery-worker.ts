import type { Domain } from '../../../protocol/ids.ts';
import type { DeliveryWaker } from '../../domain/ports.ts';
import { openLanes } from './claim-lanes.ts';
import { addCounts, isNothing, NOTHING } from './drain-counts.ts';
import type { DrainCounts } from './drain-counts.ts';
import { drainDestination } from './drain-destination.ts';
import { createDrainMemory } from './drain-options.ts';
import type { DrainOptions } from './drain-options.ts';
import { CLAIM_MS, keepClaim } from './keep-claim.ts';
import { createPeerPace } from './peer-pace.ts';
import { systemTimers } from './timers.ts';
import type { Timers } from './timers.ts';

/** What {@link createDeliveryWorker} needs; `workerId` is this process's own, `timers` are the real ones by default. */
interface DeliveryWorkerOptions extends Omit<DrainOptions, 'memory'> {
  readonly workerId: string;
  readonly timers?: Timers;
}

/** Sends what the outbox holds. */
export interface DeliveryWorker extends DeliveryWaker {
  /** Begins to watch the outbox. */
  start(): void;
  /** Claims nothing more, finishes the requests under way and gives back every claim. */
  stop(): Promise<void>;
  /**
   * Sends what is due now, for platforms without a resident process [DEL-5]. After `budgetMs`, 50 s by default, it begins
   * nothing more and answers what has been done by then, without the requests still under way.
   */
  drainOnce(options?: { readonly budgetMs?: number }): Promise<DrainCounts>;
}

/** One turn of one destination. */
interface Drain {
  readonly domain: Domain;
  readonly ended: Promise<DrainCounts>;
}

/** What a claim is made for: `without` names domains to pass over, `mayGoOn` says whether there is time for more. */
interface ClaimWish {
  readonly without: ReadonlySet<Domain>;
  readonly mayGoOn: () => boolean;
}

const POLL_MS = 5_000;
/** What is overdue but not claimable waits for a slot or belongs to a worker that may have died: no reason to ask at once again. */
const OVERDUE_POLL_MS = 1_000;
/** Ends before the 60 s that platforms give a request. */
const DRAIN_ONCE_MS = 50_000;

const ALL: ClaimWish = { without: new Set(), mayGoOn: () => true };

/**
 * Creates the delivery worker: many destinations at once, each in order and each alone, in turns and in lanes by their
 * pace; woken by `wake`, by the next due instant and at least every 5 s.
 * @see docs/protocol.md [DEL-1] [DEL-4] [DEL-5]
 */
export function createDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const worker = new Worker(options);
  return {
    wake: () => worker.wake(),
    start: () => worker.start(),
    stop: () => worker.stop(),
    drainOnce: ({ budgetMs = DRAIN_ONCE_MS } = {}) => worker.drainOnce(budgetMs),
  };
}

class Worker {
  readonly #options: DrainOptions & { readonly workerId: string; readonly timers: Timers };
  readonly #drains = new Set<Drain>();
  #resident = false;
  #stopping = false;
  #wakes = 0;
  #timer: { cancel(): void } | null = null;
  #round: Promise<void> | null = null;

  constructor({ timers = systemTimers, ...options }: DeliveryWorkerOptions) {
    // A drain that turns out to be slow leaves its place to another.
    const pace = createPeerPace({ timers, onSlow: () => this.wake() });
    this.#options = { ...options, timers, memory: createDrainMemory(options.clock, pace) };
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
    await Promise.all([...this.#drains].map(({ ended }) => ended));
  }

  async drainOnce(budgetMs: number): Promise<DrainCounts> {
    const { clock, timers } = this.#options;
    const endsAtMs = clock.now().getTime() + budgetMs;
    const mayGoOn = (): boolean => clock.now().getTime() < endsAtMs;
    const outOfTime = Promise.withResolvers<void>();
    const timer = timers.after(budgetMs, outOfTime.resolve);
    // What came to nothing would come to nothing again: without end, if it were claimed at once.
    const fruitless = new Set<Domain>();
    const underWay = new Set<Promise<void>>();
    let total = NOTHING;
    const begin = ({ domain, ended }: Drain): void => {
      const noted = ended.then((counts) => {
        total = addCounts(total, counts);
        if (isNothing(counts)) fruitless.add(domain);
        underWay.delete(noted);
      });
      underWay.add(noted);
    };
    try {
      while (mayGoOn()) {
        for (const drain of await this.#claim({ without: fruitless, mayGoOn })) begin(drain);
        if (underWay.size === 0) break;
        await Promise.race([outOfTime.promise, ...underWay]);
      }
    } finally {
      timer.cancel();
    }
    return total;
  }

  /** Claims until no wake came in meanwhile, then sets the timer. */
  async #runRounds(): Promise<void> {
    let delayMs = POLL_MS;
    for (let seen = -1; seen !== this.#wakes && !this.#stopping; ) {
      seen = this.#wakes;
      try {
        await this.#claim(ALL);
        delayMs = await this.#nextPollMs();
      } catch (error) {
        this.#options.logger.error({ err: error }, 'the outbox cannot be read');
        delayMs = POLL_MS;
      }
    }
    if (!this.#stopping) this.#timer = this.#options.timers.after(delayMs, () => this.wake());
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
  async #claim({ without, mayGoOn }: ClaimWish): Promise<readonly Drain[]> {
    if (this.#stopping) return [];
    const { outbox, workerId, clock, memory } = this.#options;
    const underWay = [...this.#drains].map(({ domain }) => domain);
    const lanes = openLanes({ underWay, pace: memory.pace, without });
    const domains = await outbox.claimDestinations({ workerId, now: clock.now(), claimMs: CLAIM_MS, ...lanes });
    return domains.map((domain) => this.#beginDrain(domain, mayGoOn));
  }

  #beginDrain(domain: Domain, mayGoOn: () => boolean): Drain {
    const wakesBefore = this.#wakes;
    const ended = this.#drain(domain, mayGoOn).then((counts) => {
      this.#drains.delete(drain);
      // What was queued for this domain during the drain could not be claimed by the wake that told of it.
      if (!isNothing(counts) || this.#wakes !== wakesBefore) this.wake();
      return counts;
    });
    const drain: Drain = { domain, ended };
    this.#drains.add(drain);
    return drain;
  }

  async #drain(domain: Domain, mayGoOn: () => boolean): Promise<DrainCounts> {
    const claim = keepClaim(this.#options, domain);
    try {
      return await drainDestination(this.#options, domain, () => claim.isHeld() && !this.#stopping && mayGoOn());
    } catch (error) {
      this.#options.logger.error({ err: error, destination: domain }, 'a drain ended early');
      return NOTHING;
    } finally {
      claim.letGo();
      await this.#release(domain);
    }
  }

  async #release(domain: Domain): Promise<void> {
    const { outbox, workerId, clock, logger } = this.#options;
    try {
      await outbox.releaseDestination(domain, { workerId, now: clock.now() });
    } catch (error) {
      logger.error({ err: error, destination: domain }, 'a claim was not given back and will run out');
    }
  }
}
