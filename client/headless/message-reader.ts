import { parseAssociatedData } from '../../e2ee/associated-data.ts';
import { decryptMessage } from '../../e2ee/message.ts';
import type { DecryptedMessage, MessageEnvelope, UnreadableReason } from '../../e2ee/message.ts';
import type { ConversationId, MessageId, UserId } from '../../protocol/ids.ts';
import type { WireDelivery, WireMessage } from '../../server/realtime/events.ts';
import type { DeliveryView, MessageView } from '../model.ts';
import type { Contacts } from './contacts.ts';
import type { ConversationBook } from './conversation-book.ts';
import type { DeliveryNews } from './delivery-news.ts';
import type { ReadPosition } from './course.ts';
import type { ReceiptBook } from './receipt-book.ts';
import type { ReplayGuard } from './replay-guard.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/** Turns what the server stores into what people read. */
export interface MessageReader {
  /** Reads messages of one conversation, in order of position; replayed ones are left out. */
  read(
    conversationId: ConversationId,
    messages: readonly WireMessage[],
    deliveries?: readonly WireDelivery[],
  ): Promise<readonly MessageView[]>;
  /** Reads again what lacked a key or a sender's identity, and gives what can be read now. */
  retryUnreadable(conversationId: ConversationId): Promise<readonly MessageView[]>;
  /** Reads an own message that the server does not have yet, or refused. */
  readOwn(envelope: MessageEnvelope, localState: 'sending' | 'rejected'): Promise<MessageView>;
}

/** What may become readable without the message changing. */
const PASSING: readonly UnreadableReason[] = ['no_key_yet', 'unverified_sender'];

const NO_TEXT_KINDS = { kind: 'unreadable', reason: 'unknown_version' } as const;

/** Shows how a delivery stands. @see docs/protocol.md [DEL-6] */
export function deliveryView(delivery: WireDelivery): DeliveryView {
  const { domain, attempts, errorCode, nextAttemptAt } = delivery;
  const state = ({ queued: 'waiting', delivered: 'stored', failed: 'failed' } as const)[delivery.state];
  return { domain, state, attempts, errorCode, nextAttemptAt: nextAttemptAt === null ? null : new Date(nextAttemptAt) };
}

/** Creates the reader of the person signed in. */
export function createMessageReader(options: {
  readonly self: UserId;
  readonly book: ConversationBook;
  readonly contacts: Contacts;
  readonly guard: ReplayGuard;
  readonly news: DeliveryNews;
  readonly receipts: ReceiptBook;
  /** Is told of stored messages of a conversation that were looked at. */
  readonly onRead: (conversationId: ConversationId, positions: readonly ReadPosition[]) => void;
}): MessageReader {
  const { self, book, contacts, guard, news, receipts } = options;
  const unreadable = new Map<MessageId, { readonly message: WireMessage; readonly deliveries: readonly WireDelivery[] }>();

  async function decrypt(
    conversation: VerifiedConversation,
    envelope: MessageEnvelope,
    receivedAt: Date,
  ): Promise<DecryptedMessage> {
    const { joinedAtEpoch, findEpoch } = conversation;
    const senderSigningKeys = await contacts.signingKeysOf(envelope.senderId);
    return decryptMessage({ envelope, findEpoch, joinedAtEpoch, senderSigningKeys, receivedAt });
  }

  async function decryptAll(conversationId: ConversationId, messages: readonly WireMessage[]) {
    const decryptWith = (conversation: VerifiedConversation) => async (message: WireMessage) => ({
      message,
      decrypted: await decrypt(conversation, message, new Date(message.receivedAt)),
    });
    const first = await Promise.all(messages.map(decryptWith(await book.load(conversationId))));
    const lacking = first.filter(({ decrypted }) => mayPass(decrypted));
    if (lacking.length === 0) return first;
    // The key may have come with a change that this client has not fetched yet, or the sender's identity be newer.
    const reasons = lacking.map(({ message, decrypted }) => ({ ...decrypted, senderId: message.senderId }));
    const senders = reasons.filter((one) => one.kind === 'unreadable' && one.reason === 'unverified_sender');
    await Promise.all([...new Set(senders.map(({ senderId }) => senderId))].map((senderId) => contacts.refresh(senderId)));
    const retry = decryptWith(await book.refresh(conversationId));
    return Promise.all(first.map((one) => (mayPass(one.decrypted) ? retry(one.message) : one)));
  }

  const read: MessageReader['read'] = async (conversationId, messages, deliveries = []) => {
    const own = messages.filter((message) => message.conversationId === conversationId);
    const decryptedAll = await decryptAll(conversationId, own);
    const placed = decryptedAll.flatMap(({ message, decrypted }) =>
      decrypted.kind === 'content' ? [{ ...message, data: decrypted.associatedData }] : [],
    );
    const admitted = new Set((await guard.admit(conversationId, placed)).map(({ position }) => position));
    for (const { message, decrypted } of decryptedAll) {
      if (mayPass(decrypted)) unreadable.set(message.messageId, { message, deliveries });
      else unreadable.delete(message.messageId);
    }
    options.onRead(
      conversationId,
      decryptedAll.map(({ message, decrypted }) => ({ position: message.position, own: message.senderId === self, mayPass: mayPass(decrypted) })),
    );
    const conversation = await book.load(conversationId);
    return decryptedAll
      .filter(({ message, decrypted }) => decrypted.kind !== 'content' || admitted.has(message.position))
      .map(({ message, decrypted }): MessageView => ({
        ...viewOf(message, decrypted, { self, conversation }),
        position: message.position,
        localState: 'stored',
        receipts: receipts.of(message.messageId),
        deliveries: deliveries.filter(({ messageId }) => messageId === message.messageId).map(news.newest).map(deliveryView),
      }))
      .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  };

  return {
    read,
    async retryUnreadable(conversationId) {
      const again = [...unreadable.values()].filter(({ message }) => message.conversationId === conversationId);
      if (again.length === 0) return [];
      const messages = again.map(({ message }) => message);
      const views = await read(conversationId, messages, again.flatMap(({ deliveries }) => deliveries));
      return views.filter(({ body }) => body.kind === 'text');
    },
    async readOwn(envelope, localState) {
      const conversation = await book.load(envelope.conversationId);
      const decrypted = await decrypt(conversation, envelope, new Date(envelope.timestamp));
      return { ...viewOf(envelope, decrypted, { self, conversation }), position: null, localState, deliveries: [], receipts: [] };
    },
  };
}

function mayPass(decrypted: DecryptedMessage): boolean {
  return decrypted.kind === 'unreadable' && PASSING.includes(decrypted.reason);
}

function viewOf(
  envelope: MessageEnvelope,
  decrypted: DecryptedMessage,
  { self, conversation }: { readonly self: UserId; readonly conversation: VerifiedConversation },
): Omit<MessageView, 'position' | 'localState' | 'deliveries' | 'receipts'> {
  const { messageId, conversationId, senderId, timestamp, payload } = envelope;
  const parsed = parseAssociatedData(payload.associatedData);
  const epoch = parsed.kind === 'parsed' ? parsed.data.epoch : null;
  return {
    messageId,
    conversationId,
    senderId,
    own: senderId === self,
    sentAt: new Date(timestamp),
    epoch,
    body: bodyOf(decrypted),
    recipients: senderId === self && epoch !== null ? recipientsOf(conversation, epoch, self) : [],
  };
}

/** Whom the statement of an epoch lists beside the author; of the present one, those who have not left since. */
function recipientsOf({ head, leavers, findEpoch }: VerifiedConversation, epoch: number, self: UserId): readonly UserId[] {
  const participants = findEpoch(epoch)?.membership?.statement.participants ?? [];
  const hasLeft = (userId: UserId): boolean => epoch === head?.statement.epoch && leavers.has(userId);
  return participants.map(({ userId }) => userId).filter((userId) => userId !== self && !hasLeft(userId));
}

function bodyOf(decrypted: DecryptedMessage): MessageView['body'] {
  if (decrypted.kind === 'unreadable') return decrypted;
  const { content } = decrypted;
  return content.kind === 'text' ? { kind: 'text', text: content.text } : NO_TEXT_KINDS;
}
