import * as z from 'zod';

import type { ConversationId, MessageId, UserId } from '../protocol/ids.ts';
import type { JsonObject } from '../protocol/json.ts';
import {
  conversationIdField,
  epochField,
  hashBase64UrlField,
  messageIdField,
  timestampField,
  userIdField,
} from '../protocol/schemas/fields.ts';
import type { Timestamp } from '../protocol/timestamp.ts';
import { hasCanonicalForm } from './canonical-json.ts';

/**
 * What a message is bound to. `membership` is the b64url hash of its epoch's statement, `device` 16 hex digits of the
 * sending browser, `seq` counts from 1 per device and conversation, `prev` is the b64url hash of the signature input
 * of that device's previous message in the conversation, null for its first.
 * @see docs/protocol.md [E2E-7]
 */
export type AssociatedData = {
  readonly v: 1;
  readonly alg: 'A256GCM';
  readonly conversationId: ConversationId;
  readonly epoch: number;
  readonly membership: string;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly device: string;
  readonly seq: number;
  readonly prev: string | null;
  readonly timestamp: Timestamp;
};

/** What a received `associatedData` turns out to be. */
type ParsedAssociatedData =
  | { readonly kind: 'parsed'; readonly data: AssociatedData }
  | { readonly kind: 'unreadable'; readonly reason: 'unknown_version' | 'bad_envelope' };

const VERSION = 1;
const ALGORITHM = 'A256GCM';

const associatedData: z.ZodType<AssociatedData> = z.object({
  v: z.literal(VERSION),
  alg: z.literal(ALGORITHM),
  conversationId: conversationIdField,
  epoch: epochField,
  membership: hashBase64UrlField,
  messageId: messageIdField,
  senderId: userIdField,
  device: z.string().regex(/^[0-9a-f]{16}$/),
  seq: z.int().min(1),
  prev: hashBase64UrlField.nullable(),
  timestamp: timestampField,
});

/**
 * Reads the members this version knows; what is hashed and authenticated stays the object as received. Another number
 * for `v` or name for `alg` is `unknown_version`, anything else amiss `bad_envelope`.
 * @see docs/protocol.md [E2E-7] [E2E-8]
 */
export function parseAssociatedData(received: JsonObject): ParsedAssociatedData {
  const parsed = associatedData.safeParse(received);
  if (parsed.success && hasCanonicalForm(received)) return { kind: 'parsed', data: parsed.data };
  const { v, alg } = received;
  const isForeign = (typeof v === 'number' && v !== VERSION) || (typeof alg === 'string' && alg !== ALGORITHM);
  return { kind: 'unreadable', reason: isForeign ? 'unknown_version' : 'bad_envelope' };
}
