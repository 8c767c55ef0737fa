import type { DeliveryView, MessageView, ReceiptView } from '../../model.ts';

/**
 * What events told of the messages of one chat. It is kept apart from the loaded pages, because a page that was asked
 * for before an event may come in after it and would take back what the event said.
 */
export interface Told {
  readonly messages: ReadonlyMap<string, MessageView>;
  readonly deliveries: ReadonlyMap<string, readonly DeliveryView[]>;
  readonly receipts: ReadonlyMap<string, readonly ReceiptView[]>;
}

export const NOTHING_TOLD: Told = { messages: new Map(), deliveries: new Map(), receipts: new Map() };

const MAX_REMEMBERED = 500;

/** Adds a new or changed message; what the own server has stored stands over a late report that it has not. */
export function tellMessage(told: Told, message: MessageView): Told {
  const known = told.messages.get(message.messageId);
  if (known?.localState === 'stored' && message.localState !== 'stored') return told;
  return { ...told, messages: remember(told.messages, message.messageId, message) };
}

/** Adds one hop's news: the entry of its domain is replaced, or added. */
export function tellDelivery(told: Told, { messageId, delivery }: { readonly messageId: string; readonly delivery: DeliveryView }): Told {
  const deliveries = replaceDomain(told.deliveries.get(messageId) ?? [], delivery);
  return { ...told, deliveries: remember(told.deliveries, messageId, deliveries) };
}

/** Adds what one person did with own messages. */
export function tellReceipt(told: Told, { messageIds, receipt }: { readonly messageIds: readonly string[]; readonly receipt: ReceiptView }): Told {
  const add = (known: Told['receipts'], messageId: string): Told['receipts'] => remember(known, messageId, addReceipt(known.get(messageId) ?? [], receipt));
  return { ...told, receipts: messageIds.reduce(add, told.receipts) };
}

/** Takes back every receipt that was told. */
export function withoutReceipts(told: Told): Told {
  const messages = new Map([...told.messages].map(([messageId, message]) => [messageId, { ...message, receipts: [] }]));
  return { ...told, messages, receipts: new Map() };
}

/** Gives a message as it is after everything that was told of it; `known` are receipts that another copy of it has. */
export function withTold(message: MessageView, told: Told, known: readonly ReceiptView[] = []): MessageView {
  const latest = told.messages.get(message.messageId) ?? message;
  const deliveries = told.deliveries.get(message.messageId) ?? [];
  // Receipts only ever go on: what a page knows and what events told are both true.
  const receipts = [...known, ...message.receipts, ...(told.receipts.get(message.messageId) ?? [])].reduce(addReceipt, latest.receipts);
  if (deliveries.length === 0 && receipts === latest.receipts) return latest;
  return { ...latest, deliveries: deliveries.reduce(replaceDomain, latest.deliveries), receipts };
}

function addReceipt(receipts: readonly ReceiptView[], receipt: ReceiptView): readonly ReceiptView[] {
  const known = receipts.find(({ userId }) => userId === receipt.userId);
  if (known?.state === 'read' || known?.state === receipt.state) return receipts;
  return [...receipts.filter((each) => each !== known), receipt];
}

function replaceDomain(deliveries: readonly DeliveryView[], delivery: DeliveryView): readonly DeliveryView[] {
  return [...deliveries.filter(({ domain }) => domain !== delivery.domain), delivery].toSorted((one, other) => (one.domain < other.domain ? -1 : 1));
}

function remember<Value>(known: ReadonlyMap<string, Value>, key: string, value: Value): ReadonlyMap<string, Value> {
  const entries = [...known].filter(([each]) => each !== key);
  return new Map([...entries.slice(-(MAX_REMEMBERED - 1)), [key, value]]);
}
