import type { TimedOutcome } from './ask.ts';
import { byOperator, fail, ok, warn } from './finding.ts';
import type { Finding, Subject } from './finding.ts';
import { CREATED_WINDOW_SECONDS } from '../../../protocol/limits.ts';

/** How far a server's clock is ahead of this machine's, and what tells which of the two is right. */
export interface ClockFacts {
  /** Null where the answer names no time. */
  readonly offsetSeconds: number | null;
  /** The same of our own server as the world sees it, null where it is not known or the server itself is looked at. */
  readonly ownOffsetSeconds: number | null;
  /** Whether this machine says that its clock follows a time server. */
  readonly synchronised: boolean;
}

const NOTABLE_SECONDS = 30;
/** A `Date` header names whole seconds, cut off. */
const HALF_SECOND_MS = 500;

/** Reads how many seconds a server's clock is ahead of ours from the `Date` of its answer; null where there is none. @see RFC 9110 section 6.6.1 */
export function readOffset({ outcome, sentAt, receivedAt }: TimedOutcome): number | null {
  if (outcome.kind !== 'answer') return null;
  const dated = Date.parse(outcome.headers['date'] ?? '');
  if (Number.isNaN(dated)) return null;
  // A cache hands on the date of the original answer and says how old it is (RFC 9111 section 5.1).
  const ageMs = Number(outcome.headers['age'] ?? 0) * 1_000;
  const there = dated + HALF_SECOND_MS + (Number.isNaN(ageMs) ? 0 : ageMs);
  return offsetBetween(new Date(there), { sentAt, receivedAt });
}

/** Gives how many seconds `there` is ahead of the middle between sending and receiving. */
export function offsetBetween(there: Date, { sentAt, receivedAt }: Pick<TimedOutcome, 'sentAt' | 'receivedAt'>): number {
  return Math.round((there.getTime() - (sentAt.getTime() + receivedAt.getTime()) / 2) / 1_000);
}

/** Judges the difference of two clocks. @see docs/protocol.md [SIG-4] */
export function diagnoseClock(subject: Subject, facts: ClockFacts): Finding {
  const { offsetSeconds } = facts;
  if (offsetSeconds === null) return warn('SIG-4', `${subject.domain} does not say what time it is`, byOperator(subject, 'let answers carry the header Date'));
  const apart = Math.abs(offsetSeconds);
  const what = `the clock of ${subject.domain} is ${describeOffset(offsetSeconds)} that of this machine`;
  if (apart <= NOTABLE_SECONDS) return ok('SIG-4', apart <= 1 ? `the clocks of ${subject.domain} and of this machine agree` : what);
  const { whose, fix } = blame(subject, facts);
  if (apart <= CREATED_WINDOW_SECONDS) return warn('SIG-4', `${what}${whose}; from ${CREATED_WINDOW_SECONDS} s on requests are refused`, fix);
  return fail('SIG-4', `${what}, more than the ${CREATED_WINDOW_SECONDS} s that a request may be off${whose}`, fix);
}

/** Words an offset: `600 s ahead of`, `600 s behind`. */
export function describeOffset(seconds: number): string {
  return seconds < 0 ? `${-seconds} s behind` : `${seconds} s ahead of`;
}

/** Tells whose clock is off where a third one, or a time server, agrees with one of the two. */
export function blame(subject: Subject, { offsetSeconds, ownOffsetSeconds, synchronised }: ClockFacts): { readonly whose: string; readonly fix: string } {
  const sides = subject.side === 'peer' && ownOffsetSeconds !== null && offsetSeconds !== null;
  if (sides && Math.abs(ownOffsetSeconds) > NOTABLE_SECONDS && Math.abs(ownOffsetSeconds - offsetSeconds) <= NOTABLE_SECONDS) {
    return { whose: '; our own server agrees with it, so the clock of this machine is off', fix: 'Set the clock of this machine by NTP' };
  }
  if (synchronised) {
    return { whose: `; this machine follows a time server, so the clock of ${subject.domain} is off`, fix: byOperator(subject, 'set that clock by NTP') };
  }
  return { whose: '', fix: `Compare both clocks with a time server and set the one that is off by NTP. ${byOperator(subject, 'look at the clock there')}` };
}
