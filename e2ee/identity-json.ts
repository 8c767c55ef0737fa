import * as z from 'zod';

import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import type { JsonObject, JsonValue } from '../protocol/json.ts';
import { base64Field, timestampField, userIdField } from '../protocol/schemas/fields.ts';
import type { IdentityKeys } from './identity.ts';
import { ed25519KeyPairFromSeed, x25519KeyPairFromSecretKey } from './strict-nacl.ts';

const SEED_BYTES = 32;

const identityJson = z.object({
  userId: userIdField,
  keyVersion: z.int().min(1),
  createdAt: timestampField,
  secretKey: base64Field(32),
  signingSeed: base64Field(SEED_BYTES),
});

/** Writes the secrets of one version as JSON for the vault; public keys are left out, for they follow from the secrets. @see docs/protocol.md [E2E-11] */
export function identityKeysToJson(keys: IdentityKeys): JsonObject {
  const { userId, keyVersion, createdAt } = keys;
  return {
    userId,
    keyVersion,
    createdAt,
    secretKey: encodeBase64(keys.secretKey),
    // The 64 bytes are seed ‖ public key.
    signingSeed: encodeBase64(keys.signingSecretKey.subarray(0, SEED_BYTES)),
  };
}

/** Reads what {@link identityKeysToJson} wrote, null where it is anything else. @see docs/protocol.md [E2E-11] */
export function identityKeysFromJson(value: JsonValue): IdentityKeys | null {
  const parsed = identityJson.safeParse(value);
  if (!parsed.success) return null;
  const { userId, keyVersion, createdAt, secretKey, signingSeed } = parsed.data;
  const box = x25519KeyPairFromSecretKey(decodeBase64(secretKey));
  const sign = ed25519KeyPairFromSeed(decodeBase64(signingSeed));
  return {
    userId,
    keyVersion,
    createdAt,
    publicKey: box.publicKey,
    secretKey: box.secretKey,
    signingKey: sign.publicKey,
    signingSecretKey: sign.secretKey,
  };
}
