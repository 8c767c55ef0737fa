import * as z from 'zod';

import { canonicalizeJson, isJsonObject, parseStrictJson } from '../protocol/json.ts';
import type { JsonValue } from '../protocol/json.ts';
import { base64Field, domainField, messageIdField } from '../protocol/schemas/fields.ts';
import { concatBytes, encodeUtf8 } from './bytes.ts';

const BLOCK_BYTES = 256;
const PAD_START = 0x80;
const FILE_KEY_BYTES = 32;
const NONCE_PREFIX_BYTES = 7;
const SHA256_BYTES = 32;

const text = z.object({ kind: z.literal('text'), text: z.string() });
const reply = z.object({ kind: z.literal('reply'), text: z.string(), to: messageIdField });
const reaction = z.object({ kind: z.literal('reaction'), emoji: z.string().min(1), to: messageIdField, remove: z.boolean() });
const edit = z.object({ kind: z.literal('edit'), text: z.string(), to: messageIdField });
const deletion = z.object({ kind: z.literal('delete'), to: messageIdField });
const file = z.object({
  kind: z.literal('file'),
  name: z.string(),
  type: z.string(),
  size: z.int().min(0),
  media: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  domain: domainField,
  key: base64Field(FILE_KEY_BYTES),
  noncePrefix: base64Field(NONCE_PREFIX_BYTES),
  sha256: base64Field(SHA256_BYTES),
  // Not every file has these; a writer may leave them out as well as set them to null.
  caption: z.string().nullable().default(null),
  width: z.int().min(1).nullable().default(null),
  height: z.int().min(1).nullable().default(null),
});

const KINDS = { text, reply, reaction, edit, delete: deletion, file } as const;
const anyContent = z.discriminatedUnion('kind', [text, reply, reaction, edit, deletion, file]);

/** What a message says once decrypted, one shape per `kind`. @see docs/protocol.md [E2E-9] */
export type MessageContent = Readonly<z.infer<typeof anyContent>>;

/** What the plaintext of a message turns out to be. */
export type DecodedContent =
  | { readonly kind: 'content'; readonly content: MessageContent }
  | { readonly kind: 'unreadable'; readonly reason: 'corrupt' | 'unknown_version' };

/**
 * Encodes content as JSON in UTF-8, one 0x80 and zeros to a multiple of 256 bytes, so that the length of a message
 * says little about its kind. Throws StrictJsonError for text that no reader would accept, such as a lone surrogate or U+0000.
 * @see docs/protocol.md [E2E-9]
 */
export function encodeContent(content: MessageContent): Uint8Array<ArrayBuffer> {
  const json = encodeUtf8(canonicalizeJson(content));
  // What cannot be read back must not be sent: the strict reader refuses U+0000, which the writer lets pass.
  parseStrictJson(json);
  const padding = new Uint8Array(BLOCK_BYTES - (json.length % BLOCK_BYTES));
  padding[0] = PAD_START;
  return concatBytes(json, padding);
}

/**
 * Decodes what {@link encodeContent} gave: `corrupt` for other padding, JSON that is not strict or a known kind without
 * its members, `unknown_version` for a kind this version does not know. Members it does not know are dropped.
 * @see docs/protocol.md [E2E-9]
 */
export function decodeContent(plaintext: Uint8Array): DecodedContent {
  const value = parseOrNull(plaintext);
  const kind = kindOf(value);
  if (kind === null) return { kind: 'unreadable', reason: 'corrupt' };
  if (!Object.hasOwn(KINDS, kind)) return { kind: 'unreadable', reason: 'unknown_version' };
  const parsed = anyContent.safeParse(value);
  return parsed.success ? { kind: 'content', content: parsed.data } : { kind: 'unreadable', reason: 'corrupt' };
}

function kindOf(value: JsonValue): string | null {
  return isJsonObject(value) && typeof value['kind'] === 'string' ? value['kind'] : null;
}

/** Gives null, which is no content either, where padding or JSON is not as it must be. */
function parseOrNull(plaintext: Uint8Array): JsonValue {
  const padStart = plaintext.findLastIndex((byte) => byte !== 0);
  const padLength = plaintext.length - padStart;
  if (plaintext.length % BLOCK_BYTES !== 0 || padLength > BLOCK_BYTES || plaintext[padStart] !== PAD_START) return null;
  try {
    return parseStrictJson(plaintext.subarray(0, padStart));
  } catch {
    return null;
  }
}
