import * as z from 'zod';
import { ERROR_REGISTRY, isErrorCode } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { conversationIdField, epochField, timestampField } from '../schemas/fields.ts';

const CODES = Object.keys(ERROR_REGISTRY).filter(isErrorCode);

/** Describes an id of a message in either of its two forms. @see docs/protocol.md [ID-4] */
const anyMessageId = z.string().meta({ description: 'The id sent, or the hash that stands for a missing one [ID-4].' });

/** Describes the answer to a message. @see docs/protocol.md [API-2] */
export const messageAnswer = z.object({ status: z.enum(['accepted', 'duplicate']), messageId: anyMessageId });

/** Describes the answer to a change of a conversation. @see docs/protocol.md [API-5] */
export const changeAnswer = z.object({ status: z.enum(['created', 'updated', 'duplicate']), conversationId: conversationIdField });

/** Describes the answer to events and to a hello. @see docs/protocol.md [API-8] [API-9] */
export const acceptedAnswer = z.object({ status: z.literal('accepted') });

/** Describes an error. @see docs/protocol.md [ERR-1]; RFC 9457 section 3 */
export const problemAnswer = z.object({
  type: z.templateLiteral(['urn:securechat:error:', z.enum(CODES)]),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().meta({ description: 'Constant for each code.' }),
  code: z.enum(CODES),
  requestId: z.string().regex(/^[A-Za-z0-9-]{16,64}$/),
  retryAfterSeconds: z.int().min(1).exactOptional(),
  serverTime: timestampField.exactOptional(),
  pointer: z.string().exactOptional().meta({ description: 'The first bad member, RFC 6901.' }),
  currentEpoch: epochField.exactOptional(),
});

/** Describes the answer to a batch: one result for each item, in their order. @see docs/protocol.md [API-7] */
export const batchAnswer = z.object({
  results: z.array(
    z.object({
      id: z.string().min(1).max(64),
      status: z.int().min(200).max(599),
      body: z.union([messageAnswer, changeAnswer, acceptedAnswer, problemAnswer]),
    }),
  ),
});

/** Groups codes by their status, lowest first. */
export function codesByStatus(codes: readonly ErrorCode[]): readonly (readonly [status: number, codes: readonly ErrorCode[]])[] {
  const groups = Map.groupBy(codes, (code) => ERROR_REGISTRY[code].status);
  return [...groups].toSorted(([left], [right]) => left - right);
}
