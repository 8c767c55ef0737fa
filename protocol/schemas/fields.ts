import * as z from 'zod';
import { decodeBase64, decodeBase64Url } from '../base64.ts';
import { parseConversationId, parseDomain, parseKeyId, parseMessageId, parseUserId } from '../ids.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { parseTimestamp } from '../timestamp.ts';

/** Reads a domain. @see docs/protocol.md [ID-2] */
export const domainField = parsedText(parseDomain);

/** Reads a user id. @see docs/protocol.md [ID-1] */
export const userIdField = parsedText(parseUserId);

/** Reads a conversation id. @see docs/protocol.md [ID-3] */
export const conversationIdField = parsedText(parseConversationId);

/** Reads a message id. @see docs/protocol.md [ID-4] */
export const messageIdField = parsedText(parseMessageId);

/** Reads the name of a federation key. @see docs/protocol.md [KEY-1] */
export const keyIdField = parsedText(parseKeyId);

/** Reads a timestamp. @see docs/protocol.md [ID-5] */
export const timestampField = parsedText(parseTimestamp);

/** Reads the number of an epoch: an integer from 1. @see docs/protocol.md [API-5] */
export const epochField = z.int().min(1);

/** Reads an object and keeps it whole, the very object received. @see docs/protocol.md [API-10] */
export const opaqueObjectField = z.custom<JsonObject>(isJsonObject);

/** Reads canonical base64 of exactly `length` bytes, kept as text. */
export function base64Field(length: number): z.ZodType<string> {
  return z.string().refine((text) => byteLength(text, decodeBase64) === length);
}

/** Reads canonical base64 of one byte or more, kept as text. */
export const base64SomeField: z.ZodType<string> = z.string().refine((text) => byteLength(text, decodeBase64) >= 1);

/** Reads canonical base64url of a SHA-256, kept as text. */
export const hashBase64UrlField: z.ZodType<string> = z
  .string()
  .refine((text) => byteLength(text, decodeBase64Url) === 32);

function byteLength(text: string, decode: (text: string) => Uint8Array): number {
  try {
    return decode(text).length;
  } catch {
    return -1;
  }
}

/** Lets a parser that throws stand in a schema; the issue says nothing but where. */
function parsedText<Branded extends string>(parse: (text: string) => Branded): z.ZodType<Branded> {
  return z.custom<Branded>((value) => {
    if (typeof value !== 'string') return false;
    try {
      parse(value);
      return true;
    } catch {
      return false;
    }
  });
}
