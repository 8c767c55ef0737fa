import { ERROR_REGISTRY, isPermanentCode } from '../../../protocol/errors.ts';
import type { ErrorCode } from '../../../protocol/errors.ts';
import { nextDelayMs, slowDelayMs } from '../../domain/outbox/retry-schedule.ts';
import type { OutboxItem } from '../../domain/outbox/outbox-store.ts';
import type { PeerAnswer } from './peer-answer.ts';

/** What follows from one answer: `retry` concerns the item's conversation, `hold` the whole queue of the peer. */
export type DeliveryVerdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly errorCode: string }
  | { readonly kind: 'retry'; readonly errorCode: string; readonly nextAttemptAt: Date; readonly firstRefusedAt: Date | null }
  | { readonly kind: 'hold'; readonly errorCode: string; readonly nextAttemptAt: Date; readonly tellOperator: boolean };

/** What of an item its next instant depends on, and what it asks, where it is more than the head of a batch. */
type JudgedItem = Pick<OutboxItem, 'attempts' | 'createdAt' | 'firstRefusedAt'> & Partial<Pick<OutboxItem, 'body'>>;

/** `peerFailures` counts the failures of the peer in a row before this one; `random` gives numbers from 0 up to 1. */
export interface DeliveryFacts {
  readonly item: JudgedItem;
  readonly answer: PeerAnswer;
  readonly peerFailures: number;
  readonly now: Date;
  readonly random: () => number;
  /** Whether this is what a batch says of one item, whose 503 is never the peer's own [API-7]. */
  readonly isInBatch?: boolean;
}

const UNAVAILABLE_STATUS = 503;

/** Transient refusals that speak of everything this server sends, not of the one request; `misdirected` where nobody vouches for it. */
const WHOLE_QUEUE_CODES: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'key_unavailable', 'misdirected']);

type Held = DeliveryVerdict & { readonly kind: 'hold' };
type PutBack = DeliveryVerdict & { readonly kind: 'retry' };
type Refusal = PeerAnswer & { readonly kind: 'refused' };

/** Decides how a delivery goes on after an answer. @see docs/protocol.md [DEL-1] [DEL-2] [ERR-4] */
export function judgeDelivery(facts: DeliveryFacts): DeliveryVerdict {
  const { answer } = facts;
  switch (answer.kind) {
    case 'success':
      return { kind: 'delivered' };
    case 'refused':
      return judgeRefusal(facts, answer);
    case 'unreachable':
      // DISC-2 makes this one certain: the domain itself says that it takes no part.
      if (answer.reason === 'peer_does_not_federate') return { kind: 'failed', errorCode: answer.reason };
      return hold(facts, { errorCode: answer.reason, retryAfterSeconds: answer.retryAfterSeconds, tellOperator: false });
  }
}

function judgeRefusal(facts: DeliveryFacts, answer: Refusal): DeliveryVerdict {
  const { status, code, retryAfterSeconds } = answer;
  const { item, now, isInBatch = false } = facts;
  const permanent = answer.permanent && !isBehindLeave(item, answer);
  const firstRefusedAt = code === 'unknown_conversation' ? (item.firstRefusedAt ?? now) : item.firstRefusedAt;
  const refusedForSeconds = (now.getTime() - (firstRefusedAt ?? now).getTime()) / 1000;
  // This one becomes permanent by its age, and is never read out of an answer that is not authentic.
  const isUnknownForLong = code === 'unknown_conversation' && isPermanentCode(code, refusedForSeconds);
  if (code !== null && (permanent || isUnknownForLong)) return { kind: 'failed', errorCode: code };
  const tellOperator = code !== null && ERROR_REGISTRY[code].class === 'operator';
  const isItemsOwn = isInBatch && status === UNAVAILABLE_STATUS;
  if (code !== null && !isItemsOwn && (tellOperator || WHOLE_QUEUE_CODES.has(code))) {
    return hold(facts, { errorCode: code, retryAfterSeconds, tellOperator });
  }
  return { ...putBack(facts, { errorCode: code ?? 'bad_answer', retryAfterSeconds }), firstRefusedAt };
}

/** Tells whether a peer refused a leave because it has yet to hear of the epoch that was left. */
function isBehindLeave({ body }: JudgedItem, { code, currentEpoch }: Refusal): boolean {
  if (code !== 'stale_epoch' || currentEpoch === undefined || body === undefined) return false;
  const leave: unknown = JSON.parse(body);
  if (typeof leave !== 'object' || leave === null || !('action' in leave) || leave.action !== 'leave') return false;
  return 'epoch' in leave && typeof leave.epoch === 'number' && currentEpoch < leave.epoch;
}

/** Decides that an item waits by its own schedule, and its conversation behind it. @see docs/protocol.md [DEL-2] */
export function putBack(facts: Omit<DeliveryFacts, 'answer'>, { errorCode, retryAfterSeconds }: { readonly errorCode: string; readonly retryAfterSeconds: number | null }): PutBack {
  const { item, now, random } = facts;
  const delayMs = nextDelayMs({ attempt: item.attempts, ageMs: ageOf(facts), random });
  return { kind: 'retry', errorCode, nextAttemptAt: later(now, delayMs, retryAfterSeconds), firstRefusedAt: item.firstRefusedAt };
}

/** Decides that the queue of the peer waits, by how often the peer failed in a row. @see docs/protocol.md [DEL-1] [DEL-2] */
export function hold(
  facts: Omit<DeliveryFacts, 'answer'>,
  { errorCode, retryAfterSeconds, tellOperator }: { readonly errorCode: string; readonly retryAfterSeconds: number | null; readonly tellOperator: boolean },
): Held {
  const { peerFailures, now, random } = facts;
  const ageMs = ageOf(facts);
  const delayMs = tellOperator ? slowDelayMs({ ageMs, random }) : nextDelayMs({ attempt: peerFailures, ageMs, random });
  return { kind: 'hold', errorCode, nextAttemptAt: later(now, delayMs, retryAfterSeconds), tellOperator };
}

function ageOf({ item, now }: Pick<DeliveryFacts, 'item' | 'now'>): number {
  return now.getTime() - item.createdAt.getTime();
}

/** A peer may ask for more patience than ours, never for less. */
function later(now: Date, delayMs: number, retryAfterSeconds: number | null): Date {
  return new Date(now.getTime() + Math.max(delayMs, (retryAfterSeconds ?? 0) * 1000));
}
