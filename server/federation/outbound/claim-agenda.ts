import type { Domain } from '../../../protocol/ids.ts';
import type { ClaimScope } from '../../domain/outbox/outbox-store.ts';

/** What came of one claim; `isLimited` where more could have been claimed had there been places. */
interface ClaimResult {
  readonly scope: ClaimScope;
  readonly nowMs: number;
  readonly isLimited: boolean;
  /** Domains of a list that are to be tried again when a place is free. */
  readonly stillWanted: readonly Domain[];
  /** When `due` may find something next, null for never; absent after a list. */
  readonly nextDueAt?: Date | null;
}

const EVERYWHERE_MS = 30_000;
const DUE_MS = 1_000;
const AFTER_FAULT_MS = 1_000;
const MAX_WANTED = 10_000;

/**
 * Says where to claim next: at the domains that something was queued for, once a second at most at what has an instant
 * that has come, and everywhere at the start and every 30 s, or every second while there are not places enough.
 * @see docs/protocol.md [DEL-4] [DEL-5]
 */
export class ClaimAgenda {
  #wanted = new Set<Domain>();
  /** Whether `#wanted` is worth a claim now, rather than when a place is free. */
  #isFresh = false;
  #isScanLimited = false;
  #everywhereAtMs = Number.NEGATIVE_INFINITY;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #scannedAtMs = Number.NEGATIVE_INFINITY;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  /** Whether somebody waits for a place. */
  get isCrowded(): boolean {
    return this.#wanted.size > 0 || this.#isScanLimited;
  }

  /** Asks for a claim of this domain. */
  want(domain: Domain): void {
    this.#isFresh = true;
    this.#wanted.add(domain);
    if (this.#wanted.size <= MAX_WANTED) return;
    // They are all found by a walk through the queue as well.
    this.#wanted.clear();
    this.#everywhereAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Says that something is due then. */
  noteDue(at: Date): void {
    this.#dueAtMs = Math.min(this.#dueAtMs, Math.max(at.getTime(), this.#scannedAtMs + DUE_MS));
  }

  /** Says that a domain could not be served just now, for no reason of its own. */
  noteFault(nowMs: number): void {
    this.#everywhereAtMs = Math.min(this.#everywhereAtMs, nowMs + 5 * AFTER_FAULT_MS);
  }

  /** Says that a place is free. */
  notePlace(): void {
    this.#isFresh = true;
  }

  /** Where to claim now, null for nowhere yet. */
  next(nowMs: number): ClaimScope | null {
    this.#heedClock(nowMs);
    if (nowMs < this.#pausedUntilMs) return null;
    if (this.#isFresh && this.#wanted.size > 0) return [...this.#wanted];
    if (nowMs >= this.#everywhereAtMs) return 'everywhere';
    return nowMs >= this.#dueAtMs ? 'due' : null;
  }

  /** An instant further ahead than it was ever set was set by a clock that has been put back since: it has come. */
  #heedClock(nowMs: number): void {
    if (this.#pausedUntilMs > nowMs + AFTER_FAULT_MS) this.#pausedUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#scannedAtMs <= nowMs && this.#everywhereAtMs <= nowMs + EVERYWHERE_MS) return;
    this.#scannedAtMs = Number.NEGATIVE_INFINITY;
    this.#everywhereAtMs = Number.NEGATIVE_INFINITY;
  }

  /** A list is under way: what is wanted from now on is wanted again. */
  begin(scope: ClaimScope): void {
    if (typeof scope === 'string') return;
    this.#isFresh = false;
    this.#wanted = new Set();
  }

  /** Notes what came of a claim. */
  claimed({ scope, nowMs, isLimited, stillWanted, nextDueAt }: ClaimResult): void {
    for (const domain of stillWanted) this.#wanted.add(domain);
    if (typeof scope !== 'string') return;
    this.#isScanLimited = isLimited;
    this.#scannedAtMs = nowMs;
    this.#dueAtMs = nextDueAt === null || nextDueAt === undefined ? Number.POSITIVE_INFINITY : Math.max(nextDueAt.getTime(), nowMs + DUE_MS);
    if (scope === 'everywhere') this.#everywhereAtMs = nowMs + EVERYWHERE_MS;
    // What was passed over for want of a place may be due by nothing but its being queued.
    if (isLimited) this.#everywhereAtMs = nowMs + DUE_MS;
  }

  /** Notes that a claim could not be made: nothing is tried for a second, and nothing is forgotten. */
  failed(scope: ClaimScope, nowMs: number): void {
    if (typeof scope !== 'string') for (const domain of scope) this.want(domain);
    this.#pausedUntilMs = nowMs + AFTER_FAULT_MS;
    this.#everywhereAtMs = Math.min(this.#everywhereAtMs, this.#pausedUntilMs);
  }

  /** How long until `next` may say something without being told anything before. */
  waitMs(nowMs: number): number {
    this.#heedClock(nowMs);
    return Math.max(0, this.#pausedUntilMs - nowMs, Math.min(this.#everywhereAtMs, this.#dueAtMs) - nowMs);
  }
}
