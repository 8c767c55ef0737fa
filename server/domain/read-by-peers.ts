import { ProtocolError } from '../../protocol/errors.ts';
import { parseStrictJson, StrictJsonError } from '../../protocol/json.ts';

/**
 * Refuses a body of a local person that every peer would refuse to read, before it is stored: one that is not strict
 * JSON, or of a content that has no canonical form. Answers what `work` makes of it.
 * @throws ProtocolError `invalid_body` @see docs/protocol.md [SIG-12] [ERR-4]
 */
export function withReadableBody<Result>(json: string, work: () => Result): Result {
  try {
    parseStrictJson(new TextEncoder().encode(json));
    return work();
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw new ProtocolError('invalid_body', { cause });
    throw cause;
  }
}
