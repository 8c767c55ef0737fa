/** How many items were delivered, put back and given up; a held queue counts as one put back. */
export interface DrainCounts {
  readonly delivered: number;
  readonly retried: number;
  readonly failed: number;
}

/** Is the count of what came to nothing. */
export const NOTHING: DrainCounts = { delivered: 0, retried: 0, failed: 0 };

/** Adds two counts. */
export function addCounts(a: DrainCounts, b: DrainCounts): DrainCounts {
  return { delivered: a.delivered + b.delivered, retried: a.retried + b.retried, failed: a.failed + b.failed };
}

/** Tells whether it came to nothing. */
export function isNothing({ delivered, retried, failed }: DrainCounts): boolean {
  return delivered + retried + failed === 0;
}
