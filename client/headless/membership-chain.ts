import { findParticipant } from '../../e2ee/membership-rules.ts';
import { membershipHash, verifyFirstStatement, verifyNextStatement } from '../../e2ee/membership.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { membershipStatement } from '../../protocol/schemas/membership-statement.ts';
import type { MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import type { ChangeWire } from '../trpc/wire.ts';
import type { Contacts } from './contacts.ts';
import { verifyLeaves } from './leaves.ts';
import type { SortedLeaves, StatementsByEpoch } from './leaves.ts';

/** A change that the chain accepts. */
export interface VerifiedChange {
  readonly statement: MembershipStatement;
  readonly hash: string;
  /** The statement before, null for the first that this client knows. */
  readonly previous: MembershipStatement | null;
  readonly change: ChangeWire;
}

/** What became of the changes that a server tells: the verified ones from the oldest, the refused ones, and the leaves. */
export interface MembershipChain {
  readonly verified: readonly VerifiedChange[];
  readonly refused: readonly ChangeWire[];
  readonly statements: StatementsByEpoch;
  readonly leaves: SortedLeaves;
}

/** What verifying needs: whose view it is, their contacts, and the hashes verified on this device before. */
export interface ChainVerifier {
  readonly conversationId: ConversationId;
  readonly self: UserId;
  readonly contacts: Pick<Contacts, 'signingKeysOf' | 'fetch'>;
  readonly knownHashes: ReadonlyMap<number, string>;
}

/**
 * Verifies the whole chain of a conversation; a change that is unsigned, forked or broken is set aside, and so is
 * whatever builds upon it. A statement verified here before counts by its hash, and no other of its epoch ever does.
 * @see docs/protocol.md [E2E-4] [E2E-5] [E2E-6]
 */
export async function verifyChain(changes: readonly ChangeWire[], verifier: ChainVerifier): Promise<MembershipChain> {
  const verified: VerifiedChange[] = [];
  const refused: ChangeWire[] = [];
  // Leaving starts no epoch and carries no statement.
  const stated = changes.filter(({ action }) => action !== 'leave');
  for (const change of [...stated].sort((a, b) => a.epoch - b.epoch)) {
    const accepted = await verifyChange(change, verified.at(-1)?.statement ?? null, verifier);
    if (accepted === null) refused.push(change);
    else verified.push(accepted);
  }
  const statements = new Map(verified.map(({ statement }) => [statement.epoch, statement]));
  const { conversationId } = verifier;
  const leaves = await verifyLeaves(changes.filter(({ action }) => action === 'leave'), { conversationId, statements });
  return { verified, refused, statements, leaves };
}

async function verifyChange(
  change: ChangeWire,
  head: MembershipStatement | null,
  verifier: ChainVerifier,
): Promise<VerifiedChange | null> {
  const { success, data: statement } = membershipStatement.safeParse(change.membership);
  const signature = change.membershipSignature;
  if (!success || signature === null) return null;
  if (statement.conversationId !== verifier.conversationId || statement.epoch !== change.epoch) return null;
  const previous = continuesFrom(head, statement, verifier.self) ? head : null;
  const hash = await membershipHash(statement);
  const known = verifier.knownHashes.get(statement.epoch);
  if (known !== undefined && known !== hash) return null;
  const holds = known === hash || (await isSigned({ statement, signature, previous }, verifier));
  return holds ? { statement, hash, previous, change } : null;
}

/** Whoever was removed knows nothing of the epochs since: coming back, they begin anew. */
function continuesFrom(head: MembershipStatement | null, next: MembershipStatement, self: UserId): boolean {
  if (head === null) return false;
  const returned = findParticipant(head, self) === null && findParticipant(next, self) !== null;
  return !(returned && next.epoch > head.epoch + 1);
}

async function isSigned(
  link: { readonly statement: MembershipStatement; readonly signature: string; readonly previous: MembershipStatement | null },
  { contacts }: ChainVerifier,
): Promise<boolean> {
  const { statement, signature, previous } = link;
  if (previous === null) {
    const actorSigningKeys = await contacts.signingKeysOf(statement.actor);
    return (await verifyFirstStatement({ statement, signature, actorSigningKeys })).verified;
  }
  const verdict = await verifyNextStatement({ previous, next: statement, signature });
  if (verdict.verified || verdict.reason !== 'bad_signature') return verdict.verified;
  // The actor may have handed over to a new signing key since.
  const actor = await contacts.fetch(statement.actor);
  if (actor.kind !== 'found') return false;
  const { identity } = actor;
  return (await verifyNextStatement({ previous, next: statement, signature, actorIdentities: [identity] })).verified;
}
