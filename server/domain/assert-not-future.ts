import { ProtocolError } from '../../protocol/errors.ts';
import { isTooFarAhead } from '../../protocol/timestamp.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';

/** Refuses a timestamp more than 300 s ahead, a body's own unless `pointer` names another. @throws ProtocolError `invalid_body` @see docs/protocol.md [ID-5] */
export function assertNotFuture(timestamp: Timestamp, now: Date, pointer = '/timestamp'): void {
  if (isTooFarAhead(timestamp, now)) throw new ProtocolError('invalid_body', { pointer });
}
