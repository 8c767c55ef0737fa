const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const FIRST_DELAY_MS = 5 * SECOND_MS;
const FIRST_DAY_CAP_MS = 5 * MINUTE_MS;
const LATER_CAP_MS = HOUR_MS;

/** Is how long an undelivered item is kept before it counts as failed. @see docs/protocol.md [DEL-2] */
export const OUTBOX_LIFETIME_MS = 7 * DAY_MS;

/** `ageMs` is how long the item has waited already, `random` gives numbers from 0 up to 1. */
interface DelayOptions {
  readonly ageMs: number;
  readonly random: () => number;
}

/**
 * Gives the milliseconds until retry `attempt`, counted from 0: min(5 s × 2^attempt, cap) × (0.5 to 1.5), the cap
 * being 5 minutes for the first day and 1 hour afterwards.
 * @see docs/protocol.md [DEL-2]
 */
export function nextDelayMs({ attempt, ageMs, random }: DelayOptions & { readonly attempt: number }): number {
  const cap = ageMs < DAY_MS ? FIRST_DAY_CAP_MS : LATER_CAP_MS;
  return Math.round(Math.min(FIRST_DELAY_MS * 2 ** attempt, cap) * (0.5 + random()));
}

/** Gives the milliseconds until the next try of what only an operator can mend: the longest delay of that age. @see docs/protocol.md [ERR-4] */
export function slowDelayMs(options: DelayOptions): number {
  return nextDelayMs({ ...options, attempt: Number.POSITIVE_INFINITY });
}
