import { isDeepStrictEqual } from 'node:util';
import { domainOf } from '../protocol/ids.ts';
import type { WireMessage } from '../server/domain/wire.ts';
import type { RunEnd } from './check-deliveries.ts';
import type { DomainState, StoredRow, Timeline } from './final-state.ts';
import { memberKey } from './record.ts';
import type { SendRecord, SentMessage } from './record.ts';
import type { Violation } from './violation.ts';

/** Finds what is twice, unknown or altered in a timeline, hidden from a lasting member, or at a position that leaves a gap. */
export function checkTimelines({ record, domains }: RunEnd): readonly Violation[] {
  return domains.flatMap((state) => [
    ...checkPositions(state),
    ...state.timelines.flatMap((timeline) => [...checkTimeline(state, timeline, record), ...checkWhole(state, timeline, record)]),
  ]);
}

function checkTimeline({ domain }: DomainState, { userId, messages }: Timeline, record: SendRecord): readonly Violation[] {
  const violations: Violation[] = [];
  const seen = new Set<string>();
  let last = 0;
  for (const message of messages) {
    const { messageId, position } = message;
    const key = `${domainOf(message.senderId)} ${messageId}`;
    const say = (kind: Violation['kind'], what: string): void => void violations.push({ kind, messageId, text: `${userId} at ${domain} sees ${messageId} at ${position}: ${what}` });
    if (seen.has(key)) say('double', 'a second time');
    seen.add(key);
    if (position <= last) say('reorder', `after position ${last}`);
    last = position;
    const sent = record.messages.get(messageId);
    if (sent === undefined) say('phantom', 'nobody sent it');
    else if (!isSame(message, sent)) say('phantom', 'it is not what was sent');
  }
  return violations;
}

function isSame(shown: WireMessage, sent: SentMessage): boolean {
  const { senderId, conversationId, timestamp, payload } = sent;
  return shown.senderId === senderId && shown.conversationId === conversationId && shown.timestamp === timestamp && isDeepStrictEqual(shown.payload, payload);
}

/** Who was a member all the time sees whatever their server holds. */
function checkWhole({ domain, rows }: DomainState, { userId, conversation, messages }: Timeline, { moved }: SendRecord): readonly Violation[] {
  const { conversationId } = conversation;
  if (moved.has(memberKey(conversationId, userId))) return [];
  const shown = new Set(messages.map(({ position }) => position));
  return rows
    .filter((row) => row.conversationId === conversationId && !shown.has(row.position))
    .map(({ messageId, position }) => ({ kind: 'hidden', messageId, text: `${userId} at ${domain} does not see ${messageId} at ${position}` }));
}

function checkPositions({ domain, rows, lastPositions }: DomainState): readonly Violation[] {
  return [...Map.groupBy(rows, ({ conversationId }) => conversationId)].flatMap(([conversationId, own]) => {
    const wrong = own.find(({ position }, index) => position !== index + 1);
    const last = lastPositions.get(conversationId);
    const text = wrong === undefined ? `the last position is noted as ${last} instead of ${own.length}` : `a gap before position ${wrong.position}`;
    return wrong === undefined && last === own.length ? [] : [{ kind: 'gap' as const, messageId: wrong?.messageId ?? null, text: `${domain} ${conversationId}: ${text}` }];
  });
}

/**
 * Finds messages of one sender in one conversation out of order: where one was begun after another was acknowledged it
 * comes later, and no server has another order than the sender's own.
 */
export function checkOrder({ record, domains }: RunEnd): readonly Violation[] {
  const places = new Map(domains.map(({ domain, rows }) => [`${domain}`, new Map(rows.map((row) => [`${row.originDomain} ${row.messageId}`, row.position]))]));
  return domains.flatMap(({ domain, rows }) =>
    [...Map.groupBy(rows, ({ conversationId, senderId }) => `${conversationId} ${senderId}`).values()].flatMap((own) => {
      const origin = own[0]?.originDomain ?? '';
      return origin === domain ? checkAgainstClient(own, record) : checkAgainstOrigin(own, { domain, places: places.get(origin) ?? new Map() });
    }),
  );
}

function checkAgainstClient(rows: readonly StoredRow[], record: SendRecord): readonly Violation[] {
  let lastBegun = 0;
  return rows.flatMap(({ messageId, position }) => {
    const sent = record.messages.get(messageId);
    if (sent === undefined) return [];
    const isLate = sent.acknowledgedAt !== null && sent.acknowledgedAt < lastBegun;
    lastBegun = Math.max(lastBegun, sent.beganAt);
    const answered = [...sent.positions].filter((told) => told !== position);
    return [
      ...(isLate ? [{ kind: 'reorder' as const, messageId, text: `message ${sent.number} comes after one that was begun later` }] : []),
      ...answered.map((told) => ({ kind: 'reorder' as const, messageId, text: `message ${sent.number} is at ${position}, its sender was told ${told}` })),
    ];
  });
}

function checkAgainstOrigin(rows: readonly StoredRow[], { domain, places }: { readonly domain: string; readonly places: ReadonlyMap<string, number> }): readonly Violation[] {
  let last = 0;
  return rows.flatMap(({ messageId, originDomain }): readonly Violation[] => {
    const place = places.get(`${originDomain} ${messageId}`);
    if (place === undefined) return [{ kind: 'phantom', messageId, text: `${domain} has ${messageId}, which ${originDomain} does not have` }];
    const isBefore = place < last;
    last = Math.max(last, place);
    return isBefore ? [{ kind: 'reorder', messageId, text: `at ${domain} ${messageId} comes after later ones of its sender` }] : [];
  });
}
