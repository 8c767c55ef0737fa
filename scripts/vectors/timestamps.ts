import { NOW } from './fixed.ts';
import { invalid, textCases, valid } from './vector-file.ts';
import type { VectorSubject } from './vector-file.ts';

/** Lists timestamps, and those of bodies against a receiver's clock. @see docs/protocol.md [ID-5] */
export function timestampVectors(): VectorSubject {
  return {
    subject: 'timestamps',
    notes: {
      Ordinary: 'A text that every implementation accepts.',
      Calendar: 'A day or an hour that the calendar has, or has not.',
      Form: 'Another form that ISO 8601 or RFC 3339 allow and this protocol does not.',
      Character: 'A character that does not belong.',
      Clock: 'How far ahead of the receiver\u2019s clock `now` a body\u2019s own timestamp lies. In the past is never too far.',
    },
    groups: [
      { type: 'Timestamp', clause: 'ID-5', tests: forms() },
      { type: 'BodyTimestamp', clause: 'ID-5', tests: clocks() },
    ],
  };
}

function forms() {
  return textCases({
    error: { code: 'invalid_body', reason: 'not_of_its_form' },
    accepted: [
      ['Ordinary', 'the moment of the worked example', NOW],
      ['Ordinary', 'the Unix epoch', '1970-01-01T00:00:00.000Z'],
      ['Ordinary', 'the last millisecond of a year', '2026-12-31T23:59:59.999Z'],
      ['Calendar', '29 February of a leap year', '2028-02-29T00:00:00.000Z'],
      ['Calendar', '29 February 2000, a leap year though a century', '2000-02-29T12:00:00.000Z'],
      ['Calendar', 'a year far ahead', '9999-12-31T23:59:59.999Z'],
      ['Calendar', 'a year long past', '0001-01-01T00:00:00.000Z'],
    ],
    refused: [
      ['Form', 'nothing', ''],
      ['Form', 'no milliseconds', '2026-11-18T11:06:40Z'],
      ['Form', 'one digit of a second', '2026-11-18T11:06:40.0Z'],
      ['Form', 'six digits of a second', '2026-11-18T11:06:40.000000Z'],
      ['Form', 'an offset of zero', '2026-11-18T11:06:40.000+00:00'],
      ['Form', 'another offset', '2026-11-18T12:06:40.000+01:00'],
      ['Form', 'no zone', '2026-11-18T11:06:40.000'],
      ['Form', 'a blank in place of T', '2026-11-18 11:06:40.000Z'],
      ['Form', 't and z in lower case', '2026-11-18t11:06:40.000z'],
      ['Form', 'the basic form', '20261118T110640.000Z'],
      ['Form', 'a comma before the milliseconds', '2026-11-18T11:06:40,000Z'],
      ['Form', 'a date alone', '2026-11-18'],
      ['Form', 'a week date', '2026-W47-3T11:06:40.000Z'],
      ['Form', 'a year of six digits', '+002026-11-18T11:06:40.000Z'],
      ['Form', 'a year of two digits', '26-11-18T11:06:40.000Z'],
      ['Form', 'Unix seconds', '1795000000'],
      ['Calendar', '29 February of a common year', '2026-02-29T00:00:00.000Z'],
      ['Calendar', '29 February 1900, no leap year', '1900-02-29T00:00:00.000Z'],
      ['Calendar', '30 February', '2028-02-30T00:00:00.000Z'],
      ['Calendar', '31 November', '2026-11-31T00:00:00.000Z'],
      ['Calendar', 'day 00', '2026-11-00T00:00:00.000Z'],
      ['Calendar', 'day 32', '2026-12-32T00:00:00.000Z'],
      ['Calendar', 'month 00', '2026-00-18T00:00:00.000Z'],
      ['Calendar', 'month 13', '2026-13-18T00:00:00.000Z'],
      ['Calendar', 'hour 24', '2026-11-18T24:00:00.000Z'],
      ['Calendar', 'minute 60', '2026-11-18T11:60:00.000Z'],
      ['Calendar', 'a leap second', '2016-12-31T23:59:60.000Z'],
      ['Character', 'a blank before', ` ${NOW}`],
      ['Character', 'a line feed after', `${NOW}\n`],
      ['Character', 'a digit that is not ASCII', '202\u0666-11-18T11:06:40.000Z'],
      ['Character', 'a minus sign that is not ASCII', '2026\u221211-18T11:06:40.000Z'],
    ],
  });
}

function clocks() {
  const error = { code: 'invalid_body', pointer: '/timestamp' };
  const at = (timestamp: string, now = NOW) => ({ timestamp, now });
  return [
    valid('Clock', 'now', { input: at(NOW) }),
    valid('Clock', '300 s ahead', { input: at('2026-11-18T11:11:40.000Z') }),
    valid('Clock', 'a year ago', { input: at('2025-11-18T11:06:40.000Z') }),
    valid('Clock', '300 s ahead of a clock between two seconds', { input: at('2026-11-18T11:11:40.999Z', '2026-11-18T11:06:40.999Z') }),
    invalid('Clock', '300.001 s ahead', { input: at('2026-11-18T11:11:40.001Z'), error }),
    invalid('Clock', '301 s ahead', { input: at('2026-11-18T11:11:41.000Z'), error }),
    invalid('Clock', 'a day ahead', { input: at('2026-11-19T11:06:40.000Z'), error }),
    invalid('Clock', '300.001 s ahead of a clock between two seconds', { input: at('2026-11-18T11:11:41.000Z', '2026-11-18T11:06:40.999Z'), error }),
  ];
}
