import type { JsonValue } from '../../protocol/json.ts';

/** Writes a value by RFC 8785 in the plainest way: a second path beside the product's own. */
export function plainJcs(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // Array.isArray does not narrow a union with a readonly array.
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => plainJcs(item)).join()}]`;
  // Without a comparator, sort() orders by UTF-16 code units, which is what RFC 8785 section 3.2.3 asks for.
  const names = Object.keys(value).sort();
  const members = new Map(Object.entries(value));
  return `{${names.map((name) => `${JSON.stringify(name)}:${plainJcs(members.get(name) ?? null)}`).join()}}`;
}
