/** Latencies in milliseconds, as a benchmark reports them. */
export interface LatencySummary {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Gives the value below or at which `percent` of the samples lie (nearest rank); throws RangeError where there is no
 * sample, or `percent` is not within 0 < percent <= 100.
 */
export function percentile(samples: readonly number[], percent: number): number {
  if (!(percent > 0 && percent <= 100)) throw new RangeError('a percentile lies above 0 and at 100 at most');
  const ordered = Float64Array.from(samples).sort();
  const value = ordered[Math.ceil((percent / 100) * ordered.length) - 1];
  if (value === undefined) throw new RangeError('there is no sample');
  return value;
}

/** Gives the middle sample, the lower one of two; throws RangeError where there is none. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/** Summarises latencies given in milliseconds; throws RangeError where there is none. */
export function summarizeLatencies(samplesMs: readonly number[]): LatencySummary {
  return {
    p50Ms: round(percentile(samplesMs, 50), 2),
    p95Ms: round(percentile(samplesMs, 95), 2),
    p99Ms: round(percentile(samplesMs, 99), 2),
    maxMs: round(percentile(samplesMs, 100), 2),
  };
}

/** Gives how many a second `count` in `elapsedMs` are. */
export function perSecond(count: number, elapsedMs: number): number {
  return round((count * 1_000) / elapsedMs, 1);
}

/** Rounds to so many decimals: more than were measured would claim too much. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
