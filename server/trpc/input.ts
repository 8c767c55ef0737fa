import * as z from 'zod';
import { decodeBase64 } from '../../protocol/base64.ts';
import { parseUsername } from '../../protocol/ids.ts';
import type { Username } from '../../protocol/ids.ts';
import { publicKeyAnswer } from '../../protocol/schemas/public-key-answer.ts';

const AUTH_SECRET_BYTES = 32;
const MAX_VAULT_CHARACTERS = 1_048_576;

/** A username of this instance. @see docs/protocol.md [ID-1] */
export const usernameInput = z.string().transform((text, context): Username => {
  try {
    return parseUsername(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not a username' });
    return z.NEVER;
  }
});

/** The authentication secret: base64 of 32 bytes, decoded. @see docs/protocol.md [E2E-11] */
export const authSecretInput = z.string().transform((text, context): Uint8Array => {
  try {
    const bytes = decodeBase64(text);
    if (bytes.length === AUTH_SECRET_BYTES) return bytes;
  } catch {
    // Falls through to the one refusal below.
  }
  context.addIssue({ code: 'custom', message: 'is not base64 of 32 bytes' });
  return z.NEVER;
});

/** Argon2id parameters; memory in KiB. */
export const passwordHashingInput = z.object({
  algorithm: z.literal('argon2id'),
  salt: z.string().max(64),
  memoryKiB: z.int().max(4_194_304),
  iterations: z.int().max(1_000),
  parallelism: z.int().min(1).max(64),
});

/** A sealed vault as the browser saves it. */
export const vaultInput = z.object({
  counter: z.int().min(1),
  sealed: z.string().max(MAX_VAULT_CHARACTERS),
  wrappedByPassword: z.string().max(4_096),
  wrappedByRecovery: z.string().max(4_096),
});

/** A public identity with all of its members. */
export const publicIdentityInput = publicKeyAnswer.required();
