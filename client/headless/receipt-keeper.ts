import { parseMessageId } from '../../protocol/ids.ts';
import type { MessageId, UserId } from '../../protocol/ids.ts';
import type { WireMessage } from '../../server/realtime/events.ts';
import { ClientError } from '../client-error.ts';
import type { DatedReceiptView } from '../model.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance } from '../trpc/instance-error.ts';
import type { ReceiptWire } from '../trpc/wire.ts';
import type { EventHub } from './event-hub.ts';
import type { ReceiptBook } from './receipt-book.ts';

/** Keeps what others did with own messages level with the own server [DEL-6]. */
export interface ReceiptKeeper {
  /** Takes over what the server tells as it happens. */
  hear(receipt: ReceiptWire): void;
  /** Remembers own messages, so that receipts that were missed are asked for. */
  noteOwn(messages: readonly WireMessage[]): void;
  /** Asks for the receipts of the newest own messages seen here, and tells what is new. */
  catchUp(): Promise<void>;
  /** Gives who has one message, with times. */
  dated(messageId: string): Promise<readonly DatedReceiptView[]>;
}

const MAX_REMEMBERED = 100;
/** As many ids as the address of one query holds. */
const MAX_ASKED = 50;

/** Creates the keeper of the person signed in over a book that others read as well. */
export function createReceiptKeeper(options: {
  readonly api: InstanceClient;
  readonly self: UserId;
  readonly receipts: ReceiptBook;
  readonly events: EventHub;
}): ReceiptKeeper {
  const { api, self, receipts, events } = options;
  const recent = new Map<MessageId, ReceiptWire['conversationId']>();

  function hear(receipt: ReceiptWire): void {
    for (const { conversationId, messageIds, userId, state } of receipts.note([receipt])) {
      events.emit({ kind: 'receipt', conversationId, messageIds, receipt: { userId, state } });
    }
  }

  return {
    hear,
    noteOwn(messages) {
      for (const { messageId, conversationId, senderId } of messages) {
        if (senderId !== self) continue;
        recent.delete(messageId);
        recent.set(messageId, conversationId);
        const [oldest] = recent.keys();
        if (recent.size > MAX_REMEMBERED && oldest !== undefined) recent.delete(oldest);
      }
    },
    async catchUp() {
      const ids = [...recent.keys()];
      for (let from = 0; from < ids.length; from += MAX_ASKED) {
        const dated = await callInstance(api.messages.receipts.query({ messageIds: ids.slice(from, from + MAX_ASKED) }));
        for (const { messageId, userId, readAt } of dated) {
          const conversationId = recent.get(messageId);
          if (conversationId !== undefined) hear({ conversationId, userId, messageIds: [messageId], state: readAt === null ? 'on_device' : 'read' });
        }
      }
    },
    async dated(messageId) {
      const dated = await callInstance(api.messages.receipts.query({ messageIds: [messageIdOf(messageId)] }));
      return dated.map(({ userId, deliveredAt, readAt }) => ({ userId, deliveredAt: new Date(deliveredAt), readAt: readAt === null ? null : new Date(readAt) }));
    },
  };
}

function messageIdOf(text: string): MessageId {
  try {
    return parseMessageId(text);
  } catch (cause) {
    throw new ClientError('server_error', { cause });
  }
}
