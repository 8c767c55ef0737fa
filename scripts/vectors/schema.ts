import type { JsonObject } from '../../protocol/json.ts';

/** The members of one object: name and kind, a `?` after the name where the member may be absent. */
type Members = Readonly<Record<string, Kind>>;
type Kind = keyof typeof KINDS;

/** What the cases of one type of group hold. */
interface GroupType {
  readonly given?: Members;
  readonly input: Members;
  readonly expected: Members;
}

const KINDS = {
  text: { type: 'string' },
  hex: { type: 'string', pattern: '^(?:[0-9a-f]{2})*$' },
  utf16Hex: { type: 'string', pattern: '^(?:[0-9a-f]{4})*$' },
  b64: { type: 'string', contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' },
  b64url: { type: 'string', pattern: '^[A-Za-z0-9_-]*$' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  object: { type: 'object' },
  any: {},
  texts: { type: 'array', items: { type: 'string' } },
  objects: { type: 'array', items: { type: 'object' } },
  textOrNull: { type: ['string', 'null'] },
  verdict: { enum: ['same', 'rotated'] },
} as const;

const TEXT: Members = { text: 'text' };
const NOTHING: Members = {};
const SIGNED: Members = { keyId: 'text', destination: 'text', kid: 'text', created: 'integer', nonce: 'text', key: 'text' };
const CANONICAL: Members = { bodySha256: 'b64', canonical: 'text', canonicalHex: 'hex', signature: 'b64', header: 'text' };
const BODY: GroupType = { input: { body: 'any' }, expected: { kept: 'object', 'full?': 'boolean' } };
const CONTENT: GroupType = { input: { body: 'object' }, expected: { canonical: 'text', sha256: 'b64' } };
const REPEAT: GroupType = { input: { first: 'object', second: 'object' }, expected: NOTHING };
const JSON_BYTES: GroupType = { input: { bytesHex: 'hex' }, expected: { canonical: 'text' } };

/** Every type of group, in the order of the files. */
const GROUP_TYPES: Readonly<Record<string, GroupType>> = {
  Domain: { input: TEXT, expected: NOTHING },
  UserId: { input: TEXT, expected: NOTHING },
  ConversationId: { input: TEXT, expected: NOTHING },
  ConversationOwner: { input: { conversationId: 'text', initiatorId: 'text' }, expected: { ownerInId: 'textOrNull' } },
  MessageId: { input: TEXT, expected: NOTHING },
  CoreMessageId: { input: TEXT, expected: NOTHING },
  DerivedMessageId: { input: { senderId: 'text', conversationId: 'text', nonce: 'text', ciphertext: 'text' }, expected: { messageId: 'b64url' } },
  KeyId: { input: TEXT, expected: NOTHING },
  MediaId: { input: TEXT, expected: NOTHING },
  Timestamp: { input: TEXT, expected: NOTHING },
  BodyTimestamp: { input: { timestamp: 'text', now: 'text' }, expected: NOTHING },
  RequestTarget: { input: TEXT, expected: { segments: 'texts' } },
  Base64: { input: TEXT, expected: { bytesHex: 'hex' } },
  Base64Url: { input: TEXT, expected: { bytesHex: 'hex' } },
  StrictJson: JSON_BYTES,
  StrictJsonInBatch: JSON_BYTES,
  BodyTopLevel: { input: { bytesHex: 'hex' }, expected: NOTHING },
  Jcs: { input: { document: 'text' }, expected: { canonical: 'text', sha256: 'b64' } },
  JcsNumber: { input: { ieee754Hex: 'hex' }, expected: { text: 'text' } },
  JcsText: { input: { utf16Hex: 'utf16Hex' }, expected: { canonicalHex: 'hex' } },
  SignatureHeader: {
    input: { value: 'text' },
    expected: { keyId: 'text', kid: 'text', destination: 'text', created: 'integer', nonce: 'text', signatureHex: 'hex' },
  },
  CanonicalRequest: { input: { method: 'text', target: 'text', bodyHex: 'hex', ...SIGNED }, expected: CANONICAL },
  SignedRequest: {
    given: { servedDomains: 'texts', blockedDomains: 'texts', listedKeys: 'object', spentNonces: 'objects' },
    input: { method: 'text', target: 'text', body: 'text', headers: 'texts', now: 'text' },
    expected: NOTHING,
  },
  CanonicalAnswer: { input: { status: 'integer', bodyHex: 'hex', ...SIGNED }, expected: CANONICAL },
  SignedAnswer: {
    given: { called: 'text', own: 'text', nonce: 'text', listedKeys: 'object' },
    input: { status: 'integer', body: 'text', headers: 'texts', now: 'text' },
    expected: NOTHING,
  },
  StrictEd25519: { input: { publicKeyHex: 'hex', messageHex: 'hex', signatureHex: 'hex' }, expected: NOTHING },
  KeyDocument: {
    given: { domain: 'text', now: 'text' },
    input: { document: 'text' },
    expected: { kids: 'texts', profile: 'textOrNull', endpoints: 'texts', limits: 'object', signedText: 'text' },
  },
  KeyTxt: { input: { chunks: 'texts' }, expected: { kid: 'text', publicKey: 'b64' } },
  MessageBody: BODY,
  ConversationBody: BODY,
  SessionKeyBody: BODY,
  BatchBody: BODY,
  EventsBody: BODY,
  PublicKeyAnswer: BODY,
  MessageContent: CONTENT,
  ChangeContent: CONTENT,
  MessageRepeat: REPEAT,
  ChangeRepeat: REPEAT,
  IdentityBinding: { input: { userId: 'text', answer: 'object' }, expected: { bindingText: 'text', nextTexts: 'texts' } },
  PinComparison: { input: { pin: 'object', identity: 'object' }, expected: { verdict: 'verdict' } },
  WrapSessionKey: {
    input: { sessionKeyHex: 'hex', recipientPublicKey: 'b64', ephemeralSecretHex: 'hex', nonceHex: 'hex' },
    expected: { ephemeralPublicKeyHex: 'hex', sharedSecretHex: 'hex', encryptedSessionKey: 'b64' },
  },
  UnwrapSessionKey: { input: { encryptedSessionKey: 'text', recipientSecretHex: 'hex' }, expected: { sessionKeyHex: 'hex' } },
  KeyCommitment: { input: { conversationId: 'text', epoch: 'integer', sessionKeyHex: 'hex', keyCommitment: 'text' }, expected: { hashedHex: 'hex' } },
  MembershipStatement: {
    input: { membership: 'object', key: 'text' },
    expected: { canonical: 'text', hash: 'b64url', signedText: 'text', membershipSignature: 'b64' },
  },
  MembershipChain: { input: { pins: 'object', identities: 'objects', statements: 'objects' }, expected: { hashes: 'texts' } },
  MessageKey: { input: { sessionKeyHex: 'hex', conversationId: 'text', epoch: 'integer' }, expected: { info: 'text', keyHex: 'hex' } },
  SealMessage: {
    input: { associatedData: 'object', content: 'object', sessionKeyHex: 'hex', nonceHex: 'hex', key: 'text' },
    expected: { additionalData: 'text', signedText: 'text', signatureInputHash: 'b64url', payload: 'object' },
  },
  OpenMessage: {
    given: { joinedAtEpoch: 'integer', pins: 'object', epochs: 'objects' },
    input: { envelope: 'object', receivedAt: 'text' },
    expected: { content: 'object', late: 'boolean', signatureInputHash: 'b64url' },
  },
  EncodeContent: { input: { 'content?': 'object', 'contentUtf16Hex?': 'utf16Hex' }, expected: { plaintextHex: 'hex' } },
  DecodeContent: { input: { plaintextHex: 'hex' }, expected: { content: 'object' } },
  SafetyNumber: { input: { parties: 'objects', safetyNumber: 'text' }, expected: { texts: 'texts' } },
  LeaveSignature: {
    input: { conversationId: 'text', userId: 'text', epoch: 'integer', timestamp: 'text', signingKey: 'b64', leaveSignature: 'text' },
    expected: { signedText: 'text' },
  },
};

const CLAUSE = { type: 'string', pattern: '^(?:ID|DISC|KEY|SIG|ERR|API|DEL|E2E)-[1-9][0-9]?$' };

/** Builds the one JSON Schema (2020-12) that every file of vectors follows. */
export function vectorSchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:securechat:vectors:1',
    title: 'Vectors of the SecureChat server-to-server protocol, version 1',
    ...closed({
      schemaVersion: { const: 1 },
      protocolVersion: { const: 'v1' },
      subject: { type: 'string', pattern: '^[a-z0-9-]+$' },
      clauses: { type: 'array', items: CLAUSE, minItems: 1, uniqueItems: true },
      numberOfTests: { type: 'integer', minimum: 1 },
      notes: { type: 'object', minProperties: 1, additionalProperties: { type: 'string', minLength: 1 } },
      'privateTestKeys?': { type: 'object', additionalProperties: { $ref: '#/$defs/privateTestKey' } },
      groups: { type: 'array', minItems: 1, items: { $ref: '#/$defs/group' } },
    }),
    $defs: {
      privateTestKey: {
        description: 'A secret that everybody knows. It must never be used outside tests.',
        ...closed({ algorithm: { enum: ['Ed25519', 'X25519'] }, privateHex: { type: 'string', pattern: '^[0-9a-f]{64}$' }, publicKey: KINDS.b64 }),
      },
      error: {
        ...closed({ 'code?': { type: 'string', pattern: '^[a-z_]+$' }, 'reason?': { type: 'string', pattern: '^[a-z_0-9]+$' }, 'pointer?': { type: 'string', pattern: '^(?:/.*)?$' } }),
        anyOf: [{ required: ['code'] }, { required: ['reason'] }],
      },
      test: {
        ...closed({
          tcId: { type: 'integer', minimum: 1 },
          comment: { type: 'string', minLength: 1 },
          flags: { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
          'clause?': CLAUSE,
          input: KINDS.object,
          result: { enum: ['valid', 'invalid'] },
          'expected?': KINDS.object,
          'error?': { $ref: '#/$defs/error' },
        }),
        oneOf: [
          { properties: { result: { const: 'valid' } }, required: ['expected'], not: { required: ['error'] } },
          { properties: { result: { const: 'invalid' } }, required: ['error'], not: { required: ['expected'] } },
        ],
      },
      group: { oneOf: Object.keys(GROUP_TYPES).map((type) => ({ $ref: `#/$defs/${type}` })) },
      ...Object.fromEntries(Object.entries(GROUP_TYPES).map(([type, group]) => [type, groupSchema(type, group)])),
    },
  };
}

function groupSchema(type: string, { given, input, expected }: GroupType): JsonObject {
  const test = { $ref: '#/$defs/test', type: 'object', properties: { input: membersSchema(input), expected: membersSchema(expected) } };
  const tests = { type: 'array', minItems: 1, items: test };
  return closed({ type: { const: type }, clause: CLAUSE, ...(given !== undefined && { given: membersSchema(given) }), tests });
}

function membersSchema(members: Members): JsonObject {
  return closed(Object.fromEntries(Object.entries(members).map(([name, kind]) => [name, KINDS[kind]])));
}

/** Builds the schema of an object that has these members and no other; a `?` after a name makes it optional. */
function closed(members: Readonly<Record<string, JsonObject>>): JsonObject {
  const names = Object.keys(members);
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(members).map(([name, schema]) => [name.replace('?', ''), schema])),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  };
}
