import { findParticipant } from '../../e2ee/membership-rules.ts';
import { createStatement, signMembership, verifyNextStatement } from '../../e2ee/membership.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import { createSessionKey, keyCommitment, wrapSessionKey } from '../../e2ee/session-key.ts';
import { decodeBase64 } from '../../protocol/base64.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { MAX_PARTICIPANTS } from '../../protocol/limits.ts';
import type { MembershipStatement, MemberRole } from '../../protocol/schemas/membership-statement.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { ClientError } from '../client-error.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance } from '../trpc/instance-error.ts';
import type { ClientClock } from './clock.ts';
import type { Contacts, KnownIdentity } from './contacts.ts';
import { findSigningSecret } from './own-signing-key.ts';
import type { VaultKeeper } from './vault-keeper.ts';

/** Somebody in an epoch to come; their key is looked up when it is made. */
export type Member = { readonly userId: UserId; readonly role: MemberRole };

/** An epoch to come: what it follows, null for epoch 1, and who is in it. */
export interface NextEpoch {
  readonly conversationId: ConversationId;
  readonly previous: MembershipStatement | null;
  readonly action: MembershipStatement['action'];
  readonly members: readonly Member[];
}

/** What starting an epoch needs. */
export interface EpochParts {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly contacts: Contacts;
  readonly random: RandomBytes;
  readonly clock: ClientClock;
}

/**
 * Makes the key of an epoch, wraps it for everybody in it, states and signs who that is, and hands it all to the own
 * server. Rejects with `not_permitted` what no other client would accept.
 * @see docs/protocol.md [E2E-3] [E2E-4]
 */
export async function publishEpoch(next: NextEpoch, parts: EpochParts): Promise<void> {
  const { api, vault, contacts, random, clock } = parts;
  if (next.members.length > MAX_PARTICIPANTS) throw new ClientError('not_permitted');
  const identities = await Promise.all(next.members.map(({ userId }) => identityOf(userId, next, contacts)));
  const sessionKey = createSessionKey(random);
  const timestamp = formatTimestamp(clock.now());
  const statement = await draftStatement({ next, identities, sessionKey, timestamp, self: vault.account().userId });
  // Signed with the key that the statement before lists for us: that is the one that everybody checks.
  const signingSecretKey = findSigningSecret(vault.contents(), next.previous ?? statement);
  if (signingSecretKey === null) throw new ClientError('not_permitted');
  const membershipSignature = await signMembership({ statement, signingSecretKey });
  if (next.previous !== null) {
    const verdict = await verifyNextStatement({ previous: next.previous, next: statement, signature: membershipSignature });
    if (!verdict.verified) throw new ClientError('not_permitted', { reason: verdict.reason });
  }
  const { epoch } = statement;
  const participantsToAdd = identities.map(({ userId, publicKey }) => ({
    userId,
    encryptedSessionKey: wrapSessionKey({ sessionKey, recipientPublicKey: decodeBase64(publicKey), random }),
  }));
  const allParticipants = next.members.map(({ userId }) => userId);
  const { conversationId, action } = next;
  const body = { conversationId, action, epoch, participantsToAdd, allParticipants, timestamp };
  await callInstance(api.conversations.change.mutate({ ...body, membership: statement, membershipSignature }));
}

/** The newest keys count; for somebody who is in already the pinned ones do, so that no silent server stops a removal. */
async function identityOf(userId: UserId, { previous }: NextEpoch, contacts: Contacts): Promise<KnownIdentity> {
  const fetched = await contacts.fetch(userId);
  if (fetched.kind === 'found') return fetched.identity;
  const isMember = previous !== null && findParticipant(previous, userId) !== null;
  const pinned = isMember ? await contacts.find(userId) : null;
  if (pinned === null) throw new ClientError('participant_unavailable', { reason: fetched.kind });
  return pinned;
}

async function draftStatement(options: {
  readonly next: NextEpoch;
  readonly identities: readonly KnownIdentity[];
  readonly sessionKey: Uint8Array;
  readonly timestamp: MembershipStatement['timestamp'];
  readonly self: UserId;
}): Promise<MembershipStatement> {
  const { next, identities, sessionKey, timestamp, self } = options;
  const { conversationId, previous, action, members } = next;
  const epoch = (previous?.epoch ?? 0) + 1;
  const signingKeys = new Map(identities.map(({ userId, signingKey }) => [userId, signingKey]));
  return createStatement({
    conversationId,
    previous,
    action,
    actor: self,
    participants: members.map(({ userId, role }) => ({ userId, role, signingKey: signingKeys.get(userId) ?? '' })),
    keyCommitment: await keyCommitment({ conversationId, epoch, sessionKey }),
    timestamp,
  });
}
