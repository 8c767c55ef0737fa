import { ProtocolError } from '../../../../protocol/errors.ts';
import { isTooFarAhead } from '../../../../protocol/timestamp.ts';
import type { Timestamp } from '../../../../protocol/timestamp.ts';

/**
 * Refuses a body, or the part of one that `parentPointer` names, from the future with {@link ProtocolError}
 * `invalid_body`.
 * @see docs/protocol.md [ID-5]
 */
export function checkTimestamp({ timestamp }: { readonly timestamp: Timestamp }, now: Date, parentPointer = ''): void {
  if (isTooFarAhead(timestamp, now)) throw new ProtocolError('invalid_body', { pointer: `${parentPointer}/timestamp` });
}
