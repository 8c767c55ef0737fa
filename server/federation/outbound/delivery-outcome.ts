import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import type { DeliveryVerdict } from './delivery-verdict.ts';

/** What became of one request, before any of it is written down. */
export interface DeliveryOutcome {
  readonly delivered: readonly OutboxItem[];
  readonly others: readonly { readonly item: OutboxItem; readonly verdict: DeliveryVerdict & { readonly kind: 'failed' | 'retry' } }[];
  /** Items about which nothing is known yet, each to be sent as a request of its own. */
  readonly alone: readonly OutboxItem[];
  /** The conversations in which an item waits now. */
  readonly waiting: ReadonlySet<bigint>;
  /** Why the whole queue of the peer waits, null where it does not. */
  readonly hold: (DeliveryVerdict & { readonly kind: 'hold' }) | null;
  /** Whether the peer showed itself to be there. */
  readonly isShown: boolean;
  /** What is to be done with the events that the request carried. */
  readonly events: 'none' | 'told' | 'kept';
}

/** Is the outcome of a request that came to nothing. */
export const NO_OUTCOME: DeliveryOutcome = { delivered: [], others: [], alone: [], waiting: new Set(), hold: null, isShown: false, events: 'none' };
