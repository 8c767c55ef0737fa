import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { batchBody } from './batch-body.ts';
import { conversationBody } from './conversation-body.ts';
import { eventsBody } from './events-body.ts';
import { membershipStatement } from './membership-statement.ts';
import { messageBody } from './message-body.ts';
import { parseBody } from './parse-body.ts';
import { publicKeyAnswer } from './public-key-answer.ts';
import { sessionKeyBody } from './session-key-body.ts';

const schema = z.object({ a: z.number(), 'b/~': z.array(z.object({ c: z.string() })) });

function refusalOf(parse: () => unknown): ProtocolError {
  try {
    parse();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
  }
  throw new Error('no refusal');
}

describe('[ERR-1] reading a body', () => {
  it('gives what the schema reads', () => {
    expect(parseBody(schema, { a: 1, 'b/~': [{ c: 'd', e: 'f' }], g: 1 })).toEqual({ a: 1, 'b/~': [{ c: 'd' }] });
  });

  test.each([
    [{ a: '1', 'b/~': 2 }, '/a'],
    [{ a: 1, 'b/~': [{ c: 'd' }, { c: 1 }] }, '/b~1~0/1/c'],
    [{ 'b/~': [] }, '/a'],
  ])('points at the first bad member of %j', (body, pointer) => {
    const refusal = refusalOf(() => parseBody(schema, body));
    expect([refusal.code, refusal.pointer]).toEqual(['invalid_body', pointer]);
  });

  test.each([[null], [[]], ['text'], [1], [true]])('[SIG-12] refuses the top level %j as a whole', (body) => {
    const refusal = refusalOf(() => parseBody(messageBody, body));
    expect([refusal.code, refusal.pointer]).toEqual(['invalid_body', '']);
  });

  it('[SIG-10] ends in invalid_body for whatever JSON arrives, never in another error', () => {
    const members = fc.constantFrom(
      'messageId', 'conversationId', 'senderId', 'payload', 'timestamp', 'action', 'initiatorId', 'participantsToAdd', 'allParticipants', 'epoch',
      'membership', 'participants', 'items', 'id', 'method', 'path', 'body', 'events', 'type', 'messageIds', 'upTo', 'userId', 'publicKey', 'previous', 'v', 'prev', '__proto__',
    );
    const texts = fc.constantFrom('a@a.test', 'c:a.test', 'typing', 'delivered', 'read', 'create', 'leave', 'rotate_key', '2026-11-22T18:40:00.000Z', 'AAAA', 'x');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        texts,
        fc.constantFrom(null, true, 0, 1, 1.5, -1),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(members, tie('value'), { maxKeys: 10 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(messageBody, conversationBody, sessionKeyBody, batchBody, eventsBody, publicKeyAnswer, membershipStatement), (body, anySchema) => {
        try {
          parseBody(anySchema, body);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
