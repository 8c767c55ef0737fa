import * as z from 'zod';
import { MAX_ANSWER_BYTES } from '../limits.ts';
import { boundedList } from './bounded-list.ts';
import { base64Field, timestampField, userIdField } from './fields.ts';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Is what one former key takes at least: no answer that a client reads holds more of them. */
const SHORTEST_PREVIOUS_BYTES = JSON.stringify({ signingKey: 'A'.repeat(44), signature: 'A'.repeat(88) }).length;

/**
 * Reads the answer of `GET /users/{userId}/public_key`. Keys are base64 of 32 bytes, signatures of 64; a Core peer
 * answers `publicKey` alone; `previous` lists former signing keys, newest first. Unknown members are dropped.
 * @see docs/protocol.md [API-1] [E2E-1]
 */
export const publicKeyAnswer = z.object({
  publicKey: base64Field(KEY_BYTES),
  userId: userIdField.exactOptional(),
  signingKey: base64Field(KEY_BYTES).exactOptional(),
  keyVersion: z.int().min(1).exactOptional(),
  createdAt: timestampField.exactOptional(),
  bindingSignature: base64Field(SIGNATURE_BYTES).exactOptional(),
  previous: boundedList(
    z.array(z.object({ signingKey: base64Field(KEY_BYTES), signature: base64Field(SIGNATURE_BYTES) })),
    Math.floor(MAX_ANSWER_BYTES / SHORTEST_PREVIOUS_BYTES),
  ).exactOptional(),
});

/** The public keys of one user. @see docs/protocol.md [API-1] */
export type PublicKeyAnswer = Readonly<z.infer<typeof publicKeyAnswer>>;
