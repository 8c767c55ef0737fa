import type { Domain } from '../../../protocol/ids.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import type { DrainCounts } from './drain-counts.ts';
import type { DrainOptions } from './drain-options.ts';
import { CLAIM_MS } from './claim-lifetime.ts';
import type { LaneHost } from './lane-host.ts';
import { LaneLoad } from './lane-load.ts';
import { LanePeer } from './lane-peer.ts';
import { deliver } from './next-request.ts';
import type { LaneRequest } from './next-request.ts';
import { holdBlocked } from './read-due.ts';
import { holdQueue } from './settle-delivery.ts';

/** How long a lane keeps its claim after its last item. */
const WARM_MS = 5_000;
/** How long a turn lasts where others wait. */
const TURN_MS = 10_000;
const PAGE_ITEMS = 100;
/** As many items are read ahead of a long queue of small ones, so that a look is paid once for several requests. */
const READ_AHEAD_ITEMS = 400;
const SMALL_LENGTH = 4_096;
/** What comes while a request is under way goes with the next one where that is soon: few large requests cost less. */
const LINGER_MS = 5;
const LONG_LINGER_MS = 40;

/**
 * Serves one claimed destination: lists what is due, sends it in requests of disjoint conversations, up to four under
 * way, and writes down what became of them. A later item of a conversation goes when the peer has answered the earlier
 * one; that the earlier one leaves the outbox is not waited for, as a peer knows again what it is sent twice [DEL-3]. A
 * peer that is slow, not known yet or failing gets one request first. With nothing left the lane stays warm for 5 s.
 * @see docs/protocol.md [DEL-1] [DEL-3] [DEL-4] [API-7]
 */
export class Lane {
  readonly domain: Domain;
  /** Until when the claim holds, in milliseconds since the epoch. */
  claimEndsAtMs: number;
  readonly #options: DrainOptions;
  readonly #host: LaneHost;
  readonly #load: LaneLoad;
  readonly #peer: LanePeer;
  #turnEndsAtMs: number;
  #retryAtMs = Number.POSITIVE_INFINITY;
  #pageItems = PAGE_ITEMS;
  #lingerMs = LINGER_MS;
  #requests = 0;
  #settling = 0;
  #hasAsked = false;
  /** Whether something may be due that was not listed. */
  #isUnseen = true;
  /** Whether a look passed over conversations in hand. */
  #isSkipped = false;
  #isLooking = false;
  #lookTimer: { cancel(): void } | null = null;
  #warmTimer: { cancel(): void } | null = null;
  #state: 'open' | 'over' | 'closed' = 'open';
  #wantsMore = false;
  #isFaulty = false;
  #isAbandoned = false;

  constructor(options: DrainOptions, { domain, claimEndsAtMs, host }: { readonly domain: Domain; readonly claimEndsAtMs: number; readonly host: LaneHost }) {
    this.#options = options;
    this.domain = domain;
    this.claimEndsAtMs = claimEndsAtMs;
    this.#host = host;
    this.#turnEndsAtMs = this.#nowMs() + TURN_MS;
    this.#peer = new LanePeer(options, domain);
    this.#load = new LaneLoad(options, domain, {
      onStruck: () => this.#onSettled(),
      onReceipts: () => this.#onReceipts(),
      onRetry: (at) => this.#onRetry(at),
      onFault: (error) => this.#fail(error),
    });
  }

  /** Whether the lane holds its claim with nothing to do. */
  get isIdle(): boolean {
    return this.#warmTimer !== null;
  }

  get counts(): DrainCounts {
    return this.#load.counts;
  }

  /** Whether the domain is to be claimed again, the lane being over. */
  get wantsMore(): boolean {
    return this.#wantsMore;
  }

  /** Whether it ended by a fault that would come again at once. */
  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  /** Begins, or looks again: something may be due. */
  wake(): void {
    this.#isUnseen = true;
    if (this.#state !== 'open') return void (this.#wantsMore = true);
    this.#leaveRest();
    this.#load.receipts.wake();
    this.#pump();
  }

  /** Begins nothing more; what is under way is finished. */
  finish(wantsMore = false): void {
    this.#end(wantsMore);
    this.#closeAtRest();
  }

  /** Writes nothing down any more. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  #nowMs(): number {
    return this.#options.clock.now().getTime();
  }

  /** Does whatever can be done now; whoever changed something calls it. */
  #pump(): void {
    if (this.#state === 'open' && this.#mustYield()) this.#end(true);
    if (this.#state === 'open') {
      while (this.#requests < this.#peer.mostRequests) {
        const request = this.#load.take();
        if (request === null) break;
        void this.#run(request);
      }
      this.#lookIfUseful();
    }
    this.#closeAtRest();
  }

  /** A lost claim ends a lane at once, slowness after a request, and a turn when others wait; what is further ahead than it ever was set is of a clock that was put back. */
  #mustYield(): boolean {
    const nowMs = this.#nowMs();
    if (nowMs >= this.claimEndsAtMs || this.claimEndsAtMs > nowMs + CLAIM_MS) return true;
    if (this.#hasAsked && this.#options.memory.pace.isSlow(this.domain) && this.#hasMore()) return true;
    if (nowMs < this.#turnEndsAtMs && this.#turnEndsAtMs <= nowMs + TURN_MS) return false;
    if (this.#host.othersWait() && this.#hasMore()) return true;
    this.#turnEndsAtMs = nowMs + TURN_MS;
    return false;
  }

  #hasMore(): boolean {
    return this.#isUnseen || this.#isSkipped || this.#load.waiting > 0 || this.#load.receipts.isReady;
  }

  #lookIfUseful(): void {
    if (!this.#isUnseen || this.#isLooking || this.#load.waiting >= PAGE_ITEMS) return;
    if (this.#requests === 0 && this.#settling === 0 && this.#load.isAtRest) return void this.#look();
    if (this.#requests >= this.#peer.mostRequests) return;
    this.#lookTimer ??= this.#options.timers.after(this.#lingerMs, () => {
      this.#lookTimer = null;
      if (this.#isUnseen && !this.#isLooking && this.#requests < this.#peer.mostRequests) void this.#look();
      else this.#pump();
    });
  }

  async #look(): Promise<void> {
    this.#lookTimer?.cancel();
    this.#lookTimer = null;
    this.#isLooking = true;
    try {
      if (await this.#isLetIn()) await this.#read();
    } catch (error) {
      this.#fail(error);
    }
    this.#isLooking = false;
    this.#pump();
  }

  async #isLetIn(): Promise<boolean> {
    const isShutOut = await this.#peer.isShutOut();
    if (this.#state !== 'open' || !isShutOut) return this.#state === 'open';
    this.#end(false);
    this.#load.counts.failed += await holdBlocked(this.#options, this.domain);
    this.#load.counts.retried += 1;
    return false;
  }

  async #read(): Promise<void> {
    const { isTrusted } = this.#peer;
    const limit = isTrusted ? this.#pageItems : 1;
    this.#isUnseen = false;
    const { found, isFull, isPartial, isOutdated, averageLength } = await this.#load.look(limit, { isTrusted, isWanted: () => this.#state === 'open' });
    if (isFull || isOutdated) this.#isUnseen = true;
    if (isPartial) [this.#isSkipped, this.#lingerMs] = [true, found > 0 ? LINGER_MS : LONG_LINGER_MS];
    this.#pageItems = isTrusted && isFull && averageLength <= SMALL_LENGTH ? READ_AHEAD_ITEMS : PAGE_ITEMS;
  }

  async #run(request: LaneRequest): Promise<void> {
    this.#requests += 1;
    this.#hasAsked = true;
    let outcome: DeliveryOutcome | null = null;
    try {
      outcome = await this.#options.memory.pace.time(this.domain, () => deliver(this.#options, { domain: this.domain, request }, this.#peer.standing));
    } catch (error) {
      this.#fail(error);
    }
    this.#requests -= 1;
    if (this.#isAbandoned || outcome === null) return this.#closeAtRest();
    this.#settling += 1;
    try {
      await this.#settle(request, outcome);
    } catch (error) {
      this.#fail(error);
    }
    this.#settling -= 1;
    this.#onSettled();
  }

  async #settle(request: LaneRequest, outcome: DeliveryOutcome): Promise<void> {
    const { hold, isShown, waiting } = outcome;
    // Of those that failed together one counts.
    const isFirstHold = hold !== null && this.#state === 'open';
    this.#load.sort(request, outcome);
    if (waiting.size > 0) this.#isUnseen = true;
    if (hold !== null) this.#end(false);
    this.#pump();
    if (isShown) {
      // A hold that another request led to ends with this.
      if (this.#state !== 'open' && hold === null) this.#wantsMore = true;
      await this.#peer.noteShown();
    }
    if (hold !== null) this.#peer.standing.isProbed = true;
    await this.#load.writeDown(request, outcome);
    if (!isFirstHold) return;
    this.#load.counts.retried += 1;
    await holdQueue(this.#options, this.domain, hold);
    this.#host.noteDue(hold.nextAttemptAt);
  }

  /** What a look passed over, as its conversation was in hand, is looked for when that may have ended. */
  #onSettled(): void {
    if (this.#isSkipped) this.#isUnseen = true;
    this.#isSkipped = false;
    this.#pump();
  }

  #onReceipts(): void {
    if (this.#load.receipts.isReady) this.#leaveRest();
    this.#pump();
  }

  #onRetry(at: Date): void {
    this.#retryAtMs = Math.min(this.#retryAtMs, at.getTime());
    this.#host.noteDue(at);
  }

  #fail(error: unknown): void {
    if (this.#isAbandoned) return;
    this.#options.logger.error({ err: error, destination: this.domain }, 'a lane ended early');
    this.#isFaulty = true;
    this.#end(true);
    this.#closeAtRest();
  }

  #end(wantsMore: boolean): void {
    if (this.#state !== 'open') return;
    this.#wantsMore = wantsMore;
    this.#state = 'over';
    this.#lookTimer?.cancel();
    this.#warmTimer?.cancel();
    this.#lookTimer = null;
    this.#warmTimer = null;
    this.#load.drop();
  }

  #closeAtRest(): void {
    if (this.#state === 'closed' || this.#requests > 0 || this.#settling > 0 || this.#isLooking || !this.#load.isAtRest) return;
    if (this.#state === 'open' && this.#mayRest()) return;
    this.#state = 'closed';
    this.#host.onOver();
  }

  /** Stays warm where there is nothing to do; false where it may not stay. */
  #mayRest(): boolean {
    if (this.#hasMore() || this.#lookTimer !== null || this.#warmTimer !== null) return true;
    if (!this.#host.mayStayWarm()) {
      this.#end(false);
      return false;
    }
    this.#warmTimer = this.#options.timers.after(Math.min(WARM_MS, Math.max(0, this.#retryAtMs - this.#nowMs())), () => this.#coolDown());
    this.#host.onIdle();
    return true;
  }

  #leaveRest(): void {
    if (this.#warmTimer === null) return;
    this.#warmTimer.cancel();
    this.#warmTimer = null;
    this.#turnEndsAtMs = this.#nowMs() + TURN_MS;
  }

  #coolDown(): void {
    this.#warmTimer = null;
    if (this.#nowMs() < this.#retryAtMs) return this.finish();
    this.#retryAtMs = Number.POSITIVE_INFINITY;
    this.wake();
  }
}
