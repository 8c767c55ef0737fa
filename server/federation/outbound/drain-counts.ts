import type { DeliveryVerdict } from './delivery-verdict.ts';

/** How many items were delivered, put back and given up; a held queue counts as one put back. */
export interface DrainCounts {
  readonly delivered: number;
  readonly retried: number;
  readonly failed: number;
}

/** Is the count of a drain that came to nothing. */
export const NOTHING: DrainCounts = { delivered: 0, retried: 0, failed: 0 };

const COUNTED: Readonly<Record<DeliveryVerdict['kind'], DrainCounts>> = {
  delivered: { ...NOTHING, delivered: 1 },
  retry: { ...NOTHING, retried: 1 },
  hold: { ...NOTHING, retried: 1 },
  failed: { ...NOTHING, failed: 1 },
};

/** Gives what one verdict counts as. */
export function countOf(kind: DeliveryVerdict['kind']): DrainCounts {
  return COUNTED[kind];
}

/** Adds two counts. */
export function addCounts(a: DrainCounts, b: DrainCounts): DrainCounts {
  return { delivered: a.delivered + b.delivered, retried: a.retried + b.retried, failed: a.failed + b.failed };
}

/** Tells whether a drain came to nothing. */
export function isNothing({ delivered, retried, failed }: DrainCounts): boolean {
  return delivered + retried + failed === 0;
}
