import type { Domain } from '../../../protocol/ids.ts';
import type { PeerLimits } from '../../../protocol/key-document.ts';
import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import { ConversationQueues } from './conversation-queues.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import type { DrainOptions } from './drain-options.ts';
import { LaneReceipts } from './lane-receipts.ts';
import { takeRequest } from './next-request.ts';
import type { LaneRequest } from './next-request.ts';
import { readDue, readLimits } from './read-due.ts';
import { settleDelivery } from './settle-delivery.ts';
import { DeliveredStrike, reportStuck } from './strike-delivered.ts';

/** Who is told what happens to a load by itself. */
interface LoadWatcher {
  /** Items were written down. */
  readonly onStruck: () => void;
  readonly onReceipts: () => void;
  readonly onRetry: (at: Date) => void;
  readonly onFault: (error: unknown) => void;
}

/** What one look brought. */
interface Look {
  readonly found: number;
  /** Whether there may be more behind. */
  readonly isFull: boolean;
  /** Whether conversations in hand were passed over that still are. */
  readonly isPartial: boolean;
  /** Whether some were that no longer are: what is due of them is to be looked for at once, as nothing of them will end any more. */
  readonly isOutdated: boolean;
  /** How many characters the bodies have on average. */
  readonly averageLength: number;
}

/** What a lane has in hand for its peer: items by conversation and receipts, from the look that found them until they are written down. */
export class LaneLoad {
  readonly counts = { delivered: 0, retried: 0, failed: 0 };
  readonly receipts: LaneReceipts;
  readonly #options: DrainOptions;
  readonly #domain: Domain;
  readonly #watcher: LoadWatcher;
  readonly #queues = new ConversationQueues();
  readonly #strike: DeliveredStrike;
  readonly #lone = new Set<OutboxItem>();
  /** Conversations of which an item will not leave the outbox. */
  readonly #stuck = new Set<bigint>();
  readonly #struckAgain = new Set<bigint>();
  #limits: PeerLimits | null = null;
  #joinsEvents = true;

  constructor(options: DrainOptions, domain: Domain, watcher: LoadWatcher) {
    this.#options = options;
    this.#domain = domain;
    this.#watcher = watcher;
    this.receipts = new LaneReceipts(options, domain, { onReady: watcher.onReceipts, onFault: watcher.onFault });
    this.#strike = new DeliveredStrike(options, domain, {
      onStruck: (items, stuck) => this.#onStruck(items, stuck),
      onFault: (items, error) => this.#onStrikeFault(items, error),
    });
  }

  /** How many items wait to be sent. */
  get waiting(): number {
    return this.#queues.waiting;
  }

  /** Whether nothing is being written down or read by itself. */
  get isAtRest(): boolean {
    return this.#strike.isAtRest && !this.receipts.isReading;
  }

  /** Takes out the next request, null where nothing may be sent now. */
  take(): LaneRequest | null {
    return takeRequest({ queues: this.#queues, receipts: this.receipts, limits: this.#limits, lone: this.#lone, joinsEvents: this.#joinsEvents });
  }

  /** Looks for what is due, batches being made only of what a trusted peer gets. */
  async look(limit: number, { isTrusted, isWanted }: { readonly isTrusted: boolean; readonly isWanted: () => boolean }): Promise<Look> {
    const open = this.#queues.openKeys();
    const read = readDue(this.#options, this.#domain, { limit, without: [...open, ...this.#stuck] });
    const [page, limits] = await Promise.all([read, isTrusted ? readLimits(this.#options, this.#domain) : null]);
    this.#limits = limits;
    this.counts.failed += page.expired;
    if (isWanted()) {
      this.#queues.add([...page.unstruck, ...page.items]);
      this.#strikeAgain(page.unstruck);
    }
    const openNow = new Set(this.#queues.openKeys());
    const length = page.isFull ? page.items.reduce((sum, { body }) => sum + body.length, 0) : 0;
    return { found: page.items.length, isFull: page.isFull || page.expired > 0, isPartial: open.some((key) => openNow.has(key)), isOutdated: open.some((key) => !openNow.has(key)), averageLength: length / Math.max(1, page.items.length) };
  }

  /** Moves the items of an answered request on, so that later ones of their conversations may follow. */
  sort({ items }: LaneRequest, { delivered, others, alone, waiting, events }: DeliveryOutcome): void {
    this.#queues.answered(items);
    if (delivered.length < items.length) {
      const known = new Set([...delivered, ...alone, ...others.map(({ item }) => item)]);
      for (const item of alone) this.#lone.add(item);
      this.#queues.putBack(alone);
      this.#queues.drop(waiting);
      this.#queues.settled(items.filter((item) => !known.has(item)));
      if (events === 'kept') this.#joinsEvents = false;
    }
    this.#strike.strike(delivered);
  }

  /** Writes down what was put back or given up, and what the peer was told. */
  async writeDown({ events }: LaneRequest, outcome: DeliveryOutcome): Promise<void> {
    for (const { item, verdict } of outcome.others) {
      await settleDelivery(this.#options, item, verdict);
      this.counts[verdict.kind === 'retry' ? 'retried' : 'failed'] += 1;
      if (verdict.kind === 'retry') this.#watcher.onRetry(verdict.nextAttemptAt);
      this.#queues.settled([item]);
    }
    if (events !== null && outcome.events !== 'none') await this.receipts.settle(events, outcome.events);
  }

  /** Lets go of what was not sent: it stays in the outbox. */
  drop(): void {
    this.receipts.end();
    this.#queues.drop(this.#queues.openKeys());
  }

  #strikeAgain(items: readonly OutboxItem[]): void {
    this.#queues.take(items);
    this.#queues.answered(items);
    for (const { conversationKey } of items) this.#struckAgain.add(conversationKey);
    this.#strike.strike(items);
  }

  #onStruck(items: readonly OutboxItem[], stuck: readonly OutboxItem[]): void {
    this.counts.delivered += items.length - stuck.length;
    this.#queues.settled(items);
    this.#passOver(stuck.filter(({ conversationKey }) => this.#struckAgain.has(conversationKey)));
    this.#watcher.onStruck();
  }

  #onStrikeFault(items: readonly OutboxItem[], error: unknown): void {
    this.#queues.settled(items);
    // What fails for a second time must not keep the rest.
    if (!items.every(({ conversationKey }) => this.#struckAgain.has(conversationKey))) return this.#watcher.onFault(error);
    this.#passOver(items);
    this.#watcher.onStruck();
  }

  #passOver(items: readonly OutboxItem[]): void {
    for (const { conversationKey } of items) this.#stuck.add(conversationKey);
    if (items.length > 0) reportStuck(this.#options, this.#domain);
  }
}
