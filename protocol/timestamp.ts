import { MAX_TIMESTAMP_AHEAD_SECONDS } from './limits.ts';

declare const brand: unique symbol;

/** An instant as the wire writes it: `YYYY-MM-DDTHH:MM:SS.sssZ`. @see docs/protocol.md [ID-5] */
export type Timestamp = string & { readonly [brand]: 'Timestamp' };

/** Says that a text is not a timestamp or an instant has none; never echoes it. */
export class TimestampError extends Error {
  override readonly name = 'TimestampError';
  readonly code = 'timestamp';

  constructor() {
    super('A timestamp is a real instant written YYYY-MM-DDTHH:MM:SS.sssZ.');
  }
}

const SHAPE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

/** Gives the form of a timestamp as JSON Schema writes it. @see docs/protocol.md [ID-5] */
export const TIMESTAMP_FORM = { type: 'string', format: 'date-time', pattern: SHAPE.source } as const;

/** Reads a timestamp or throws {@link TimestampError}. @see docs/protocol.md [ID-5] */
export function parseTimestamp(text: string): Timestamp {
  // The round trip refuses what Date rolls over: 30 February, hour 24, second 60.
  if (!SHAPE.test(text) || !isSameInstant(new Date(text), text)) throw new TimestampError();
  return text as Timestamp;
}

/** Writes an instant; throws {@link TimestampError} for an invalid date or a year outside 0000 to 9999. @see docs/protocol.md [ID-5] */
export function formatTimestamp(date: Date): Timestamp {
  if (Number.isNaN(date.getTime())) throw new TimestampError();
  return parseTimestamp(date.toISOString());
}

/** Gives the instant of a timestamp. */
export function timestampToDate(timestamp: Timestamp): Date {
  return new Date(timestamp);
}

/** Tells whether a body's own timestamp lies more than 300 s after `now`. @see docs/protocol.md [ID-5] */
export function isTooFarAhead(timestamp: Timestamp, now: Date): boolean {
  return timestampToDate(timestamp).getTime() - now.getTime() > MAX_TIMESTAMP_AHEAD_SECONDS * 1_000;
}

function isSameInstant(date: Date, text: string): boolean {
  return !Number.isNaN(date.getTime()) && date.toISOString() === text;
}
