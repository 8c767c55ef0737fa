import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { batchBody } from './batch-body.ts';
import { boundedList } from './bounded-list.ts';
import { conversationBody } from './conversation-body.ts';
import { eventsBody } from './events-body.ts';
import { membershipStatement } from './membership-statement.ts';
import { parseBody } from './parse-body.ts';
import { publicKeyAnswer } from './public-key-answer.ts';

const list = z.object({ list: boundedList(z.array(z.object({ a: z.int() })).min(1), 3) });

function pointerOf(schema: z.ZodType, value: unknown): string | null {
  try {
    parseBody(schema, value);
    return null;
  } catch (error) {
    return error instanceof ProtocolError ? (error.pointer ?? '') : 'another error';
  }
}

describe('a bounded list', () => {
  test('[SIG-12] is read like any other, up to its bound', () => {
    expect(parseBody(list, { list: [{ a: 1, b: 2 }, { a: 3 }] })).toEqual({ list: [{ a: 1 }, { a: 3 }] });
    expect(pointerOf(list, { list: [{ a: 1 }, { a: 2 }, { a: 3 }] })).toBeNull();
    expect(pointerOf(list, { list: [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }] })).toBe('/list');
  });

  test.each([[{}, '/list'], [{ list: 'x' }, '/list'], [{ list: [] }, '/list'], [{ list: { length: { toString: 1, valueOf: 1 } } }, '/list'], [{ list: [{ a: 1 }, { a: 'x' }] }, '/list/1/a']])(
    '[ERR-1] the first bad member of %j is named',
    (value, pointer) => {
      expect(pointerOf(list, value)).toBe(pointer);
    },
  );

  test.each<[member: string, schema: z.ZodType]>([
    ['allParticipants', conversationBody],
    ['participantsToAdd', conversationBody],
    ['participants', membershipStatement],
    ['events', eventsBody],
    ['items', batchBody],
    ['previous', publicKeyAnswer],
  ])('[SIG-10] a list %s full of bad entries costs one complaint, not one for each', (member, schema) => {
    const issues = (count: number): number => {
      const read = schema.safeParse({ [member]: Array.from({ length: count }, () => ({})) });
      return read.error?.issues.filter(({ path }) => path[0] === member).length ?? 0;
    };
    expect(issues(2)).toBeGreaterThanOrEqual(2);
    expect(issues(20_000)).toBe(1);
  });
});
