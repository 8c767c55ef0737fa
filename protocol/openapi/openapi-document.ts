import * as z from 'zod';
import { KEY_DOCUMENT_PATH } from '../endpoints.ts';
import { ERROR_REGISTRY, PROBLEM_MEDIA_TYPE } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { IDENTIFIER_FORMS } from '../ids.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { keyDocumentSchema } from '../key-document.ts';
import { batchBody } from '../schemas/batch-body.ts';
import { conversationBodyShape } from '../schemas/conversation-body.ts';
import { encryptedPayload } from '../schemas/encrypted-payload.ts';
import { eventsBody } from '../schemas/events-body.ts';
import { conversationIdField, domainField, keyIdField, messageIdField, timestampField, userIdField } from '../schemas/fields.ts';
import { helloBody } from '../schemas/hello-body.ts';
import { messageBody } from '../schemas/message-body.ts';
import { publicKeyAnswer } from '../schemas/public-key-answer.ts';
import { sessionKeyBody } from '../schemas/session-key-body.ts';
import { acceptedAnswer, batchAnswer, changeAnswer, codesByStatus, messageAnswer, problemAnswer } from './answers.ts';
import { BODY_CODES, OPERATIONS, SIGNED_REQUEST_CODES } from './operations.ts';
import type { Operation } from './operations.ts';

const SIGNATURE_HEADER_NAME = 'X-Federation-Signature';
const SUCCESS_MEDIA_TYPE = 'application/json';
const TOO_MANY = 429;
const UNAVAILABLE = 503;

/** The schemas that the document names; all others stand where they are used. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Domain: domainField,
  UserId: userIdField,
  ConversationId: conversationIdField,
  MessageId: messageIdField,
  KeyId: keyIdField,
  Timestamp: timestampField,
  EncryptedPayload: encryptedPayload,
  MessageBody: messageBody,
  ConversationBody: conversationBodyShape,
  SessionKeyBody: sessionKeyBody,
  BatchBody: batchBody,
  EventsBody: eventsBody,
  HelloBody: helloBody,
  KeyDocument: keyDocumentSchema,
  PublicKeyAnswer: publicKeyAnswer,
  MessageAnswer: messageAnswer,
  ChangeAnswer: changeAnswer,
  AcceptedAnswer: acceptedAnswer,
  BatchAnswer: batchAnswer,
  Problem: problemAnswer,
};

/**
 * Builds the OpenAPI 3.1 description of the server-to-server API from the schemas that read its bodies, the registry
 * of errors and the list of endpoints. What no schema can say (signatures, order of checks, what one member means for
 * another) is in the text that it points to.
 * @see docs/protocol.md [API-1] to [API-10]; OpenAPI Specification 3.1.1
 */
export function buildOpenApiDocument({ version }: { readonly version: string }): JsonObject {
  return {
    openapi: '3.1.1',
    info: {
      title: 'SecureChat server-to-server API',
      version,
      summary: 'Federation between SecureChat servers, protocol version 1.',
      description:
        'Generated from the schemas that read the bodies. The normative text is docs/protocol.md; the clause in square brackets names its part.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'https://{host}', description: 'Where discovery finds the peer [DISC-1].', variables: { host: { default: 'chat.example.org' } } }],
    security: [{ federationSignature: [] }],
    tags: [
      { name: 'core', description: 'What every peer offers.' },
      { name: 'full', description: 'What a peer of the Full profile offers besides [KEY-2].' },
    ],
    paths: { [KEY_DOCUMENT_PATH]: { get: describeKeyDocument() }, ...describePaths() },
    components: {
      schemas: describeSchemas(),
      securitySchemes: {
        federationSignature: {
          type: 'apiKey',
          in: 'header',
          name: SIGNATURE_HEADER_NAME,
          description:
            'keyId="<origin domain>",kid="<kid>",destination="<destination domain>",created="<10 digits>",nonce="<22 characters b64url>",signature="<b64 of 64 bytes>" [SIG-1] [SIG-2]',
        },
      },
      headers: {
        AnswerSignature: {
          description: 'Signs the answer to every authenticated request (Full) [SIG-8].',
          schema: { type: 'string' },
        },
        RetryAfter: { description: 'Delta-seconds.', schema: { type: 'integer', minimum: 1 } },
      },
    },
  };
}

function describeSchemas(): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: schemaReference, unrepresentable: 'any', io: 'input' });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [id, toJson(schema)]));
}

/** Leaves out what JSON has no word for, such as members that are not there. */
function toJson(schema: object): JsonValue {
  const json: JsonValue = JSON.parse(JSON.stringify(schema));
  return json;
}

function schemaReference(id: string): string {
  return `#/components/schemas/${id}`;
}

function describePaths(): JsonObject {
  const byPath = Map.groupBy(OPERATIONS, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, operations]) => [path, Object.fromEntries(operations.map((operation) => [operation.method, describeOperation(operation)]))]),
  );
}

function describeOperation(operation: Operation): JsonObject {
  const { id, summary, clause, profile, parameters, body, codes } = operation;
  const allCodes = [...new Set([...SIGNED_REQUEST_CODES, ...(body === null ? [] : BODY_CODES), ...codes])];
  return {
    operationId: id,
    summary,
    description: `[${clause}]`,
    tags: [profile],
    ...(parameters.length > 0 && { parameters: parameters.map(describeParameter) }),
    ...(body !== null && {
      requestBody: { required: true, content: { [SUCCESS_MEDIA_TYPE]: { schema: { $ref: schemaReference(body) } } } },
    }),
    responses: { ...describeSuccess(operation), ...describeRefusals(allCodes) },
  };
}

function describeParameter(name: Operation['parameters'][number]): JsonObject {
  const schema = name === 'mediaId' ? IDENTIFIER_FORMS.mediaId : { $ref: schemaReference(name === 'userId' ? 'UserId' : 'ConversationId') };
  return { name, in: 'path', required: true, description: 'Stands in the path as it is, never percent-encoded [SIG-3].', schema };
}

function describeSuccess({ success: { statuses, schema } }: Operation): JsonObject {
  const content = schema === null
    ? { 'application/octet-stream': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } } }
    : { [SUCCESS_MEDIA_TYPE]: { schema: { $ref: schemaReference(schema) } } };
  const headers = { [SIGNATURE_HEADER_NAME]: { $ref: '#/components/headers/AnswerSignature' } };
  return Object.fromEntries(Object.entries(statuses).map(([status, description]) => [status, { description, headers, content }]));
}

function describeRefusals(codes: readonly ErrorCode[]): JsonObject {
  return Object.fromEntries(codesByStatus(codes).map(([status, ofStatus]) => [String(status), describeRefusal(status, ofStatus)]));
}

function describeRefusal(status: number, codes: readonly ErrorCode[]): JsonObject {
  const problem = { allOf: [{ $ref: schemaReference('Problem') }, { properties: { status: { const: status }, code: { enum: [...codes] } } }] };
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_REGISTRY[code].detail}`).join('\n\n'),
    headers: {
      [SIGNATURE_HEADER_NAME]: { $ref: '#/components/headers/AnswerSignature' },
      ...((status === TOO_MANY || status === UNAVAILABLE) && { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }),
    },
    content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } },
  };
}

function describeKeyDocument(): JsonObject {
  return {
    operationId: 'getKeyDocument',
    summary: 'The federation keys of a domain',
    description: '[KEY-2] Fetched over TLS from the domain itself, unsigned.',
    tags: ['core'],
    security: [],
    responses: {
      200: {
        description: 'The document.',
        headers: { 'Cache-Control': { description: 'max-age, at most 3600 s counted [KEY-5].', schema: { type: 'string' } } },
        content: { [SUCCESS_MEDIA_TYPE]: { schema: { $ref: schemaReference('KeyDocument') } } },
      },
      404: { description: 'The domain has no federation keys [KEY-3].' },
      410: { description: 'The domain has no federation keys any more [KEY-3].' },
    },
  };
}
