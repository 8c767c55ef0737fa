import type { JsonObject } from '../../protocol/json.ts';
import type { EncryptedPayload } from '../../protocol/schemas/encrypted-payload.ts';
import type { PasswordHashing, PublicIdentity } from '../domain/ports.ts';

// What these read was checked before this server wrote it, so the shape is taken on trust here and nowhere else.

/** Reads a payload from the text it was stored as. */
export function parseStoredPayload(text: string): EncryptedPayload {
  return JSON.parse(text) as EncryptedPayload;
}

/** Reads a membership statement from the text it was stored as. */
export function parseStoredMembership(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}

/** Reads the Argon2id cost and salt from the text they were stored as. */
export function parseStoredHashing(text: string): PasswordHashing {
  return JSON.parse(text) as PasswordHashing;
}

/** Reads a published identity from the text it was stored as. */
export function parseStoredIdentity(text: string): PublicIdentity {
  return JSON.parse(text) as PublicIdentity;
}
