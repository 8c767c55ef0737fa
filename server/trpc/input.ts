import * as z from 'zod';
import { decodeBase64 } from '../../protocol/base64.ts';
import { parseUsername } from '../../protocol/ids.ts';
import type { Username } from '../../protocol/ids.ts';
import { publicKeyAnswer } from '../../protocol/schemas/public-key-answer.ts';

const AUTH_SECRET_BYTES = 32;
const MAX_VAULT_CHARACTERS = 1_048_576;
const MAX_WRAPPED_KEY_CHARACTERS = 4_096;
/** The counter is stored in 32 bits. */
const MAX_COUNTER = 2 ** 31 - 1;

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

/** Opaque text of a bounded length; U+0000 is what PostgreSQL keeps in no text. */
function storableText(maxCharacters: number): z.ZodType<string> {
  return z.string().max(maxCharacters).refine((text) => !text.includes('\0'));
}

/** The id of a signed-in browser's session. */
export const sessionIdInput = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** A sealed vault as the browser saves it. */
export const vaultInput = z.object({
  counter: z.int().min(1).max(MAX_COUNTER),
  sealed: storableText(MAX_VAULT_CHARACTERS),
  wrappedByPassword: storableText(MAX_WRAPPED_KEY_CHARACTERS),
  wrappedByRecovery: storableText(MAX_WRAPPED_KEY_CHARACTERS),
});

/** A public identity with all of its members. */
export const publicIdentityInput = publicKeyAnswer.required();
