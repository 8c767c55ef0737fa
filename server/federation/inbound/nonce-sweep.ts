const GRACE_MS = 3_600_000;

/**
 * Gives the instant up to which nonces must have expired to be forgotten: an hour ago. A clock that runs ahead for a
 * while would else forget those that its correction makes good again, and with them let their requests in twice.
 * @see docs/protocol.md [SIG-5]
 */
export function nonceSweepLimit(now: Date): Date {
  return new Date(now.getTime() - GRACE_MS);
}
