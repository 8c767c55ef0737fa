import type en from '../../ui/messages/en.json';
import type { DeliverySummary } from './delivery-state.ts';

type DeliveryKey = keyof typeof en.delivery;

/** The language that {@link deliveryWords} speaks: its catalogue and its way to list names. */
interface DeliveryLanguage {
  readonly t: (key: DeliveryKey, values: Record<string, string | number>) => string;
  readonly list: (domains: readonly string[]) => string;
}

/** Gives the words for the state of an own message, naming the domains meant; `rejected` says that the own server refused it. */
export function deliveryWords({ t, list }: DeliveryLanguage, { state, domains }: DeliverySummary, rejected: boolean): string {
  const named = list(domains);
  return t(rejected ? 'rejected' : state, { domain: named, domains: named, count: domains.length });
}
