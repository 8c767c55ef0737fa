import type { DeliveryView, MessageView } from '../../model.ts';
import { splitUserId } from '../contacts/address-input.ts';

/** The one state that a person sees of an own message. @see docs/protocol.md [DEL-6] */
export type DeliveryState = 'sending' | 'stored_here' | 'waiting_peer' | 'stored_there' | 'on_device' | 'read' | 'needs_you';

/** The state of an own message with the domains or the people that its words name. */
export interface DeliverySummary {
  readonly state: DeliveryState;
  readonly named: readonly string[];
}

/** How far a message has come on its way to one person. */
export interface RecipientState {
  readonly userId: string;
  readonly state: DeliveryState;
  /** The hop to their server, null where that is the own one. */
  readonly delivery: DeliveryView | null;
}

function hasStalled(delivery: DeliveryView): boolean {
  return delivery.state === 'waiting' && (delivery.errorCode !== null || delivery.attempts > 1);
}

/** Lists the domains that keep one of these messages waiting after a failed attempt. */
export function silentDomains(messages: readonly MessageView[]): ReadonlySet<string> {
  return new Set(messages.flatMap((message) => message.deliveries.filter(hasStalled).map((delivery) => delivery.domain)));
}

/**
 * Tells for each recipient of an own message how far it has come. Whoever left before it was sent to their server is
 * left out.
 * @see docs/protocol.md [DEL-6]
 */
export function recipientStates(message: MessageView, ownDomain: string): readonly RecipientState[] {
  const receipts = new Map(message.receipts.map(({ userId, state }) => [userId, state]));
  return message.recipients.flatMap((userId): readonly RecipientState[] => {
    const domain = splitUserId(userId).domain;
    const delivery = message.deliveries.find((each) => each.domain === domain) ?? null;
    const receipt = receipts.get(userId);
    if (receipt !== undefined) return [{ userId, state: receipt, delivery }];
    if (message.localState !== 'stored') return [{ userId, state: message.localState === 'sending' ? 'sending' : 'needs_you', delivery }];
    if (domain === ownDomain) return [{ userId, state: 'stored_here', delivery }];
    return delivery === null ? [] : [{ userId, state: HOP_STATES[delivery.state], delivery }];
  });
}

/** What the state of a hop means for whoever is behind it. */
export const HOP_STATES: Readonly<Record<DeliveryView['state'], DeliveryState>> = { waiting: 'waiting_peer', stored: 'stored_there', failed: 'needs_you' };

/**
 * Sums an own message up: what needs the person first, then who is waited for, then who has it: read once everybody has
 * read it, on a device once everybody has it there. A message behind another one that a silent domain holds up waits
 * for that domain too.
 */
export function summarizeDelivery(message: MessageView, ownDomain: string, silent: ReadonlySet<string>): DeliverySummary {
  if (message.localState === 'sending') return { state: 'sending', named: [ownDomain] };
  if (message.localState === 'rejected') return { state: 'needs_you', named: [ownDomain] };
  const failed = message.deliveries.filter((each) => each.state === 'failed').map((each) => each.domain);
  if (failed.length > 0) return { state: 'needs_you', named: failed };
  const arrived = sumReceipts(recipientStates(message, ownDomain));
  if (arrived !== null) return arrived;
  const waiting = message.deliveries.filter((each) => each.state === 'waiting');
  const stalled = waiting.filter((each) => hasStalled(each) || silent.has(each.domain)).map((each) => each.domain);
  if (stalled.length > 0) return { state: 'waiting_peer', named: stalled };
  if (waiting.length > 0 || message.deliveries.length === 0) return { state: 'stored_here', named: [ownDomain] };
  return { state: 'stored_there', named: message.deliveries.map((each) => each.domain) };
}

function sumReceipts(recipients: readonly RecipientState[]): DeliverySummary | null {
  const named = recipients.map(({ userId }) => splitUserId(userId).username);
  if (named.length === 0) return null;
  if (recipients.every(({ state }) => state === 'read')) return { state: 'read', named };
  return recipients.every(({ state }) => state === 'read' || state === 'on_device') ? { state: 'on_device', named } : null;
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
