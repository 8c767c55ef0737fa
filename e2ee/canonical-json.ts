import { canonicalizeJson } from '../protocol/json.ts';
import type { JsonValue } from '../protocol/json.ts';

/** Tells whether a value has a canonical form: what a hostile server hands over may hold half a surrogate pair. @see RFC 8785 section 3.2.2.2 */
export function hasCanonicalForm(value: JsonValue): boolean {
  try {
    canonicalizeJson(value);
    return true;
  } catch {
    return false;
  }
}
