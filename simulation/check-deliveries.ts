import { domainOf, ownerDomainInId } from '../protocol/ids.ts';
import type { WireDelivery } from '../server/domain/wire.ts';
import type { DomainState } from './final-state.ts';
import { memberKey } from './record.ts';
import type { SendRecord, SentMessage } from './record.ts';
import type { Violation } from './violation.ts';

/** What is known at the end of a run. */
export interface RunEnd {
  readonly record: SendRecord;
  readonly domains: readonly DomainState[];
  /** The servers that have had a member all the time, by conversation. */
  readonly lastingDomains: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a clock was ever more than 300 s from another. */
  readonly clocksWereApart: boolean;
}

/** Finds what was acknowledged or stored and is not where it has to be, and what is said to be where it is not. */
export function checkDeliveries(end: RunEnd): readonly Violation[] {
  const stored = new Map(end.domains.map(({ domain, rows }) => [`${domain}`, new Set(rows.map(({ originDomain, messageId }) => `${originDomain} ${messageId}`))]));
  const deliveries = new Map(
    end.domains.flatMap(({ timelines }) => timelines.flatMap((timeline) => timeline.deliveries.map((each) => [`${each.messageId} ${each.domain}`, each] as const))),
  );
  return [...end.record.messages.values()].flatMap((message) => {
    const has = (domain: string): boolean => stored.get(domain)?.has(`${message.origin} ${message.messageId}`) ?? false;
    if (!has(message.origin)) return message.acknowledgedAt === null ? [] : [lose(message, 'its own server')];
    return end.domains
      .filter(({ domain }) => domain !== message.origin)
      .flatMap(({ domain }) => judge({ end, message, domain, isThere: has(domain), delivery: deliveries.get(`${message.messageId} ${domain}`) ?? null }));
  });
}

interface Judged {
  readonly end: RunEnd;
  readonly message: SentMessage;
  readonly domain: string;
  readonly isThere: boolean;
  readonly delivery: WireDelivery | null;
}

function judge({ end, message, domain, isThere, delivery }: Judged): readonly Violation[] {
  const { messageId, conversationId } = message;
  if (delivery === null) {
    const isOwed = end.lastingDomains.get(conversationId)?.has(domain) ?? false;
    return isOwed && !isThere ? [lose(message, domain)] : [];
  }
  switch (delivery.state) {
    case 'delivered':
      return isThere ? [] : [{ kind: 'false_delivered', messageId, text: `message ${message.number} counts as delivered to ${domain}, which does not have it` }];
    case 'queued':
      return [{ kind: 'stuck', messageId, text: `message ${message.number} still waits for ${domain}: ${delivery.errorCode ?? 'no reason'}` }];
    case 'failed':
      return mayFail(end, message, { domain, code: delivery.errorCode })
        ? []
        : [{ kind: 'wrong_failure', messageId, text: `message ${message.number} was given up for ${domain}: ${delivery.errorCode}` }];
  }
}

/** Tells whether the text lets a delivery fail: a change of members refused it, or a clock far from the others. */
function mayFail({ record, clocksWereApart }: RunEnd, message: SentMessage, { domain, code }: { readonly domain: string; readonly code: string | null }): boolean {
  const { conversationId, senderId } = message;
  const hasMoved = (isMeant: (userId: string) => boolean): boolean =>
    [...record.moved].some((key) => key.startsWith(`${conversationId} `) && isMeant(key.slice(conversationId.length + 1)));
  switch (code) {
    case 'not_a_member':
      return record.moved.has(memberKey(conversationId, senderId));
    case 'unknown_conversation':
      // The founding comes from the owner's server: its own messages cannot be faster, those of others can.
      return hasMoved((userId) => userId.endsWith(`@${domain}`)) || ownerDomainInId(conversationId) !== domainOf(senderId);
    case 'invalid_body':
      return clocksWereApart;
    default:
      return false;
  }
}

function lose({ number, messageId, acknowledgedAt }: SentMessage, where: string): Violation {
  return { kind: 'loss', messageId, text: `message ${number}, ${acknowledgedAt === null ? 'stored' : 'acknowledged'}, is missing at ${where}` };
}
