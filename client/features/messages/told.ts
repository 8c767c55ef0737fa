import type { DeliveryView, MessageView } from '../../model.ts';

/**
 * What events told of the messages of one chat. It is kept apart from the loaded pages, because a page that was asked
 * for before an event may come in after it and would take back what the event said.
 */
export interface Told {
  readonly messages: ReadonlyMap<string, MessageView>;
  readonly deliveries: ReadonlyMap<string, readonly DeliveryView[]>;
}

export const NOTHING_TOLD: Told = { messages: new Map(), deliveries: new Map() };

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

/** Gives a message as it is after everything that was told of it. */
export function withTold(message: MessageView, told: Told): MessageView {
  const latest = told.messages.get(message.messageId) ?? message;
  const news = told.deliveries.get(message.messageId);
  return news === undefined ? latest : { ...latest, deliveries: news.reduce(replaceDomain, latest.deliveries) };
}

function replaceDomain(deliveries: readonly DeliveryView[], delivery: DeliveryView): readonly DeliveryView[] {
  return [...deliveries.filter(({ domain }) => domain !== delivery.domain), delivery].toSorted((one, other) => (one.domain < other.domain ? -1 : 1));
}

function remember<Value>(known: ReadonlyMap<string, Value>, key: string, value: Value): ReadonlyMap<string, Value> {
  const entries = [...known].filter(([each]) => each !== key);
  return new Map([...entries.slice(-(MAX_REMEMBERED - 1)), [key, value]]);
}
