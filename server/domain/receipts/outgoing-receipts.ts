import type { Domain } from '../../../protocol/ids.ts';
import type { LastingEvent } from './receipt-store.ts';

/** One event that the server of `domain` is to be told, with what the store needs to settle it. */
export interface OutgoingReceipt {
  readonly event: LastingEvent;
  /** Opaque; names how far this telling goes. */
  readonly mark: string;
}

/** What the delivery worker asks of the receipts that local users give; they wait, coalesced, until a peer took them [API-8]. */
export interface OutgoingReceiptQueue {
  /** Gives at most `limit` events that a peer has not been told yet; no more than one of each type for a user and conversation. */
  listDue(domain: Domain, limit: number): Promise<readonly OutgoingReceipt[]>;
  /** Notes that a peer was told these, or has no use for them. */
  settle(domain: Domain, told: readonly OutgoingReceipt[]): Promise<void>;
}
