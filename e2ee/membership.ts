import type { ConversationId, UserId } from '../protocol/ids.ts';
import { canonicalizeJson } from '../protocol/json.ts';
import type { MembershipParticipant, MembershipStatement } from '../protocol/schemas/membership-statement.ts';
import type { Timestamp } from '../protocol/timestamp.ts';
import { encodeLines } from './bytes.ts';
import { sha256Base64, sha256Base64Url } from './hashes.ts';
import { isSuccessorOf } from './identity.ts';
import type { PublicIdentity } from './identity.ts';
import { findFirstBreach, findNextBreach, findParticipant } from './membership-rules.ts';
import type { MembershipRuleBreach } from './membership-rules.ts';
import { signToText, verifySignatureFast } from './text-signature.ts';

/** Why a statement is refused: a rule, an actor whose listed key is not the pinned one, or the signature. */
export type MembershipRefusal = MembershipRuleBreach | 'unknown_actor_key' | 'bad_signature';

/** Whether a statement starts or continues the chain; `statementHash` is what {@link membershipHash} gives. */
export type MembershipVerdict =
  | { readonly verified: true; readonly statementHash: string }
  | { readonly verified: false; readonly reason: MembershipRefusal };

/**
 * Builds the statement that starts the epoch after `previous`, or epoch 1 where that is null. It is not checked here:
 * whoever signs it verifies it as every receiver will.
 * @see docs/protocol.md [E2E-4]
 */
export async function createStatement(options: {
  readonly conversationId: ConversationId;
  readonly previous: MembershipStatement | null;
  readonly action: MembershipStatement['action'];
  readonly actor: UserId;
  readonly participants: readonly MembershipParticipant[];
  readonly keyCommitment: string;
  readonly timestamp: Timestamp;
}): Promise<MembershipStatement> {
  const { conversationId, previous, action, actor, participants, keyCommitment, timestamp } = options;
  return {
    v: 1,
    conversationId,
    epoch: previous === null ? 1 : previous.epoch + 1,
    prev: previous === null ? null : await membershipHash(previous),
    action,
    actor,
    participants,
    keyCommitment,
    timestamp,
  };
}

/** Hashes a statement, members unknown to this version included: b64url of SHA-256 of its JCS. @see docs/protocol.md [E2E-4] */
export async function membershipHash(statement: MembershipStatement): Promise<string> {
  return sha256Base64Url(canonicalizeJson(statement));
}

/** Signs a statement as its actor and gives the b64 `membershipSignature`. @see docs/protocol.md [E2E-4] */
export async function signMembership(options: {
  readonly statement: MembershipStatement;
  readonly signingSecretKey: Uint8Array;
}): Promise<string> {
  return signToText(options.signingSecretKey, await membershipInput(options.statement));
}

/**
 * Verifies the first statement that this client sees of a conversation: epoch 1 as its owner's `create`, a later one
 * ("joined at n") as made by an owner or admin in it. `actorSigningKeys` are the keys (b64) that this client pinned for
 * the actor, an earlier pin included where the actor has rotated since; the one listed in the statement must be among
 * them and must have signed.
 * @see docs/protocol.md [E2E-5]
 */
export async function verifyFirstStatement(options: {
  readonly statement: MembershipStatement;
  readonly signature: string;
  readonly actorSigningKeys: readonly string[];
}): Promise<MembershipVerdict> {
  const { statement, signature, actorSigningKeys } = options;
  const breach = findFirstBreach(statement);
  if (breach !== null) return { verified: false, reason: breach };
  const listedKey = findParticipant(statement, statement.actor)?.signingKey;
  if (listedKey === undefined || !actorSigningKeys.includes(listedKey)) {
    return { verified: false, reason: 'unknown_actor_key' };
  }
  return verdictOn({ statement, signature, signingKeys: [listedKey] });
}

/**
 * Verifies that `next` continues the chain after `previous`, which the caller has verified before. The actor signed
 * with the key listed in `previous` or with the key of one of `actorIdentities`: verified identities of the actor to
 * which the listed key handed over. The caller compares the key commitment when it unwraps the session key.
 * @see docs/protocol.md [E2E-5]
 */
export async function verifyNextStatement(options: {
  readonly previous: MembershipStatement;
  readonly next: MembershipStatement;
  readonly signature: string;
  readonly actorIdentities?: readonly PublicIdentity[];
}): Promise<MembershipVerdict> {
  const { previous, next, signature, actorIdentities = [] } = options;
  const breach = findNextBreach({ previous, previousHash: await membershipHash(previous), next });
  if (breach !== null) return { verified: false, reason: breach };
  const listedKey = findParticipant(previous, next.actor)?.signingKey;
  if (listedKey === undefined) return { verified: false, reason: 'actor_not_allowed' };
  const successors = actorIdentities
    .filter((identity) => identity.userId === next.actor && isSuccessorOf(identity, listedKey))
    .map((identity) => identity.signingKey);
  return verdictOn({ statement: next, signature, signingKeys: [listedKey, ...successors] });
}

async function verdictOn(options: {
  readonly statement: MembershipStatement;
  readonly signature: string;
  readonly signingKeys: readonly string[];
}): Promise<MembershipVerdict> {
  const { statement, signature, signingKeys } = options;
  const message = await membershipInput(statement);
  for (const signingKey of signingKeys) {
    if (await verifySignatureFast({ signingKey, message, signature })) {
      return { verified: true, statementHash: await membershipHash(statement) };
    }
  }
  return { verified: false, reason: 'bad_signature' };
}

async function membershipInput(statement: MembershipStatement): Promise<Uint8Array> {
  return encodeLines('securechat-membership-v1', await sha256Base64(canonicalizeJson(statement)));
}
