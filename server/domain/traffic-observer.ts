/**
 * Is told what this instance takes and refuses, as it happens. Both are on the path of every message: whoever observes
 * counts, and neither waits nor throws. No ids of people, conversations or messages are ever handed over.
 */
export interface TrafficObserver {
  /** Messages were stored that were not here before: sent by local people, or brought by peers. */
  accepted(origin: TrafficOrigin, count: number): void;
  /** A request, or one item of a batch, was refused; `code` is of the error registry or of what clients are told. */
  rejected(origin: TrafficOrigin, code: string): void;
}

/** Whether somebody of this instance asked, or a peer. */
type TrafficOrigin = 'local' | 'remote';

/** Counts nothing. */
export const unobservedTraffic: TrafficObserver = { accepted: () => undefined, rejected: () => undefined };
