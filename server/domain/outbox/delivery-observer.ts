import type { Domain } from '../../../protocol/ids.ts';

/** Is told what the delivery worker does, to count it; every call is made in passing, so none may be slow or throw. */
export interface DeliveryObserver {
  /** One request to a peer was answered, or not; `items` is how many deliveries it carried. */
  attempted(domain: Domain, items: number): void;
  /** A peer took these and they left the outbox; for each the milliseconds since it was queued. */
  delivered(domain: Domain, latenciesMs: readonly number[]): void;
  /** A delivery was put back, or the whole queue of the peer, for this reason. */
  retried(domain: Domain, code: string): void;
  /** A delivery was given up for this reason. */
  dead(domain: Domain, code: string): void;
}
