import type { ConversationId, MessageId } from '../../protocol/ids.ts';
import type { WireDelivery, WireMessage } from '../../server/realtime/events.ts';
import type { OutgoingMessage } from '../keystore/keystore.ts';
import type { ChatClient, MessageView, SystemLineView, TimelinePage } from '../model.ts';
import type { InstanceClient } from '../trpc/instance-client.ts';
import { callInstance } from '../trpc/instance-error.ts';
import type { ReceiptWire } from '../trpc/wire.ts';
import type { Contacts } from './contacts.ts';
import type { ConversationBook } from './conversation-book.ts';
import type { MessageReader } from './message-reader.ts';
import type { ReceiptBook } from './receipt-book.ts';
import type { Outgoing } from './outgoing.ts';
import { findPin } from './pins.ts';
import type { VaultKeeper } from './vault-keeper.ts';
import type { VerifiedConversation } from './verified-conversation.ts';

/** A page of the server, and what of the conversation lies around it. */
interface RawPage {
  readonly messages: readonly WireMessage[];
  readonly deliveries: readonly WireDelivery[];
  readonly receipts: readonly ReceiptWire[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

type ListOptions = NonNullable<Parameters<ChatClient['messages']['list']>[1]>;

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 199;

/** Creates the reading of timelines; `rejected` are own messages that the server refused in this run. */
export function createTimeline(options: {
  readonly api: InstanceClient;
  readonly vault: VaultKeeper;
  readonly book: ConversationBook;
  readonly contacts: Contacts;
  readonly reader: MessageReader;
  readonly receipts: ReceiptBook;
  readonly outgoing: Outgoing;
  readonly rejected: ReadonlyMap<MessageId, RejectedMessage>;
  readonly onPage: (conversationId: ConversationId, page: Pick<RawPage, 'messages' | 'deliveries'>) => void;
}): (conversationId: ConversationId, range?: ListOptions) => Promise<TimelinePage> {
  const { api, vault, book, contacts, reader, outgoing, rejected } = options;
  const self = vault.account().userId;

  /** Own messages that the server does not have stand at the end. */
  async function unstored(conversationId: ConversationId, stored: readonly MessageView[]): Promise<readonly MessageView[]> {
    const known = new Set(stored.map(({ messageId }) => messageId));
    const waiting = (await outgoing.waiting(conversationId)).filter(({ messageId }) => !known.has(messageId));
    const refused = [...rejected.values()].filter((one) => one.conversationId === conversationId);
    const envelope = (message: OutgoingMessage) => ({ ...message, conversationId, senderId: self });
    return Promise.all([
      ...refused.map(({ message }) => reader.readOwn(envelope(message), 'rejected')),
      ...waiting.map((message) => reader.readOwn(envelope(message), 'sending')),
    ]);
  }

  return async (conversationId, range = {}) => {
    const raw = await fetchPage(api, conversationId, range);
    options.receipts.note(raw.receipts);
    const stored = await reader.read(conversationId, raw.messages, raw.deliveries);
    options.onPage(conversationId, raw);
    const conversation = await book.load(conversationId);
    contacts.refreshSoon(conversation.head?.statement.participants.map(({ userId }) => userId) ?? []);
    const lines = [...conversation.lines, ...keyResetLines(conversation, stored, vault)];
    return {
      messages: raw.hasNewer ? stored : [...stored, ...(await unstored(conversationId, stored))],
      systemLines: linesWithin(lines, raw, range),
      hasOlder: raw.hasOlder,
    };
  };
}

/** An own message that the server refused for good. */
export interface RejectedMessage {
  readonly conversationId: ConversationId;
  readonly message: OutgoingMessage;
}

/** One more than asked for tells whether there is more on that side. */
async function fetchPage(api: InstanceClient, conversationId: ConversationId, range: ListOptions): Promise<RawPage> {
  const { after, before } = range;
  const limit = Math.min(Math.max(range.limit ?? DEFAULT_LIMIT, 1), MAX_LIMIT);
  const bounds = { ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
  const answer = await callInstance(api.messages.list.query({ conversationId, ...bounds, limit: limit + 1 }));
  const messages = [...answer.messages].sort((a, b) => a.position - b.position);
  const isCut = messages.length > limit;
  const { deliveries, receipts } = answer;
  if (after === undefined) {
    return { messages: messages.slice(-limit), deliveries, receipts, hasOlder: isCut, hasNewer: before !== undefined };
  }
  return { messages: messages.slice(0, limit), deliveries, receipts, hasOlder: after > 0, hasNewer: isCut || before !== undefined };
}

function linesWithin(lines: readonly SystemLineView[], raw: RawPage, range: ListOptions): readonly SystemLineView[] {
  const first = range.after ?? (raw.hasOlder ? (raw.messages[0]?.position ?? 0) : 0);
  const last = raw.messages.at(-1)?.position ?? 0;
  const end = range.before === undefined ? (raw.hasNewer ? last : Infinity) : range.before - 1;
  return lines.filter(({ afterPosition }) => afterPosition >= first && afterPosition <= end);
}

/** A reset is known by the time at which this client noticed: it stands behind the last message from before. */
function keyResetLines(
  conversation: VerifiedConversation,
  messages: readonly MessageView[],
  vault: VaultKeeper,
): readonly SystemLineView[] {
  const { head, summary } = conversation;
  if (head === null) return [];
  return head.statement.participants.flatMap(({ userId }): readonly SystemLineView[] => {
    const resetAt = findPin(vault.contents(), userId)?.resetAt ?? null;
    if (resetAt === null) return [];
    const at = new Date(resetAt);
    const earlier = messages.filter(({ sentAt }) => sentAt <= at).at(-1)?.position;
    if (earlier === undefined && messages.length > 0) return [];
    const afterPosition = earlier ?? summary.lastPosition;
    return [{ kind: 'key_reset', epoch: head.statement.epoch, actorId: userId, subjectIds: [userId], at, afterPosition }];
  });
}
