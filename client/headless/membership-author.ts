import { encodeBase64Url } from '../../protocol/base64.ts';
import { domainOf, formatConversationId } from '../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { ClientError } from '../client-error.ts';
import { createMemoryLocks } from '../keystore/locks.ts';
import { clientErrorOf } from '../trpc/instance-error.ts';
import type { ConversationBook } from './conversation-book.ts';
import { assertMayChange, mayHonourLeaves } from './membership-rights.ts';
import { publishEpoch } from './publish-epoch.ts';
import type { EpochParts, Member, NextEpoch } from './publish-epoch.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/**
 * Starts epochs: signs who is in them and gives everybody in them, and nobody else, the key [E2E-3] [E2E-4]. Whoever
 * has left is in none of them [E2E-6].
 */
export interface MembershipAuthor {
  create(others: readonly UserId[]): Promise<ConversationId>;
  add(conversationId: ConversationId, userId: UserId): Promise<void>;
  remove(conversationId: ConversationId, userId: UserId): Promise<void>;
  rotate(conversationId: ConversationId): Promise<void>;
  /** Starts the epoch without those who have left; does nothing where nobody has, or where that is for others to do. */
  honourLeaves(conversationId: ConversationId): Promise<void>;
}

interface Change {
  readonly conversationId: ConversationId;
  readonly action: Exclude<NextEpoch['action'], 'create'>;
  readonly plan: (members: readonly Member[]) => readonly Member[];
}

const CONVERSATION_ID_BYTES = 16;

/** Creates the author that acts for the person signed in. */
export function createMembershipAuthor(options: EpochParts & { readonly book: ConversationBook }): MembershipAuthor {
  const { vault, book, contacts, random } = options;
  const self = vault.account().userId;
  // Our own changes wait for each other, so that none makes another stale.
  const oneByOne = createMemoryLocks();

  async function changeOnce({ conversationId, action, plan }: Change): Promise<void> {
    const conversation = await settle(await book.refresh(conversationId), action);
    const previous = assertMayChange(conversation, self);
    const members = stayersOf(conversation, plan(previous.participants));
    await publishEpoch({ conversationId, previous, action, members }, options);
    await book.refresh(conversationId);
  }

  /** Makes members and servers agree before a change that needs them to; costs an epoch where they do not. */
  async function settle(found: VerifiedConversation, action: Change['action']): Promise<VerifiedConversation> {
    const conversation = await bringBack(found);
    const previous = assertMayChange(conversation, self);
    const { conversationId } = previous;
    const members = stayersOf(conversation, previous.participants);
    if (action !== 'add_participant' || members.length === previous.participants.length) return conversation;
    // A server that has not heard of the leave takes no addition without the one who left, but it takes a rotation.
    await publishEpoch({ conversationId, previous, action: 'rotate_key', members }, options);
    return book.refresh(conversationId);
  }

  /** Adds again whom a server took out though nobody else did, as a rotation could not name them; and no addition passes over who left. */
  async function bringBack(conversation: VerifiedConversation): Promise<VerifiedConversation> {
    const previous = assertMayChange(conversation, self);
    const { conversationId, participants: members } = previous;
    const listed = new Set(conversation.summary.participants);
    if (stayersOf(conversation, members).every(({ userId }) => listed.has(userId))) return conversation;
    await publishEpoch({ conversationId, previous, action: 'add_participant', members }, options);
    return book.refresh(conversationId);
  }

  /** Somebody else's change may come first: ours is then made anew on top of it, once. */
  function inTurn(conversationId: ConversationId, attempt: () => Promise<void>): Promise<void> {
    return oneByOne.run(conversationId, async () => {
      try {
        await attempt();
      } catch (thrown) {
        if (!isOvertaken(clientErrorOf(thrown))) throw thrown;
        await attempt();
      }
    });
  }

  const change = (wanted: Change): Promise<void> => inTurn(wanted.conversationId, () => changeOnce(wanted));
  const rotate = (conversationId: ConversationId): Change => ({ conversationId, action: 'rotate_key', plan: (members) => members });

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
      const plan: Change['plan'] = (members) => {
        if (members.some((member) => member.userId === userId)) throw new ClientError('not_permitted');
        return [...members, { userId, role: 'member' }];
      };
      await change({ conversationId, action: 'add_participant', plan });
    },
    remove(conversationId, userId) {
      const plan: Change['plan'] = (members) => {
        const leaving = members.find((member) => member.userId === userId);
        if (leaving === undefined || leaving.role === 'owner') throw new ClientError('not_permitted');
        return members.filter((member) => member !== leaving);
      };
      return change({ conversationId, action: 'rotate_key', plan });
    },
    rotate: (conversationId) => change(rotate(conversationId)),
    honourLeaves: (conversationId) =>
      inTurn(conversationId, async () => {
        if (mayHonourLeaves(await book.refresh(conversationId), self)) await changeOnce(rotate(conversationId));
      }),
  };
}

/** Besides a new epoch it may be a leave that came first: a rotation that names who left is of no valid form any more. */
function isOvertaken({ code, reason }: ClientError): boolean {
  return code === 'stale_epoch' || reason === 'invalid_body';
}

function stayersOf({ leavers }: VerifiedConversation, members: readonly Member[]): readonly Member[] {
  return members.filter(({ userId }) => !leavers.has(userId));
}
