import type { KnownEpoch } from '../../e2ee/message.ts';
import { findParticipant } from '../../e2ee/membership-rules.ts';
import { keyCommitment, unwrapSessionKey } from '../../e2ee/session-key.ts';
import type { UserId } from '../../protocol/ids.ts';
import type { MembershipParticipant, MembershipStatement } from '../../protocol/schemas/membership-statement.ts';
import { timestampToDate } from '../../protocol/timestamp.ts';
import type { ConversationView, SystemLineView } from '../model.ts';
import type { ConversationDetails, ConversationWire } from '../trpc/wire.ts';
import { leaversAt } from './leaves.ts';
import { verifyChain } from './membership-chain.ts';
import type { ChainVerifier, MembershipChain, VerifiedChange } from './membership-chain.ts';
import { systemLinesOf } from './system-lines.ts';

/** One epoch of the verified chain; the key is null while the server has none for us or it breaks the commitment. */
interface VerifiedEpoch extends VerifiedChange {
  readonly sessionKey: Uint8Array | null;
}

/** A conversation as this client may believe it. */
export interface VerifiedConversation {
  readonly summary: ConversationWire;
  /** The newest epoch of the verified chain, null where there is no verified statement. */
  readonly head: VerifiedEpoch | null;
  readonly standing: ConversationView['standing'];
  /** Whom the head lists, without those who have left since it was made. */
  readonly members: readonly MembershipParticipant[];
  /** Who left and is listed in the head all the same: the next statement leaves them out. */
  readonly leavers: ReadonlySet<UserId>;
  /** The first epoch that we are a member in, null where there is none. */
  readonly joinedAtEpoch: number | null;
  readonly epochs: ReadonlyMap<number, VerifiedEpoch>;
  readonly lines: readonly SystemLineView[];
  /** Gives what reading a message of an epoch needs; null where the epoch was never heard of. */
  findEpoch(epoch: number): KnownEpoch | null;
}

/** What verifying a conversation needs: the chain's verifier, and own identity secret keys, the newest first. */
interface ConversationVerifier extends ChainVerifier {
  readonly secretKeys: readonly Uint8Array[];
}

/**
 * Verifies what a server tells of a conversation: its chain, and for each epoch the session key against the commitment.
 * Whoever the server adds to its own list is nobody to us.
 * @see docs/protocol.md [E2E-4] [E2E-5] [E2E-6]
 */
export async function verifyConversation(
  details: ConversationDetails,
  verifier: ConversationVerifier,
): Promise<VerifiedConversation> {
  const chain = await verifyChain(details.changes, verifier);
  const keys = new Map(details.sessionKeys.map(({ epoch, encryptedSessionKey }) => [epoch, encryptedSessionKey]));
  const epochs = new Map<number, VerifiedEpoch>();
  const broken: VerifiedChange[] = [];
  for (const verified of chain.verified) {
    const wrapped = keys.get(verified.statement.epoch);
    const sessionKey = wrapped === undefined ? null : await openSessionKey(wrapped, verified.statement, verifier);
    if (wrapped !== undefined && sessionKey === null) broken.push(verified);
    epochs.set(verified.statement.epoch, { ...verified, sessionKey });
  }
  const head = [...epochs.values()].at(-1) ?? null;
  const { summary } = details;
  const refused = new Set(chain.refused.map(({ epoch }) => epoch));
  const members = membersOf(chain, head);
  return {
    summary,
    head,
    standing: standingOf({ summary, head, members, verifier }),
    members,
    leavers: head === null ? new Set() : leaversAt(head.statement.epoch, chain.leaves.verified, chain.statements),
    joinedAtEpoch: firstEpochOf(epochs, verifier.self),
    epochs,
    lines: systemLinesOf(chain, broken, verifier.self),
    findEpoch: (epoch) => knownEpoch(epochs, refused, epoch),
  };
}

async function openSessionKey(
  encryptedSessionKey: string,
  statement: MembershipStatement,
  verifier: ConversationVerifier,
): Promise<Uint8Array | null> {
  const { conversationId, epoch } = statement;
  for (const recipientSecretKey of verifier.secretKeys) {
    const sessionKey = unwrapSessionKey({ encryptedSessionKey, recipientSecretKey });
    if (sessionKey === null) continue;
    return (await keyCommitment({ conversationId, epoch, sessionKey })) === statement.keyCommitment ? sessionKey : null;
  }
  return null;
}

/** Who left in an epoch before and is listed again gets its key and its messages, and so is shown. */
function membersOf({ leaves }: MembershipChain, head: VerifiedEpoch | null): readonly MembershipParticipant[] {
  if (head === null) return [];
  const { epoch, participants } = head.statement;
  const left = leaves.verified.filter((leave) => leave.epoch === epoch).map(({ userId }) => userId);
  return participants.filter(({ userId }) => !left.includes(userId));
}

function standingOf(options: {
  readonly summary: ConversationWire;
  readonly head: VerifiedEpoch | null;
  readonly members: readonly MembershipParticipant[];
  readonly verifier: ConversationVerifier;
}): ConversationView['standing'] {
  const { summary, head, members, verifier } = options;
  if (summary.standing === 'removed') return 'removed';
  if (head === null) return 'unverified';
  // A server that shows less than it showed before hides a change, perhaps a removal.
  const newestKnown = Math.max(0, ...verifier.knownHashes.keys());
  if (head.statement.epoch < Math.max(summary.epoch, newestKnown)) return 'unverified';
  return members.some(({ userId }) => userId === verifier.self) ? 'member' : 'removed';
}

function firstEpochOf(epochs: ReadonlyMap<number, VerifiedEpoch>, self: UserId): number | null {
  for (const [epoch, { statement }] of epochs) {
    if (findParticipant(statement, self) !== null) return epoch;
  }
  return null;
}

function knownEpoch(
  epochs: ReadonlyMap<number, VerifiedEpoch>,
  refused: ReadonlySet<number>,
  epoch: number,
): KnownEpoch | null {
  const known = epochs.get(epoch);
  const next = epochs.get(epoch + 1);
  if (known === undefined) {
    return refused.has(epoch) ? { membership: null, sessionKey: null, supersededAt: null } : null;
  }
  const { statement, hash, sessionKey } = known;
  const supersededAt = next === undefined ? null : timestampToDate(next.statement.timestamp);
  return { membership: { statement, statementHash: hash }, sessionKey, supersededAt };
}
