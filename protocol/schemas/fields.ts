import * as z from 'zod';
import { base64ByteLength, base64UrlByteLength } from '../base64.ts';
import { IDENTIFIER_FORMS, parseConversationId, parseCoreMessageId, parseDomain, parseKeyId, parseMessageId, parseUserId } from '../ids.ts';
import type { MessageId } from '../ids.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { parseTimestamp, TIMESTAMP_FORM } from '../timestamp.ts';

const BASE64_DIGIT = '[A-Za-z0-9+/]';

/** Reads a domain. @see docs/protocol.md [ID-2] */
export const domainField = parsedText(parseDomain, IDENTIFIER_FORMS.domain);

/** Reads a user id. @see docs/protocol.md [ID-1] */
export const userIdField = parsedText(parseUserId, IDENTIFIER_FORMS.userId);

/** Reads a conversation id. @see docs/protocol.md [ID-3] */
export const conversationIdField = parsedText(parseConversationId, IDENTIFIER_FORMS.conversationId);

/** Reads a message id. @see docs/protocol.md [ID-4] */
export const messageIdField = parsedText(parseMessageId, IDENTIFIER_FORMS.messageId);

/** Reads a message id of either form: its author's, or the hash that stands for a Core message. @see docs/protocol.md [ID-4] */
export const anyMessageIdField: z.ZodType<MessageId> = z.union([messageIdField, parsedText(parseCoreMessageId, IDENTIFIER_FORMS.coreMessageId)]);

/** Reads the name of a federation key. @see docs/protocol.md [KEY-1] */
export const keyIdField = parsedText(parseKeyId, IDENTIFIER_FORMS.keyId);

/** Reads a timestamp. @see docs/protocol.md [ID-5] */
export const timestampField = parsedText(parseTimestamp, TIMESTAMP_FORM);

/** The last epoch that there is: a rotation every second would take 68 years to come here. @see docs/protocol.md [API-5] */
export const MAX_EPOCH = 2 ** 31 - 1;

/** Reads the number of an epoch: an integer from 1 that 32 bits with a sign hold. @see docs/protocol.md [API-5] */
export const epochField = z.int().min(1).max(MAX_EPOCH);

/** Reads an object and keeps it whole, the very object received. @see docs/protocol.md [API-10] */
export const opaqueObjectField = z.custom<JsonObject>(isJsonObject).meta({ type: 'object' });

/** Reads canonical base64 of exactly `length` bytes, kept as text. */
export function base64Field(length: number): z.ZodType<string> {
  return z
    .string()
    .refine((text) => byteLength(text, base64ByteLength) === length)
    .meta({ pattern: `^${base64Pattern(length)}$` });
}

/** Reads canonical base64 of one byte or more, kept as text. */
export const base64SomeField: z.ZodType<string> = z
  .string()
  .refine((text) => byteLength(text, base64ByteLength) >= 1)
  .meta({ pattern: `^(?=.)(?:${BASE64_DIGIT}{4})*(?:${base64Pattern(1)}|${base64Pattern(2)})?$` });

/** Reads canonical base64url of a SHA-256, kept as text. */
export const hashBase64UrlField: z.ZodType<string> = z
  .string()
  .refine((text) => byteLength(text, base64UrlByteLength) === 32)
  .meta({ pattern: '^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$' });

/** Writes the form of canonical base64 of so many bytes: the bits that pad the last digit are zero. */
function base64Pattern(bytes: number): string {
  const whole = bytes < 3 ? '' : `${BASE64_DIGIT}{${Math.floor(bytes / 3) * 4}}`;
  return `${whole}${['', `${BASE64_DIGIT}[AQgw]==`, `${BASE64_DIGIT}{2}[AEIMQUYcgkosw048]=`][bytes % 3]}`;
}

function byteLength(text: string, measure: (text: string) => number): number {
  try {
    return measure(text);
  } catch {
    return -1;
  }
}

/** Lets a parser that throws stand in a schema with its form; the issue says nothing but where. */
function parsedText<Branded extends string>(parse: (text: string) => Branded, form: { readonly type: 'string'; readonly pattern: string }): z.ZodType<Branded> {
  return z
    .custom<Branded>((value) => {
      if (typeof value !== 'string') return false;
      try {
        parse(value);
        return true;
      } catch {
        return false;
      }
    })
    .meta(form);
}
