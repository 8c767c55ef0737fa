import { ProtocolError } from '../../protocol/errors.ts';
import { parseStrictJson, StrictJsonError } from '../../protocol/json.ts';
import { MAX_JSON_DEPTH } from '../../protocol/limits.ts';

/**
 * Refuses what every peer would refuse to read, before it is stored: a text of a local person's that is not strict
 * JSON where `depthAround` arrays and objects stand open around it (0 for a whole body), or a content that has no
 * canonical form. Answers what `work` makes of it.
 * @throws ProtocolError `invalid_body` @see docs/protocol.md [SIG-12] [ERR-4]
 */
export function withReadableJson<Result>({ json, depthAround }: { readonly json: string; readonly depthAround: number }, work: () => Result): Result {
  try {
    parseStrictJson(new TextEncoder().encode(json), { maxDepth: MAX_JSON_DEPTH - depthAround });
    return work();
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw new ProtocolError('invalid_body', { cause });
    throw cause;
  }
}
