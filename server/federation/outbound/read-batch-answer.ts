import { isJsonObject } from '../../../protocol/json.ts';
import type { JsonValue } from '../../../protocol/json.ts';
import { readItemAnswer } from './peer-answer.ts';
import type { PeerAnswer } from './peer-answer.ts';

/**
 * Reads the answers to the items of a batch, by their places. Null where there is not exactly one result for each item
 * of the batch: then nothing can be told of any.
 * @see docs/protocol.md [API-7]
 */
export function readBatchAnswer(json: JsonValue, count: number): readonly PeerAnswer[] | null {
  const results = isJsonObject(json) ? json['results'] : undefined;
  if (!Array.isArray(results) || results.length !== count) return null;
  const byId = new Map<string, PeerAnswer>();
  for (const result of results) {
    if (!isJsonObject(result)) return null;
    const { id, status, body = null } = result;
    if (typeof id !== 'string' || typeof status !== 'number' || byId.has(id)) return null;
    byId.set(id, readItemAnswer(status, body));
  }
  const answers = Array.from({ length: count }, (_, place) => byId.get(String(place))).filter((answer) => answer !== undefined);
  return answers.length === count ? answers : null;
}
