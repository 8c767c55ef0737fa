import type { Domain } from '../../../protocol/ids.ts';
import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import type { DrainOptions } from './drain-options.ts';
import { alert, tellAuthor } from './settle-delivery.ts';

/** Who is told what became of the strikes. */
interface StrikeWatcher {
  /** These left the outbox; `stuck` are those of them that it did not have any more, or would not give. */
  readonly onStruck: (items: readonly OutboxItem[], stuck: readonly OutboxItem[]) => void;
  readonly onFault: (items: readonly OutboxItem[], error: unknown) => void;
}

/**
 * Takes out of the outbox what a peer has accepted, and tells each author: one statement at a time, with all that came
 * together while the one before was under way.
 * @see docs/protocol.md [DEL-1] [DEL-6]
 */
export class DeliveredStrike {
  readonly #options: DrainOptions;
  readonly #domain: Domain;
  readonly #watcher: StrikeWatcher;
  #pending: OutboxItem[] = [];
  #running = false;

  constructor(options: DrainOptions, domain: Domain, watcher: StrikeWatcher) {
    this.#options = options;
    this.#domain = domain;
    this.#watcher = watcher;
  }

  /** Whether everything is written down. */
  get isAtRest(): boolean {
    return !this.#running;
  }

  strike(items: readonly OutboxItem[]): void {
    if (items.length === 0) return;
    this.#pending = this.#pending.length === 0 ? [...items] : this.#pending.concat(items);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#pending.length > 0) {
      const items = this.#pending;
      this.#pending = [];
      try {
        const stuck = await this.#strikeOnce(items);
        this.#running = this.#pending.length > 0;
        this.#watcher.onStruck(items, stuck);
      } catch (error) {
        for (const item of items) this.#options.memory.unstruck.note(attemptOf(item));
        this.#running = this.#pending.length > 0;
        this.#watcher.onFault(items, error);
      }
    }
  }

  async #strikeOnce(items: readonly OutboxItem[]): Promise<readonly OutboxItem[]> {
    const { outbox, memory } = this.#options;
    const taken = await outbox.markDelivered(this.#domain, items.map(({ id }) => id));
    if (taken.length === items.length) {
      this.#tell(items);
      return [];
    }
    const ids = new Set(taken);
    const stuck = items.filter(({ id }) => !ids.has(id));
    for (const item of stuck) memory.unstruck.note(attemptOf(item));
    this.#tell(items.filter(({ id }) => ids.has(id)));
    return stuck;
  }

  #tell(items: readonly OutboxItem[]): void {
    const { clock, observe } = this.#options;
    for (const item of items) tellAuthor(this.#options, item, { state: 'delivered', attempts: item.attempts, errorCode: null, nextAttemptAt: null });
    if (observe === undefined || items.length === 0) return;
    const nowMs = clock.now().getTime();
    observe.delivered(this.#domain, items.map(({ createdAt }) => nowMs - createdAt.getTime()));
  }
}

/** Tells whether a peer took this very attempt a moment ago, though the outbox still asks for it. */
export function isUnstruck({ memory }: DrainOptions, item: OutboxItem): boolean {
  return !memory.unstruck.isEmpty() && memory.unstruck.has(attemptOf(item));
}

/** Tells the operator that the outbox keeps what was taken out of it. */
export function reportStuck(options: DrainOptions, destination: Domain): void {
  alert(options, { destination, reason: 'still_queued' }, 'a delivery that was settled is still queued');
}

/** A retry changes the count, and a new life of an item its birth. */
function attemptOf({ id, createdAt, attempts }: OutboxItem): string {
  return `${id} ${createdAt.getTime()} ${attempts}`;
}
