import type { Domain } from '../../../protocol/ids.ts';
import type { ClaimScope } from '../../domain/outbox/outbox-store.ts';
import type { DeliveryWaker } from '../../domain/ports.ts';
import { ClaimAgenda } from './claim-agenda.ts';
import { hasPlace, openLanes } from './claim-lanes.ts';
import { addCounts, isNothing, NOTHING } from './drain-counts.ts';
import type { DrainCounts } from './drain-counts.ts';
import { createDrainMemory } from './drain-options.ts';
import type { DrainOptions } from './drain-options.ts';
import { CLAIM_MS } from './claim-lifetime.ts';
import { ClaimExtension, releaseClaim } from './hold-claims.ts';
import { Lane } from './lane.ts';
import type { LaneHost } from './lane-host.ts';
import { createPeerPace } from './peer-pace.ts';
import { createPeerReach } from './peer-reach.ts';
import { systemTimers } from './timers.ts';
import type { Timers } from './timers.ts';

/** What {@link createDeliveryWorker} needs; `workerId` is this process's own, `timers` are the real ones by default. */
interface DeliveryWorkerOptions extends Omit<DrainOptions, 'memory' | 'timers'> {
  readonly workerId: string;
  readonly timers?: Timers;
}

/** Sends what the outbox holds. */
export interface DeliveryWorker extends DeliveryWaker {
  /** Begins to watch the outbox. */
  start(): void;
  /** Claims nothing more, waits for the requests under way, 8 s by default at most, and gives back every claim. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /**
   * Sends what is due now, for platforms without a resident process [DEL-5]: everywhere, or to these domains alone. After
   * `budgetMs`, 50 s by default, it begins nothing more and answers what has been done by then, without the requests
   * still under way.
   */
  drainOnce(options?: { readonly budgetMs?: number; readonly domains?: readonly Domain[] }): Promise<DrainCounts>;
  /** Tells whether a domain can be reached as far as is known, so that what is not kept is worth sending [DEL-4]. */
  mayReach(domain: Domain): Promise<boolean>;
}

/** What a claim is made for; lanes of a single drain do not outlast it. */
interface ClaimWish {
  readonly scope: ClaimScope;
  readonly without: ReadonlySet<Domain>;
  readonly isOnce: boolean;
}

/** What came of a claim. */
interface Claimed {
  readonly lanes: readonly Lane[];
  readonly isLimited: boolean;
  readonly stillWanted: readonly Domain[];
}

/** Ends before the 60 s that platforms give a request. */
const DRAIN_ONCE_MS = 50_000;
const STOP_GRACE_MS = 8_000;
/** As many lanes stay warm. */
const MAX_WARM = 1_024;
const NONE: ReadonlySet<Domain> = new Set();

/**
 * Creates the delivery worker: a lane for each destination with something due, many at once, in turns and in places by
 * their pace. It is woken by `wake`, by the next due instant and every 30 s.
 * @see docs/protocol.md [DEL-1] [DEL-4] [DEL-5]
 */
export function createDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const worker = new Worker(options);
  return {
    wake: (domains) => worker.wake(domains),
    start: () => worker.start(),
    stop: ({ graceMs = STOP_GRACE_MS } = {}) => worker.stop(graceMs),
    drainOnce: ({ budgetMs = DRAIN_ONCE_MS, domains } = {}) => worker.drainOnce(budgetMs, domains ?? 'everywhere'),
    mayReach: (domain) => worker.mayReach(domain),
  };
}

class Worker {
  readonly #options: DrainOptions & { readonly workerId: string };
  /** Those that give back their claim included. */
  readonly #lanes = new Map<Domain, Lane>();
  readonly #ends = new Map<Lane, PromiseWithResolvers<void>>();
  readonly #agenda = new ClaimAgenda();
  readonly #extension: ClaimExtension;
  #woken = new Set<Domain>();
  #isResident = false;
  #isStopping = false;
  #isClaiming = false;
  #round: Promise<void> = Promise.resolve();
  #timer: { cancel(): void } | null = null;

  constructor({ timers = systemTimers, ...options }: DeliveryWorkerOptions) {
    // A peer that turns out to be slow leaves its place to another.
    const pace = createPeerPace({ timers, onSlow: () => this.#onPlace() });
    this.#options = { ...options, timers, memory: createDrainMemory(options.clock, { pace, reach: createPeerReach(options) }) };
    this.#extension = new ClaimExtension(this.#options, this.#lanes);
  }

  mayReach(domain: Domain): Promise<boolean> {
    return this.#options.memory.reach.mayReach(domain);
  }

  start(): void {
    this.#isResident = true;
    this.#claimWhatIsNext();
  }

  /** What comes in one tick is treated together. */
  wake(domains: readonly Domain[]): void {
    if (!this.#isResident || this.#isStopping) return;
    if (this.#woken.size === 0 && domains.length > 0) setImmediate(() => this.#wakeLanes());
    for (const domain of domains) this.#woken.add(domain);
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#timer?.cancel();
    for (const lane of this.#lanes.values()) lane.finish();
    const outOfTime = Promise.withResolvers<void>();
    const timer = this.#options.timers.after(graceMs, outOfTime.resolve);
    await Promise.race([outOfTime.promise, this.#allEnded()]);
    timer.cancel();
    await Promise.all([...this.#lanes.values()].map((lane) => this.#giveUp(lane)));
  }

  async drainOnce(budgetMs: number, scope: ClaimScope): Promise<DrainCounts> {
    const outOfTime = Promise.withResolvers<void>();
    // What came to nothing would come to nothing again: without end, if it were claimed at once.
    const fruitless = new Set<Domain>();
    const mine = new Set<Lane>();
    const underWay = new Set<Promise<void>>();
    // A clock may be put back meanwhile; a timer is not.
    const timer = this.#options.timers.after(budgetMs, () => {
      budget.isOver = true;
      for (const lane of mine) lane.finish();
      outOfTime.resolve();
    });
    const budget = { isOver: budgetMs <= 0 };
    let [isMore, total] = [true, NOTHING];
    try {
      while (!budget.isOver && !this.#isStopping) {
        const claimed = isMore ? await this.#claim({ scope, without: fruitless, isOnce: true }) : null;
        if (claimed !== null) isMore = claimed.isLimited;
        for (const lane of claimed?.lanes ?? []) {
          mine.add(lane);
          const ended: Promise<void> = this.#endOf(lane).then(() => {
            if (isNothing(lane.counts)) fruitless.add(lane.domain);
            else if (lane.wantsMore) isMore = true;
            underWay.delete(ended);
          });
          underWay.add(ended);
        }
        if (underWay.size === 0) break;
        await Promise.race([outOfTime.promise, ...underWay]);
      }
    } finally {
      timer.cancel();
    }
    for (const { counts } of mine) total = addCounts(total, counts);
    return total;
  }

  #wakeLanes(): void {
    const domains = this.#woken;
    this.#woken = new Set();
    for (const domain of domains) {
      this.#options.memory.reach.forget(domain);
      const lane = this.#lanes.get(domain);
      if (lane === undefined) this.#agenda.want(domain);
      else if (lane.isIdle && !hasPlace(domain, { underWay: this.#underWay(), pace: this.#options.memory.pace })) lane.finish(true);
      else lane.wake();
    }
    this.#claimWhatIsNext();
  }

  #underWay(): readonly Domain[] {
    return [...this.#lanes.values()].filter((lane) => !lane.isIdle).map(({ domain }) => domain);
  }

  /** Claims until there is nothing to claim at once, then sets the timer. */
  #claimWhatIsNext(): void {
    if (this.#isClaiming || !this.#isResident || this.#isStopping) return;
    this.#timer?.cancel();
    this.#isClaiming = true;
    this.#round = this.#runRound();
  }

  async #runRound(): Promise<void> {
    const { clock, logger } = this.#options;
    for (let scope = this.#agenda.next(clock.now().getTime()); scope !== null && !this.#isStopping; scope = this.#agenda.next(clock.now().getTime())) {
      this.#agenda.begin(scope);
      try {
        await this.#claimNext(scope);
      } catch (error) {
        logger.error({ err: error }, 'the outbox cannot be read');
        this.#agenda.failed(scope, clock.now().getTime());
      }
    }
    // In the same turn as the last look at the agenda, so that nothing falls between.
    this.#isClaiming = false;
    if (!this.#isStopping) this.#timer = this.#options.timers.after(this.#agenda.waitMs(clock.now().getTime()), () => this.#claimWhatIsNext());
  }

  async #claimNext(scope: ClaimScope): Promise<void> {
    const { isLimited, stillWanted } = await this.#claim({ scope, without: NONE, isOnce: false });
    const nextDueAt = typeof scope === 'string' ? await this.#options.outbox.nextDueAt() : null;
    this.#agenda.claimed({ scope, nowMs: this.#options.clock.now().getTime(), isLimited, stillWanted, nextDueAt });
  }

  /** Claims what is due and opens its lanes. */
  async #claim({ scope: wish, without, isOnce }: ClaimWish): Promise<Claimed> {
    const { outbox, workerId, clock, memory } = this.#options;
    const now = clock.now();
    const underWay = this.#underWay();
    const scope = typeof wish === 'string' ? wish : wish.filter((domain) => hasPlace(domain, { underWay, pace: memory.pace }));
    if (scope.length === 0 && typeof wish !== 'string') return { lanes: [], isLimited: false, stillWanted: wish };
    const places = openLanes({ underWay, pace: memory.pace, scope, without });
    const domains = await outbox.claimDestinations({ workerId, now, claimMs: CLAIM_MS, scope, ...places });
    const lanes = domains.map((domain) => this.#open(domain, { claimEndsAtMs: now.getTime() + CLAIM_MS, isOnce }));
    const isUsedUp = usedUp(domains, places);
    const claimed = new Set(domains);
    const passedOver = new Set(typeof scope === 'string' ? [] : scope.filter((domain) => !isUsedUp(domain)));
    const stillWanted = typeof wish === 'string' ? [] : wish.filter((domain) => !claimed.has(domain) && !passedOver.has(domain));
    return { lanes, isLimited: isUsedUp(null), stillWanted };
  }

  #open(domain: Domain, { claimEndsAtMs, isOnce }: { readonly claimEndsAtMs: number; readonly isOnce: boolean }): Lane {
    const host: LaneHost = {
      othersWait: () => this.#agenda.isCrowded,
      mayStayWarm: () => !isOnce && !this.#isStopping && this.#lanes.size - this.#underWay().length < MAX_WARM,
      onIdle: () => this.#onPlace(),
      noteDue: (at) => this.#noteDue(at),
      onOver: () => void this.#close(lane),
    };
    const lane = new Lane(this.#options, { domain, claimEndsAtMs, host });
    this.#lanes.set(domain, lane);
    this.#ends.set(lane, Promise.withResolvers());
    this.#extension.watch();
    if (this.#isStopping) lane.finish();
    else lane.wake();
    return lane;
  }

  async #close(lane: Lane): Promise<void> {
    const { domain, claimEndsAtMs } = lane;
    await releaseClaim(this.#options, domain, { claimEndsAtMs, mayWait: () => !this.#isStopping });
    if (this.#lanes.get(domain) === lane) this.#lanes.delete(domain);
    this.#ends.get(lane)?.resolve();
    this.#ends.delete(lane);
    if (!this.#isResident || this.#isStopping) return;
    if (lane.isFaulty) this.#agenda.noteFault(this.#options.clock.now().getTime());
    else if (lane.wantsMore) this.#agenda.want(domain);
    if (this.#agenda.isCrowded) this.#agenda.notePlace();
    this.#claimWhatIsNext();
  }

  /** Gives back the claim of a request that is not waited for: whatever becomes of it, the peer knows it again. */
  async #giveUp(lane: Lane): Promise<void> {
    lane.abandon();
    await releaseClaim(this.#options, lane.domain, { claimEndsAtMs: lane.claimEndsAtMs, mayWait: () => false });
    this.#lanes.delete(lane.domain);
  }

  #onPlace(): void {
    if (!this.#agenda.isCrowded) return;
    this.#agenda.notePlace();
    this.#claimWhatIsNext();
  }

  #noteDue(at: Date): void {
    this.#agenda.noteDue(at);
    this.#claimWhatIsNext();
  }

  #endOf(lane: Lane): Promise<void> {
    return this.#ends.get(lane)?.promise ?? Promise.resolve();
  }

  async #allEnded(): Promise<void> {
    await this.#round;
    await Promise.all([...this.#ends.values()].map(({ promise }) => promise));
  }
}

/** Tells of a domain whether its group got as many places as it had, and of null whether any did that could have more. */
function usedUp(claimed: readonly Domain[], { limit, groups }: ReturnType<typeof openLanes>): (domain: Domain | null) => boolean {
  const sets = groups.map((group) => ({ names: new Set(group.domains), limit: group.limit, taken: 0 }));
  let unnamed = 0;
  for (const domain of claimed) {
    const group = sets.find(({ names }) => names.has(domain));
    if (group === undefined) unnamed += 1;
    else group.taken += 1;
  }
  // Slow ones that are passed over are known here, and wanted one by one.
  const [quick] = sets;
  return (domain) => {
    if (domain === null) return unnamed >= limit || (quick !== undefined && quick.names.size > 0 && quick.taken >= quick.limit);
    const group = sets.find(({ names }) => names.has(domain));
    return group === undefined ? unnamed >= limit : group.taken >= group.limit;
  };
}
