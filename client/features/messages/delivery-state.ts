import type { DeliveryView, MessageView } from '../../model.ts';

/** The one state that a person sees of an own message. @see docs/protocol.md [DEL-6] */
export type DeliveryState = 'sending' | 'stored_here' | 'waiting_peer' | 'stored_there' | 'needs_you';

/** The state of an own message with the domains that its words name. */
export interface DeliverySummary {
  readonly state: DeliveryState;
  readonly domains: readonly string[];
}

function hasStalled(delivery: DeliveryView): boolean {
  return delivery.state === 'waiting' && (delivery.errorCode !== null || delivery.attempts > 1);
}

/** Lists the domains that keep one of these messages waiting after a failed attempt. */
export function silentDomains(messages: readonly MessageView[]): ReadonlySet<string> {
  return new Set(messages.flatMap((message) => message.deliveries.filter(hasStalled).map((delivery) => delivery.domain)));
}

/**
 * Sums an own message up: what needs the person first, then who is waited for, then who has it.
 * A message behind another one that a silent domain holds up waits for that domain too.
 */
export function summarizeDelivery(message: MessageView, ownDomain: string, silent: ReadonlySet<string>): DeliverySummary {
  if (message.localState === 'sending') return { state: 'sending', domains: [ownDomain] };
  if (message.localState === 'rejected') return { state: 'needs_you', domains: [ownDomain] };
  const failed = message.deliveries.filter((each) => each.state === 'failed').map((each) => each.domain);
  if (failed.length > 0) return { state: 'needs_you', domains: failed };
  const waiting = message.deliveries.filter((each) => each.state === 'waiting');
  const stalled = waiting.filter((each) => hasStalled(each) || silent.has(each.domain)).map((each) => each.domain);
  if (stalled.length > 0) return { state: 'waiting_peer', domains: stalled };
  if (waiting.length > 0 || message.deliveries.length === 0) return { state: 'stored_here', domains: [ownDomain] };
  return { state: 'stored_there', domains: message.deliveries.map((each) => each.domain) };
}

/** A domain that keeps messages of a chat waiting: how many, and when the next try is. */
interface SilentPeer {
  readonly domain: string;
  readonly count: number;
  /** The own server does not speak to it, rather than it being silent. */
  readonly blockedHere: boolean;
  readonly nextAttemptAt: Date | null;
}

/** Counts, per silent domain, the own messages that wait for it. */
export function silentPeers(messages: readonly MessageView[]): readonly SilentPeer[] {
  return [...silentDomains(messages)].map((domain) => {
    const waiting = messages.flatMap((message) => message.deliveries.filter((each) => each.domain === domain && each.state === 'waiting'));
    const times = waiting.flatMap((each) => (each.nextAttemptAt === null ? [] : [each.nextAttemptAt.getTime()]));
    const blockedHere = waiting.some(({ errorCode }) => errorCode === 'blocked_here');
    return { domain, count: waiting.length, blockedHere, nextAttemptAt: times.length === 0 ? null : new Date(Math.min(...times)) };
  });
}
