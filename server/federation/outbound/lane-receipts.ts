import type { Domain } from '../../../protocol/ids.ts';
import { MAX_EVENTS } from '../../../protocol/limits.ts';
import type { OutgoingReceipt } from '../../domain/receipts/outgoing-receipts.ts';
import type { DrainOptions } from './drain-options.ts';
import { packEvents } from './pack-events.ts';
import type { PackedEvents } from './pack-events.ts';

/** Who is told that there is something to send, or that the store failed. */
interface ReceiptsWatcher {
  readonly onReady: () => void;
  readonly onFault: (error: unknown) => void;
}

/** Receipts are worth less haste than messages, and what comes together is told together. */
const READ_EVERY_MS = 250;

/**
 * Brings the receipts for one peer into its lane: at most one request's worth at a time, looked for at most every
 * 250 ms, and not for a minute after the peer would not take any.
 * @see docs/protocol.md [API-8]
 */
export class LaneReceipts {
  readonly #options: DrainOptions;
  readonly #domain: Domain;
  readonly #watcher: ReceiptsWatcher;
  #pending: readonly OutgoingReceipt[] = [];
  #isTaken = false;
  #isDue = false;
  #isReading = false;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #timer: { cancel(): void } | null = null;

  constructor(options: DrainOptions, domain: Domain, watcher: ReceiptsWatcher) {
    this.#options = options;
    this.#domain = domain;
    this.#watcher = watcher;
  }

  /** Whether nothing is being read. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Whether there is something to send that was not taken. */
  get isReady(): boolean {
    return this.#pending.length > 0 && !this.#isTaken;
  }

  /** Says that there may be receipts. */
  wake(): void {
    const { receipts, memory, clock, timers } = this.#options;
    if (receipts === undefined || this.#isDue || memory.eventless.has(this.#domain)) return;
    this.#isDue = true;
    if (this.#isReading || this.#pending.length > 0) return;
    // A clock that was put back is behind the last read.
    const waitMs = Math.min(READ_EVERY_MS, this.#readAtMs + READ_EVERY_MS - clock.now().getTime());
    if (waitMs <= 0) void this.#read();
    else this.#timer = timers.after(waitMs, () => void this.#read());
  }

  /** Takes what is to be sent now, null where that is nothing. */
  take(maxBodyBytes: number): PackedEvents | null {
    if (this.#isTaken || this.#pending.length === 0) return null;
    const packed = packEvents(this.#pending, maxBodyBytes);
    if (packed.told.length === 0) {
      this.#pending = [];
      return null;
    }
    this.#isTaken = true;
    return packed;
  }

  /** Writes down what the peer was told, or keeps it for another day. */
  async settle({ told }: PackedEvents, became: 'told' | 'kept'): Promise<void> {
    const { receipts, memory } = this.#options;
    if (became === 'told') await receipts?.settle(this.#domain, told);
    else memory.eventless.note(this.#domain);
    const isMore = became === 'told' && (this.#isDue || told.length < this.#pending.length || this.#pending.length === MAX_EVENTS);
    this.#pending = [];
    this.#isTaken = false;
    this.#isDue = false;
    if (isMore) this.wake();
  }

  /** Looks for nothing more. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#pending = [];
  }

  async #read(): Promise<void> {
    const { receipts, clock } = this.#options;
    if (receipts === undefined) return;
    this.#timer = null;
    this.#isDue = false;
    this.#isReading = true;
    this.#readAtMs = clock.now().getTime();
    try {
      this.#pending = await receipts.listDue(this.#domain, MAX_EVENTS);
      this.#isReading = false;
      // What was given while this was read is looked for afterwards.
      if (this.#pending.length === 0 && this.#isDue) {
        this.#isDue = false;
        this.wake();
      }
      this.#watcher.onReady();
    } catch (error) {
      this.#isReading = false;
      this.#watcher.onFault(error);
    }
  }
}
