import type { Logger } from 'pino';

import type { Domain } from '../../../protocol/ids.ts';
import type { Clock, OutboxStore } from '../../domain/ports.ts';
import type { Timers } from './timers.ts';

/** For how long a claim holds without being extended, in milliseconds. @see docs/protocol.md [DEL-5] */
export const CLAIM_MS = 60_000;
const EXTEND_EVERY_MS = 20_000;

/** Who holds claims, and what that takes. */
interface ClaimHolder {
  readonly outbox: OutboxStore;
  readonly workerId: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Extends the claim on a domain every 20 s until `letGo`, as one request to a peer may outlast it. @see docs/protocol.md [DEL-5] */
export function keepClaim({ outbox, workerId, clock, timers, logger }: ClaimHolder, domain: Domain): { isHeld(): boolean; letGo(): void } {
  let held = true;
  let timer = timers.after(EXTEND_EVERY_MS, extend);
  function extend(): void {
    timer = timers.after(EXTEND_EVERY_MS, extend);
    outbox.extendClaim({ domain, workerId, now: clock.now(), claimMs: CLAIM_MS }).then(
      (extended) => (held &&= extended),
      (error: unknown) => logger.error({ err: error, destination: domain }, 'a claim was not extended'),
    );
  }
  return { isHeld: () => held, letGo: () => timer.cancel() };
}
