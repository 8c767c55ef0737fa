import type en from '../../ui/messages/en.json';
import type { DeliverySummary } from './delivery-state.ts';

type DeliveryKey = keyof typeof en.delivery;

/** The language that {@link deliveryWords} speaks: its catalogue and its way to list names. */
interface DeliveryLanguage {
  readonly t: (key: DeliveryKey, values: Record<string, string | number>) => string;
  readonly list: (named: readonly string[]) => string;
}

/** Gives the words for the state of an own message, naming the domains or the people meant; `rejected` says that the own server refused it. */
export function deliveryWords({ t, list }: DeliveryLanguage, { state, named }: DeliverySummary, rejected: boolean): string {
  const listed = list(named);
  return t(rejected ? 'rejected' : state, { domain: listed, domains: listed, names: listed, count: named.length });
}
