import { findParticipant } from '../../e2ee/membership-rules.ts';
import { createStatement, signMembership, verifyNextStatement } from '../../e2ee/membership.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import { createSessionKey, keyCommitment, wrapSessionKey } from '../../e2ee/session-key.ts';
import { decodeBase64, encodeBase64Url } from '../../protocol/base64.ts';
import { domainOf, formatConversationId, ownerDomainInId } from '../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { MAX_PARTICIPANTS } from '../../protocol/limits.ts';
import type { MembershipStatement, MemberRole } from '../../protocol/schemas/membership-statement.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { ClientError } from '../client-error.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { ClientClock } from './clock.ts';
import type { Contacts, KnownIdentity } from './contacts.ts';
import type { ConversationBook } from './conversation-book.ts';
import { findSigningSecret } from './own-signing-key.ts';
import type { VaultKeeper } from './vault-keeper.ts';

/** Starts epochs: signs who is in them and gives everybody in them, and nobody else, the key [E2E-3] [E2E-4]. */
export interface MembershipAuthor {
  create(others: readonly UserId[]): Promise<ConversationId>;
  add(conversationId: ConversationId, userId: UserId): Promise<void>;
  remove(conversationId: ConversationId, userId: UserId): Promise<void>;
  rotate(conversationId: ConversationId): Promise<void>;
}

type Member = { readonly userId: UserId; readonly role: MemberRole };
type Plan = (members: readonly Member[]) => readonly Member[];

interface NextEpoch {
  readonly conversationId: ConversationId;
  readonly previous: MembershipStatement | null;
  readonly action: MembershipStatement['action'];
  readonly members: readonly Member[];
}

const CONVERSATION_ID_BYTES = 16;

/** Creates the author that acts for the person signed in. */
export function createMembershipAuthor(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly book: ConversationBook;
  readonly contacts: Contacts;
  readonly random: RandomBytes;
  readonly clock: ClientClock;
}): MembershipAuthor {
  const { vault, book, contacts, random } = options;
  const self = vault.account().userId;

  async function changeOnce(conversationId: ConversationId, action: NextEpoch['action'], plan: Plan): Promise<void> {
    const { head, standing } = await book.refresh(conversationId);
    if (standing !== 'member' || head === null) throw new ClientError('not_a_member');
    const previous = head.statement;
    assertMayChange(previous, self);
    const members = plan(previous.participants);
    await publishEpoch({ conversationId, previous, action, members }, options);
    await book.refresh(conversationId);
  }

  async function change(conversationId: ConversationId, action: NextEpoch['action'], plan: Plan): Promise<void> {
    try {
      await changeOnce(conversationId, action, plan);
    } catch (thrown) {
      // Somebody else's change came first: ours is made anew on top of it, once.
      if (clientErrorOf(thrown).code !== 'stale_epoch') throw thrown;
      await changeOnce(conversationId, action, plan);
    }
  }

  return {
    async create(others) {
      const owner: Member = { userId: self, role: 'owner' };
      const members = [owner, ...others.map((userId): Member => ({ userId, role: 'member' }))];
      const conversationId = formatConversationId(encodeBase64Url(random(CONVERSATION_ID_BYTES)), domainOf(self));
      await publishEpoch({ conversationId, previous: null, action: 'create', members }, options);
      return conversationId;
    },
    async add(conversationId, userId) {
      const found = await contacts.fetch(userId);
      if (found.kind !== 'found') throw new ClientError('participant_unavailable', { reason: found.kind });
      await change(conversationId, 'add_participant', (members) => {
        if (members.some((member) => member.userId === userId)) throw new ClientError('not_permitted');
        return [...members, { userId, role: 'member' }];
      });
    },
    remove: (conversationId, userId) =>
      change(conversationId, 'rotate_key', (members) => {
        const leaving = members.find((member) => member.userId === userId);
        if (leaving === undefined || leaving.role === 'owner') throw new ClientError('not_permitted');
        return members.filter((member) => member !== leaving);
      }),
    rotate: (conversationId) => change(conversationId, 'rotate_key', (members) => members),
  };
}

/** Only an owner or admin, and only on the owner domain, starts epochs. @see docs/protocol.md [API-5] [E2E-5] */
function assertMayChange(statement: MembershipStatement, self: UserId): void {
  const role = findParticipant(statement, self)?.role;
  const onOwnerDomain = ownerDomainInId(statement.conversationId) === domainOf(self);
  if (role === undefined || role === 'member' || !onOwnerDomain) throw new ClientError('not_permitted');
}

async function publishEpoch(
  next: NextEpoch,
  options: {
    readonly api: InstanceClient;
    readonly vault: VaultKeeper;
    readonly contacts: Contacts;
    readonly random: RandomBytes;
    readonly clock: ClientClock;
  },
): Promise<void> {
  const { api, vault, contacts, random, clock } = options;
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
