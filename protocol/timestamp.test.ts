import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatTimestamp, isTooFarAhead, parseTimestamp, TimestampError, timestampToDate } from './timestamp.ts';

describe('[ID-5] a timestamp', () => {
  test.each(['2026-11-22T18:40:00.000Z', '2024-02-29T23:59:59.999Z', '0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z', '2000-02-29T00:00:00.001Z'])(
    'accepts %s',
    (text) => {
      expect(parseTimestamp(text)).toBe(text);
    },
  );

  test.each([
    '', '2026-11-22', '2026-11-22T18:40:00Z', '2026-11-22T18:40:00.00Z', '2026-11-22T18:40:00.0000Z', '2026-11-22t18:40:00.000Z', '2026-11-22T18:40:00.000z',
    '2026-11-22 18:40:00.000Z', '2026-11-22T18:40:00.000+00:00', '2026-11-22T18:40:00.000', '2026-02-29T00:00:00.000Z', '2026-02-30T00:00:00.000Z',
    '2026-04-31T00:00:00.000Z', '1900-02-29T00:00:00.000Z', '2026-13-01T00:00:00.000Z', '2026-00-01T00:00:00.000Z', '2026-01-00T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z', '2026-01-01T00:60:00.000Z', '2026-12-31T23:59:60.000Z', '+002026-01-01T00:00:00.000Z', '2026-11-22T18:40:00.000Z\n',
  ])('refuses %j', (text) => {
    expect(() => parseTimestamp(text)).toThrow(TimestampError);
  });

  it('round-trips every instant of the years 0000 to 9999', () => {
    const dates = fc.date({ min: new Date('0000-01-01T00:00:00.000Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        expect(timestampToDate(formatTimestamp(date)).getTime()).toBe(date.getTime());
      }),
    );
  });

  it('is not written for an invalid date or the year 10000', () => {
    expect(() => formatTimestamp(new Date(Number.NaN))).toThrow(TimestampError);
    expect(() => formatTimestamp(new Date('+010000-01-01T00:00:00.000Z'))).toThrow(TimestampError);
  });

  it('is accepted 300 s ahead of the clock, refused a millisecond later', () => {
    const now = new Date('2026-11-22T18:40:00.000Z');
    expect(isTooFarAhead(parseTimestamp('2026-11-22T18:45:00.000Z'), now)).toBe(false);
    expect(isTooFarAhead(parseTimestamp('2026-11-22T18:45:00.001Z'), now)).toBe(true);
    expect(isTooFarAhead(parseTimestamp('2020-01-01T00:00:00.000Z'), now)).toBe(false);
  });
});
