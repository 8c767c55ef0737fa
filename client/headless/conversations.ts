import { parseConversationId } from '../../protocol/ids.ts';
import type { ConversationId, UserId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { ClientError } from '../client-error.ts';
import type { ChatClient, ConversationView, ParticipantView } from '../model.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance } from '../trpc/instance-error.ts';
import type { ConversationWire } from '../trpc/wire.ts';
import type { Acknowledger } from './acknowledger.ts';
import type { ClientClock } from './clock.ts';
import { foldUserId } from './contacts.ts';
import type { ConversationBook } from './conversation-book.ts';
import type { Leaving } from './leaving.ts';
import type { MembershipAuthor } from './membership-author.ts';
import type { MessageReader } from './message-reader.ts';
import { createTyping } from './typing.ts';
import type { VaultKeeper } from './vault-keeper.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/** Reads a conversation id; rejects with `unknown_conversation` where the text is none. */
export function conversationIdOf(text: string): ConversationId {
  try {
    return parseConversationId(text);
  } catch (cause) {
    throw new ClientError('unknown_conversation', { cause });
  }
}

/** Reads a participant's id; rejects with `participant_unavailable` where the text is none. */
function participantIdOf(text: string): UserId {
  const userId = foldUserId(text);
  if (userId === null) throw new ClientError('participant_unavailable');
  return userId;
}

/** Creates the conversations of the person signed in; `onListed` is told of each listed one. */
export function createConversations(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly book: ConversationBook;
  readonly author: MembershipAuthor;
  readonly leaving: Leaving;
  readonly reader: MessageReader;
  readonly clock: ClientClock;
  readonly acknowledger: Acknowledger;
  readonly onListed: (summary: ConversationWire) => void;
}): ChatClient['conversations'] {
  const { api, vault, book, author, leaving, reader, clock } = options;
  const self = vault.account().userId;
  const typing = createTyping({ api, clock });

  async function viewOf(conversation: VerifiedConversation): Promise<ConversationView> {
    const { summary, head, standing } = conversation;
    const { conversationId, lastMessage } = summary;
    const [view = null] = lastMessage === null ? [] : await reader.read(conversationId, [lastMessage]);
    return {
      conversationId,
      label: vault.contents().labels[conversationId]?.text ?? null,
      participants: participantsOf(conversation, self),
      epoch: head?.statement.epoch ?? summary.epoch,
      standing,
      accepted: summary.accepted,
      unreadCount: summary.unreadCount,
      lastMessage: view,
      lastActivityAt: new Date(lastMessage?.receivedAt ?? summary.createdAt),
    };
  }

  async function listVerified(): Promise<readonly VerifiedConversation[]> {
    const summaries: readonly ConversationWire[] = await callInstance(api.conversations.list.query());
    for (const summary of summaries) options.onListed(summary);
    return Promise.all(summaries.map((summary) => book.loadListed(summary)));
  }

  async function setLabel(conversationId: ConversationId, text: string | null): Promise<void> {
    const changedAt = formatTimestamp(clock.now());
    await vault.change((contents) => ({
      ...contents,
      labels: { ...contents.labels, [conversationId]: { text, changedAt } },
    }));
    await vault.save();
  }

  return {
    async list() {
      const views = await Promise.all((await listVerified()).map(viewOf));
      return views.sort((a, b) => b.lastActivityAt.getTime() - a.lastActivityAt.getTime());
    },
    get: async (id) => viewOf(await book.refresh(conversationIdOf(id))),
    async open(participants, label) {
      const others = [...new Set(participants.map(participantIdOf))].filter((userId) => userId !== self);
      const [only] = others;
      if (only === undefined) throw new ClientError('participant_unavailable');
      const existing = others.length === 1 ? findTwoPerson(await listVerified(), only) : null;
      const conversationId = existing ?? (await author.create(others));
      if (label !== undefined) await setLabel(conversationId, label);
      return { conversationId };
    },
    addParticipant: (id, userId) => author.add(conversationIdOf(id), participantIdOf(userId)),
    removeParticipant: (id, userId) => author.remove(conversationIdOf(id), participantIdOf(userId)),
    rotate: (id) => author.rotate(conversationIdOf(id)),
    leave: (id) => leaving.leave(conversationIdOf(id)),
    async accept(id) {
      await callInstance(api.conversations.accept.mutate({ conversationId: conversationIdOf(id) }));
    },
    setLabel: (id, label) => setLabel(conversationIdOf(id), label),
    markRead: (id, position) => options.acknowledger.markRead(conversationIdOf(id), position),
    typing: (id) => typing(conversationIdOf(id)),
  };
}

/** Finds the verified conversation of just the two, one that we may still write to. */
function findTwoPerson(conversations: readonly VerifiedConversation[], other: UserId): ConversationId | null {
  const found = conversations.find(
    ({ members, standing }) => standing === 'member' && members.length === 2 && members.some(({ userId }) => userId === other),
  );
  return found?.summary.conversationId ?? null;
}

/** The verified participants; only where there is no verified statement, those that the server claims. */
function participantsOf({ head, members, summary }: VerifiedConversation, self: UserId): readonly ParticipantView[] {
  const known: readonly Pick<ParticipantView, 'userId' | 'role'>[] = head === null ? summary.participants.map((userId) => ({ userId, role: 'member' })) : members;
  // Nobody has to take up what they began.
  return known.map(({ userId, role }) => ({ userId, role, self: userId === self, accepted: role === 'owner' || summary.acceptedBy.some((one) => one === userId) }));
}
