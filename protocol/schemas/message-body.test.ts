import { describe, expect, it, test } from 'vitest';
import { encodeBase64 } from '../base64.ts';
import { ProtocolError } from '../errors.ts';
import { messageBody } from './message-body.ts';
import { parseBody } from './parse-body.ts';

const base64Of = (length: number): string => encodeBase64(new Uint8Array(length).fill(5));
const payload = { nonce: base64Of(12), ciphertext: base64Of(256), authTag: base64Of(16), associatedData: { v: 1, later: [{}] } };
const core = {
  conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test',
  senderId: 'alice@a.test',
  recipientServerDomain: 'b.test',
  payload,
  timestamp: '2026-11-22T18:40:00.000Z',
};
const full = { ...core, messageId: '01932f5e-8c00-7abc-8def-0123456789ab', payload: { ...payload, signature: base64Of(64) } };
const without = (body: object, name: string): object => Object.fromEntries(Object.entries(body).filter(([other]) => other !== name));

function pointerOf(body: unknown): string | undefined {
  try {
    parseBody(messageBody, body);
  } catch (error) {
    if (error instanceof ProtocolError) return error.pointer;
  }
  return undefined;
}

describe('[API-2] a message', () => {
  test.each([
    ['of Core', core], ['of Full', full], ['without signature', { ...full, payload }], ['of one byte', { ...core, payload: { ...payload, nonce: 'AA==', ciphertext: 'AA==' } }],
    ['with empty associated data', { ...core, payload: { ...payload, associatedData: {} } }],
  ])('is read: %s', (_, body) => {
    expect(parseBody(messageBody, body)).toEqual(body);
  });

  it('[API-10] loses the members it does not know, except inside associatedData', () => {
    const body = { ...full, later: 1, payload: { ...full.payload, later: 1 } };
    expect(parseBody(messageBody, body)).toEqual(full);
    expect(parseBody(messageBody, body).payload.associatedData).toBe(body.payload.associatedData);
  });

  test.each(Object.keys(core))('is refused without %s', (name) => {
    expect(pointerOf(without(core, name))).toBe(`/${name}`);
  });

  test.each(Object.keys(payload))('is refused without payload.%s', (name) => {
    expect(pointerOf({ ...core, payload: without(payload, name) })).toBe(`/payload/${name}`);
  });

  test.each([
    ['nonce', ''], ['nonce', 'AA'], ['nonce', 'AB=='], ['nonce', 1], ['ciphertext', ''], ['ciphertext', '-_=='], ['authTag', base64Of(15)], ['authTag', base64Of(17)],
    ['associatedData', []], ['associatedData', null], ['associatedData', 'text'], ['signature', base64Of(63)], ['signature', null], ['signature', ''],
  ])('is refused where payload.%s is %j', (name, value) => {
    expect(pointerOf({ ...core, payload: { ...payload, [name]: value } })).toBe(`/payload/${name}`);
  });

  test.each([
    ['conversationId', ''], ['conversationId', '..'], ['senderId', 'Alice@a.test'], ['senderId', 'alice'], ['recipientServerDomain', 'B.test'],
    ['payload', null], ['payload', []], ['timestamp', '2026-11-22T18:40:00Z'], ['timestamp', 1_795_372_800],
  ])('is refused where %s is %j', (name, value) => {
    expect(pointerOf({ ...core, [name]: value })).toBe(`/${name}`);
  });

  test.each([[null], [''], ['x'], [1], ['01932F5E-8C00-7ABC-8DEF-0123456789AB'], ['01932f5e-8c00-4abc-8def-0123456789ab']])(
    '[ID-4] is refused where a present messageId is %j',
    (messageId) => {
      expect(pointerOf({ ...core, messageId })).toBe('/messageId');
    },
  );
});
