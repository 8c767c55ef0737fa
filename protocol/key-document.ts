import * as z from 'zod';
import type { Domain, KeyId } from './ids.ts';
import { canonicalizeJson, isJsonObject, parseStrictJson } from './json.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { MAX_BODY_BYTES, MAX_KEY_DOCUMENT_BYTES, MAX_LISTED_KEYS, MAX_PARTICIPANTS } from './limits.ts';
import { boundedList } from './schemas/bounded-list.ts';
import { base64Field, domainField, keyIdField, timestampField } from './schemas/fields.ts';
import type { Timestamp } from './timestamp.ts';

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const DEFAULT_BATCH_ITEMS = 100;
const ENDPOINT = /^[A-Za-z0-9.-]{1,253}:([1-9][0-9]{0,4})$/;
const MAX_PORT = 65_535;
/** Is what no document of the allowed size can exceed. */
const MAX_ENDPOINTS = Math.floor(MAX_KEY_DOCUMENT_BYTES / '"a:1",'.length);

const signatureField = base64Field(SIGNATURE_BYTES);

/** One listed federation key; `publicKey` is base64 of 32 bytes. @see docs/protocol.md [KEY-2] */
interface ListedKey {
  readonly kid: KeyId;
  readonly publicKey: string;
}

/** What a sender may ask of the domain at most; `maxMediaBytes` 0 means no media. @see docs/protocol.md [KEY-2] */
export interface PeerLimits {
  readonly maxBodyBytes: number;
  readonly maxBatchItems: number;
  readonly maxParticipants: number;
  readonly maxMediaBytes: number;
}

/**
 * A key document of the right structure. Its signatures, its validity in time and the soundness of its keys
 * are still to be checked; `received` is the whole object, what the signatures cover.
 * @see docs/protocol.md [KEY-2]
 */
export interface KeyDocument {
  readonly domain: Domain;
  /** The key that signs now, one of `keys`. */
  readonly publicKey: string;
  readonly keys: readonly ListedKey[];
  /** `host:port`, in order of preference; empty where none is listed. */
  readonly endpoints: readonly string[];
  readonly protocolVersions: readonly string[];
  readonly validUntil: Timestamp;
  /** `full` says that the peer speaks the Full profile. */
  readonly profile?: string;
  /** The listed limits, the defaults where one is not listed. */
  readonly limits: PeerLimits;
  readonly software?: { readonly name: string; readonly version: string };
  /** Base64 of 64 bytes by kid, one for each listed key. */
  readonly signatures: Readonly<Record<string, string>>;
  readonly received: JsonObject;
}

/** Says that bytes are no key document; the cause says what is wrong, the message nothing of the content. */
export class KeyDocumentError extends Error {
  override readonly name = 'KeyDocumentError';
  readonly code = 'key_document';

  constructor(options?: ErrorOptions) {
    super('The key document is not of its form.', options);
  }
}

const limitField = (fallback: number) => z.int().min(0).default(fallback);

const limitsSchema = z.object({
  maxBodyBytes: limitField(MAX_BODY_BYTES),
  maxBatchItems: limitField(DEFAULT_BATCH_ITEMS),
  maxParticipants: limitField(MAX_PARTICIPANTS),
  maxMediaBytes: limitField(0),
});

/** Reads the structure of a key document. @see docs/protocol.md [KEY-2] */
export const keyDocumentSchema = z
  .object({
    domain: domainField,
    publicKey: base64Field(PUBLIC_KEY_BYTES),
    keys: boundedList(z.array(z.object({ kid: keyIdField, publicKey: base64Field(PUBLIC_KEY_BYTES) })).min(1), MAX_LISTED_KEYS),
    endpoints: boundedList(z.array(z.string().refine(isEndpoint).meta({ pattern: ENDPOINT.source })), MAX_ENDPOINTS).default([]),
    protocolVersions: z.array(z.string()).refine((versions) => versions.includes('v1')),
    validUntil: timestampField,
    profile: z.string().exactOptional(),
    limits: limitsSchema.prefault({}),
    software: z.object({ name: z.string(), version: z.string() }).exactOptional(),
    signatures: z
      .custom<Readonly<Record<string, string>>>(isSignatures)
      .meta({ type: 'object', additionalProperties: { type: 'string', description: 'Base64 of 64 bytes, by kid.' } }),
  })
  .superRefine(({ publicKey, keys, signatures }, context) => {
    const refuse = (member: string): void => context.addIssue({ code: 'custom', path: [member] });
    if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) refuse('keys');
    if (!keys.some((key) => key.publicKey === publicKey)) refuse('publicKey');
    const exact = Object.keys(signatures).length === keys.length && keys.every(({ kid }) => Object.hasOwn(signatures, kid));
    if (!exact) refuse('signatures');
  });

/** Reads a key document and checks its structure; throws {@link KeyDocumentError}. @see docs/protocol.md [KEY-2] */
export function parseKeyDocument(bytes: Uint8Array): KeyDocument {
  const received = readJson(bytes);
  const read = keyDocumentSchema.safeParse(received);
  if (!read.success || !isJsonObject(received)) throw new KeyDocumentError({ cause: read.error });
  return { ...read.data, received };
}

/**
 * Builds the text that each listed key signs; `members` is the whole document, `sha256Base64` hashes UTF-8 text.
 * @see docs/protocol.md [KEY-2]
 */
export function keyDocumentSigningInput(members: JsonObject, sha256Base64: (text: string) => string): string {
  const { signatures: _, ...signed } = members;
  return `securechat-s2s-keys-v1\n${sha256Base64(canonicalizeJson(signed))}`;
}

function readJson(bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(bytes);
  } catch (cause) {
    throw new KeyDocumentError({ cause });
  }
}

function isEndpoint(text: string): boolean {
  const [, port] = ENDPOINT.exec(text) ?? [];
  return port !== undefined && Number(port) <= MAX_PORT;
}

function isSignatures(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every((text) => signatureField.safeParse(text).success);
}
