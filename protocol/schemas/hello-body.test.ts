import { expect, it, test } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { helloBody } from './hello-body.ts';
import { parseBody } from './parse-body.ts';

it('[API-9] a hello is an object, [API-10] whatever members it may have one day', () => {
  expect(parseBody(helloBody, {})).toEqual({});
  expect(parseBody(helloBody, { later: 1 })).toEqual({});
});

test.each([[null], [[]], ['hello'], [1]])('[API-9] a hello of %j is refused', (body) => {
  expect(() => parseBody(helloBody, body)).toThrow(ProtocolError);
});
