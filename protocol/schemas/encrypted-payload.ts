import * as z from 'zod';
import { base64Field, base64SomeField, opaqueObjectField } from './fields.ts';

const AUTH_TAG_BYTES = 16;
const SIGNATURE_BYTES = 64;

/**
 * Reads what the author's client encrypted. `nonce`, `ciphertext`, `authTag` (16 bytes) and `signature` (64 bytes,
 * absent in Core) are base64 texts; `associatedData` is opaque and kept whole; unknown members are dropped.
 * @see docs/protocol.md [API-2] [API-10]
 */
export const encryptedPayload = z.object({
  nonce: base64SomeField,
  ciphertext: base64SomeField,
  authTag: base64Field(AUTH_TAG_BYTES),
  associatedData: opaqueObjectField,
  signature: base64Field(SIGNATURE_BYTES).exactOptional(),
});

/** What the author's client encrypted. @see docs/protocol.md [API-2] */
export type EncryptedPayload = Readonly<z.infer<typeof encryptedPayload>>;
