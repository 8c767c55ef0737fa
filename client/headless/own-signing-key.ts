import { findParticipant } from '../../e2ee/membership-rules.ts';
import { encodeBase64 } from '../../protocol/base64.ts';
import type { MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import type { VaultContents } from '../keystore/vault-contents.ts';

/**
 * Finds the own signing secret key whose public key a statement lists: in an epoch older than the newest own identity a
 * former one. Null where the statement lists us with a key we never had, or not at all.
 * @see docs/protocol.md [E2E-5] [E2E-7]
 */
export function findSigningSecret(contents: VaultContents, statement: MembershipStatement): Uint8Array | null {
  const listedKey = findParticipant(statement, contents.identity.userId)?.signingKey;
  const keys = [contents.identity, ...contents.former].find(({ signingKey }) => encodeBase64(signingKey) === listedKey);
  return keys?.signingSecretKey ?? null;
}
