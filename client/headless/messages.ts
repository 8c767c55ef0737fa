import { encodeUtf8 } from '../../e2ee/bytes.ts';
import type { RandomBytes } from '../../e2ee/random.ts';
import { parseDomain, parseMessageId } from '../../protocol/ids.ts';
import type { ConversationId, MessageId } from '../../protocol/ids.ts';
import type { WireDelivery, WireMessage } from '../../server/realtime/events.ts';
import { ClientError } from '../client-error.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { ChatClient, MessageView } from '../model.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance, clientErrorOf } from '../trpc/instance-error.ts';
import type { ClientClock } from './clock.ts';
import type { Contacts } from './contacts.ts';
import type { ConversationBook } from './conversation-book.ts';
import { conversationIdOf } from './conversations.ts';
import type { EventHub } from './event-hub.ts';
import { deliveryView } from './message-reader.ts';
import type { MessageReader } from './message-reader.ts';
import { createOutgoing } from './outgoing.ts';
import type { ReceiptBook } from './receipt-book.ts';
import type { ReceiptKeeper } from './receipt-keeper.ts';
import type { StoredAnswer } from './outgoing.ts';
import { createTimeline } from './timeline.ts';
import type { RejectedMessage } from './timeline.ts';
import type { VaultKeeper } from './vault-keeper.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/** The messages of the person signed in, and what the session does with them. */
export type Messages = ChatClient['messages'] & {
  /** Sends what an earlier run left waiting. */
  resume(conversationIds: readonly ConversationId[]): void;
  close(): void;
};

interface Waiter {
  resolve(message: MessageView): void;
  reject(error: ClientError): void;
}

/** A text as JSON, in bytes of UTF-8: with everything around it below the bound of a server-to-server body. */
const MAX_TEXT_BYTES = 131_072;

/** Creates the messages of the person signed in. */
export function createMessages(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly keystore: Keystore;
  readonly random: RandomBytes;
  readonly clock: ClientClock;
  readonly events: EventHub;
  readonly book: ConversationBook;
  readonly contacts: Contacts;
  readonly reader: MessageReader;
  readonly receipts: ReceiptBook;
  readonly receiptKeeper: ReceiptKeeper;
  readonly isOnline: () => boolean;
  readonly onUnauthorized: () => void;
  readonly onPage: (
    conversationId: ConversationId,
    page: { readonly messages: readonly WireMessage[]; readonly deliveries: readonly WireDelivery[] },
  ) => void;
}): Messages {
  const { api, vault, events, book, contacts, reader } = options;
  const self = vault.account().userId;
  const waiters = new Map<MessageId, Waiter>();
  const rejected = new Map<MessageId, RejectedMessage>();

  async function tellStored(conversationId: ConversationId, { message, deliveries }: StoredAnswer): Promise<void> {
    options.onPage(conversationId, { messages: [message], deliveries });
    const [view] = await reader.read(conversationId, [message], deliveries);
    const waiter = waiters.get(message.messageId);
    waiters.delete(message.messageId);
    if (view === undefined) return waiter?.reject(new ClientError('server_error'));
    events.emit({ kind: 'message', message: view });
    waiter?.resolve(view);
  }

  const outgoing = createOutgoing({
    ...options,
    listener: {
      onStored(conversationId, answer) {
        tellStored(conversationId, answer).catch((thrown: unknown) => {
          waiters.get(answer.message.messageId)?.reject(clientErrorOf(thrown));
        });
      },
      onRejected(conversationId, message, error) {
        rejected.set(message.messageId, { conversationId, message });
        waiters.get(message.messageId)?.reject(error);
        waiters.delete(message.messageId);
        events.emit({ kind: 'conversations', conversationId });
      },
      onUnauthorized: options.onUnauthorized,
    },
  });
  const timeline = createTimeline({ ...options, outgoing, rejected });

  /** Without a socket nobody tells of a removal, so the membership is asked for before anything is encrypted for it. */
  async function currentConversation(conversationId: ConversationId): Promise<VerifiedConversation> {
    if (options.isOnline()) return book.load(conversationId);
    try {
      return await book.refresh(conversationId);
    } catch (thrown) {
      if (clientErrorOf(thrown).code !== 'offline') throw thrown;
      return book.load(conversationId);
    }
  }

  async function send(id: string, text: string, onQueued?: (message: MessageView) => void): Promise<MessageView> {
    const conversationId = conversationIdOf(id);
    if (encodeUtf8(JSON.stringify(text)).length > MAX_TEXT_BYTES) throw new ClientError('message_too_long');
    const conversation = await currentConversation(conversationId);
    contacts.refreshSoon(conversation.head?.statement.participants.map(({ userId }) => userId) ?? []);
    // A lone surrogate has no UTF-8: it is replaced, as every encoder would.
    const queued = await outgoing.enqueue(conversation, text.toWellFormed());
    onQueued?.(await reader.readOwn({ ...queued, conversationId, senderId: self }, 'sending'));
    return new Promise((resolve, reject) => {
      waiters.set(queued.messageId, { resolve, reject });
      outgoing.pump(conversationId);
    });
  }

  return {
    list: async (id, range) => timeline(conversationIdOf(id), range),
    send,
    async retry(messageId, domain) {
      const delivery = await callInstance(api.messages.retry.mutate(retryInput(messageId, domain)));
      const { conversationId } = delivery;
      events.emit({ kind: 'delivery', conversationId, messageId, delivery: deliveryView(delivery) });
    },
    receipts: (messageId) => options.receiptKeeper.dated(messageId),
    resume(conversationIds) {
      outgoing.wake();
      for (const conversationId of conversationIds) outgoing.pump(conversationId);
    },
    close() {
      outgoing.close();
      for (const { reject } of waiters.values()) reject(new ClientError('signed_out'));
      waiters.clear();
    },
  };
}

function retryInput(messageId: string, domain: string) {
  try {
    return { messageId: parseMessageId(messageId), domain: parseDomain(domain) };
  } catch (cause) {
    throw new ClientError('server_error', { cause });
  }
}
