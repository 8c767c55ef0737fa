import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { ERROR_REGISTRY } from '../errors.ts';
import { conversationBody } from '../schemas/conversation-body.ts';
import { messageBody } from '../schemas/message-body.ts';
import { buildOpenApiDocument } from './openapi-document.ts';

const document = buildOpenApiDocument({ version: '1.2.3' });
const validator = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'openapi.json');
const accepts = (name: string, value: unknown): boolean => validator.getSchema(`openapi.json#/components/schemas/${name}`)?.(value) === true;

const MESSAGE = {
  messageId: '01937f3e-0000-7000-8000-000000000000',
  conversationId: 'AAECAwQFBgcICQoLDA0ODw:a.test',
  senderId: 'alice@a.test',
  recipientServerDomain: 'b.test',
  payload: { nonce: 'AA==', ciphertext: 'AAAA', authTag: 'AAAAAAAAAAAAAAAAAAAAAA==', associatedData: {} },
  timestamp: '2026-11-18T11:06:40.000Z',
};

const CHANGE = {
  conversationId: MESSAGE.conversationId,
  action: 'create',
  initiatorId: 'alice@a.test',
  participantsToAdd: [{ userId: 'bob@b.test', encryptedSessionKey: 'AA==' }],
  allParticipants: ['alice@a.test', 'bob@b.test'],
  timestamp: MESSAGE.timestamp,
};

describe('the published description', () => {
  test('[ERR-2] names every code of the registry', () => {
    const text = JSON.stringify(document);
    for (const code of Object.keys(ERROR_REGISTRY)) expect(text).toContain(`"${code}"`);
  });

  test('[API-2] [API-3] accepts what the parsers accept', () => {
    expect([messageBody.safeParse(MESSAGE).success, accepts('MessageBody', MESSAGE)]).toEqual([true, true]);
    expect([conversationBody.safeParse(CHANGE).success, accepts('ConversationBody', CHANGE)]).toEqual([true, true]);
  });

  test.each([
    ['[ID-1] a capital letter in a user id', { senderId: 'Alice@a.test' }],
    ['[ID-2] a domain of one label', { recipientServerDomain: 'localhost' }],
    ['[ID-2] a reserved label', { recipientServerDomain: 'ab--c.test' }],
    ['[ID-3] a blank in a conversation id', { conversationId: 'a b' }],
    ['[ID-4] a message id of another version', { messageId: '01937f3e-0000-4000-8000-000000000000' }],
    ['[ID-5] a timestamp without milliseconds', { timestamp: '2026-11-18T11:06:40Z' }],
    ['[API-2] a payload without a tag', { payload: { nonce: 'AA==', ciphertext: 'AAAA', associatedData: {} } }],
    ['[API-2] base64 that is not canonical', { payload: { ...MESSAGE.payload, nonce: 'AB==' } }],
    ['[API-2] empty ciphertext', { payload: { ...MESSAGE.payload, ciphertext: '' } }],
    ['[API-2] a tag of 15 bytes', { payload: { ...MESSAGE.payload, authTag: 'AAAAAAAAAAAAAAAAAAAA' } }],
  ])('refuses %s, as the parser does', (_, change) => {
    const value = { ...MESSAGE, ...change };
    expect([messageBody.safeParse(value).success, accepts('MessageBody', value)]).toEqual([false, false]);
  });
});
