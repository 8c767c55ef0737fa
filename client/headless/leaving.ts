import { signLeave } from '../../e2ee/leave.ts';
import { findParticipant } from '../../e2ee/membership-rules.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { formatTimestamp } from '../../protocol/timestamp.ts';
import { ClientError } from '../client-error.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { ClientClock } from './clock.ts';
import type { ConversationBook } from './conversation-book.ts';
import type { MembershipAuthor } from './membership-author.ts';
import { mayHonourLeaves } from './membership-rights.ts';
import { findSigningSecret } from './own-signing-key.ts';
import type { VaultKeeper } from './vault-keeper.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/** Leaves conversations, and sees to it that leaving comes to its end: a key that whoever left does not have. */
export interface Leaving {
  leave(conversationId: ConversationId): Promise<void>;
  /** Looks at a conversation as it was just verified, and does in the background what a leave asks of this client. */
  notice(conversation: VerifiedConversation): void;
  close(): void;
}

const RETRY_MS = 30_000;

/** Creates the leaving of the person signed in. @see docs/protocol.md [E2E-6] */
export function createLeaving(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly book: ConversationBook;
  readonly author: MembershipAuthor;
  readonly clock: ClientClock;
}): Leaving {
  const { api, vault, book, author, clock } = options;
  const self = vault.account().userId;
  /** The epochs that were left in this run. */
  const leftAt = new Map<ConversationId, number>();
  const busy = new Set<ConversationId>();
  const retries = new Set<() => void>();
  let closed = false;

  async function leaveOnce(conversationId: ConversationId): Promise<void> {
    const conversation = await book.refresh(conversationId);
    if (conversation.standing === 'removed') throw new ClientError('not_a_member');
    const { epoch, participants } = conversation.summary;
    const timestamp = formatTimestamp(clock.now());
    const leave = { conversationId, userId: self, epoch, timestamp };
    const leaveSignature = signLeave(leave, signingSecretOf(conversation, vault));
    const body = { conversationId, action: 'leave' as const, epoch, participantsToAdd: [], allParticipants: [...participants], timestamp };
    await callInstance(api.conversations.change.mutate({ ...body, leaveSignature }));
    leftAt.set(conversationId, epoch);
    await book.refresh(conversationId);
  }

  /** A new epoch may begin in between: that one is left, then. */
  async function leave(conversationId: ConversationId): Promise<void> {
    try {
      await leaveOnce(conversationId);
    } catch (thrown) {
      if (clientErrorOf(thrown).code !== 'stale_epoch') throw thrown;
      await leaveOnce(conversationId);
    }
  }

  /** A statement on its way while we left lists us again, and its server refused our leave as one of an epoch gone by. */
  function wasOvertaken({ summary, standing, epochs }: VerifiedConversation): boolean {
    const next = epochs.get((leftAt.get(summary.conversationId) ?? Infinity) + 1);
    return standing === 'member' && next !== undefined && findParticipant(next.statement, self) !== null;
  }

  function notice(conversation: VerifiedConversation): void {
    const { conversationId } = conversation.summary;
    if (closed || busy.has(conversationId)) return;
    if (wasOvertaken(conversation)) void run(conversation, leave);
    else if (mayHonourLeaves(conversation, self)) void run(conversation, author.honourLeaves);
  }

  /** Looks again once it is done, as somebody else may have left meanwhile; without progress nothing is tried at once. */
  async function run({ summary, head }: VerifiedConversation, task: (conversationId: ConversationId) => Promise<void>): Promise<void> {
    const { conversationId } = summary;
    busy.add(conversationId);
    try {
      await task(conversationId);
      const fresh = await book.load(conversationId);
      busy.delete(conversationId);
      if ((fresh.head?.statement.epoch ?? 0) > (head?.statement.epoch ?? 0)) notice(fresh);
    } catch (thrown) {
      busy.delete(conversationId);
      if (!(thrown instanceof ClientError)) throw thrown;
      if (thrown.transient) retryLater(conversationId);
    }
  }

  /** The book gives notice again of what it has fetched. */
  function retryLater(conversationId: ConversationId): void {
    if (closed) return;
    const cancel = clock.schedule(() => {
      retries.delete(cancel);
      book.refresh(conversationId).catch((thrown: unknown) => {
        if (clientErrorOf(thrown).transient) retryLater(conversationId);
      });
    }, RETRY_MS);
    retries.add(cancel);
  }

  return {
    leave,
    notice,
    close() {
      closed = true;
      for (const cancel of retries) cancel();
    },
  };
}

/** The key that the statement of the epoch lists for us; where nothing is stated nobody can check, and any own key does. */
function signingSecretOf({ head, summary }: VerifiedConversation, vault: VaultKeeper): Uint8Array {
  const contents = vault.contents();
  const listed = head?.statement.epoch === summary.epoch ? findSigningSecret(contents, head.statement) : null;
  return listed ?? contents.identity.signingSecretKey;
}
